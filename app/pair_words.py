"""What the page of duplicates says: its choices, a pair's two sides, and the same as a command or a notebook cell."""

import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from app.browse_words import as_python
from app.components.pair import ShownPair, Side
from app.components.wall import Tile
from omnisource.clean.pair_estimate import Band, Estimate
from omnisource.clean.pair_filters import ANY, Order, PairFilter, State, pair_filter_settings
from omnisource.clean.pairs import Pair
from omnisource.palette import TARGET
from omnisource.previews import clip_token, item_token
from omnisource.reviews import Review, Verdict
from omnisource.types import Format, Taxonomy

KEPT_OUT = (
    "Suspects that nobody judges stay out of training as long as the recipe's threshold does not rise above them: a "
    "wrong one costs a web item. A copy below the threshold would let a student train on what it is tested on."
)
ORDERS = {
    Order.SIMILAR: "Most alike first",
    Order.THRESHOLD: "Near the threshold",
    Order.RANDOM: "At random",
}
STATES = {
    State.OPEN: "Not judged",
    State.DUPLICATE: "Duplicates",
    State.NOT_DUPLICATE: "Not duplicates",
    State.SETTLED: "Item is out already",
    ANY: "All pairs",
}
FORMATS = {Format.IMAGE: "picture", Format.TRIMMED: "clip", Format.UNTRIMMED: "long video"}


def class_name(taxonomy: Taxonomy | None, index: int | None) -> str:
    """A class for a person; without a taxonomy by its number."""
    if index is None:
        return "no class"
    return taxonomy.names[index] if taxonomy and index < len(taxonomy) else f"class {index}"


def id_of(pair: Pair) -> str:
    """How the viewer calls a pair."""
    return f"{item_token(pair.key)}.{clip_token(pair.target_path)}"


def file_name(path: str | None) -> str:
    """The last part of a path, short enough for a line."""
    name = (path or "unknown file").rpartition("/")[2]
    return name if len(name) <= 60 else f"{name[:40]}…{name[-18:]}"


def shown(pair: Pair, taxonomy: Taxonomy | None, colours: Mapping[str, str]) -> ShownPair:
    """A pair as the viewer shows it."""
    return ShownPair(
        id=id_of(pair),
        web=Side(
            token=item_token(pair.key),
            path=pair.path or "",
            format=pair.format,
            time_s=pair.time_s,
            title=file_name(pair.path),
            lines=(
                f"{pair.source or 'unknown source'} · {FORMATS[pair.format]}{_at(pair.format, pair.time_s)}",
                f"searched for: {class_name(taxonomy, pair.class_index)}",
            ),
            colour=colours.get(pair.source or "", TARGET),
        ),
        target=Side(
            token=clip_token(pair.target_path),
            path=pair.target_path,
            format=pair.target_format,
            time_s=pair.target_time_s,
            title=file_name(pair.target_path),
            lines=(
                f"{pair.target_split or 'not in the target table'}{_at(pair.target_format, pair.target_time_s)}",
                f"labelled: {class_name(taxonomy, pair.target_class)}",
            ),
            colour=TARGET,
        ),
        similarity=pair.similarity,
        state=str(pair.state),
    )


def _at(item_format: Format, time_s: float) -> str:
    if item_format is Format.IMAGE:
        return ""
    minutes, seconds = divmod(time_s, 60)
    return f" · at {int(minutes)}:{seconds:04.1f}"


def band_name(low: float, high: float) -> str:
    """A band of similarities as a choice."""
    return f"{low:.3g} to {high:.3g}"


def band_row(band: Band, *, is_suspect: bool) -> dict[str, object]:
    """A band as a row of the page's table."""
    low, high = band.interval
    share = f"{band.seen_duplicates / band.seen:.0%} ({low:.0%} to {high:.0%})" if band.seen else "nobody has looked"
    return {
        "Similarity": band_name(band.low, band.high),
        "Side": "suspects" if is_suspect else "below",
        "Pairs": band.num_pairs,
        "Not judged": band.open,
        "Duplicates": band.duplicates,
        "Not duplicates": band.not_duplicates,
        "Settled": band.settled,
        "Real duplicates": share,
    }


def progress_text(bands: Sequence[Band]) -> str:
    """How many of the suspects are judged, and as what."""
    judged, settled = sum(band.judged for band in bands), sum(band.settled for band in bands)
    total = sum(band.num_pairs for band in bands)
    if not total:
        return "No suspect lies at this threshold or above it"
    duplicates = sum(band.duplicates for band in bands)
    said = f"{duplicates:,} {'duplicate' if duplicates == 1 else 'duplicates'}, {judged - duplicates:,} not"
    text = f"**{judged:,}** of **{total - settled:,}** suspects judged: {said}"
    return f"{text}; {settled:,} more settled, as their item is out already" if settled else text


def share_texts(expected: Estimate) -> tuple[str, str]:
    """Share of real duplicates, and its interval."""
    return f"{expected.share:.0%}", f"{expected.share_low:.0%} to {expected.share_high:.0%}"


def left_texts(expected: Estimate) -> tuple[str, str]:
    """Real duplicates that are expected among what nobody has judged, and the interval."""
    return f"{expected.left:,.0f}", f"{expected.left_low:,.0f} to {expected.left_high:,.0f}"


def below_text(expected: Estimate | None, below: Sequence[Band]) -> str:
    """What may slip through under the threshold."""
    num_pairs = sum(band.num_pairs for band in below)
    if not num_pairs:
        return "No pair lies below the threshold."
    if expected is None:
        return (
            f"Nobody has looked at the {num_pairs:,} pairs below the threshold: choose the order "
            f"“{ORDERS[Order.THRESHOLD]}” to see whether copies slip through there."
        )
    return (
        f"Below the threshold, {expected.left:,.0f} ({expected.left_low:,.0f} to {expected.left_high:,.0f}) copies "
        f"are expected among {expected.open:,} pairs, from {expected.seen:,} that were looked at."
    )


def in_force_text(recipe: str, *, saved: float | None, measured: float | None) -> str:
    """Which threshold the recipe uses now."""
    if saved is not None:
        used = f"uses {saved:.3f}, which somebody saved"
    elif measured is not None:
        used = f"uses {measured:.3f}, measured on crops of one frame"
    else:
        used = "has no threshold yet, so it drops only what people call duplicates"
    return f"Recipe {recipe} {used}. The slider tries a value; Save writes it into the recipe."


def nothing_texts(reviews: Iterable[Review], *, measured: float | None) -> tuple[str, str]:
    """Why the page is empty, as a title and a sentence, and what is decided all the same."""
    num_known = sum(review.verdict is Verdict.DUPLICATE for review in reviews)
    verb = "duplicate is" if num_known == 1 else "duplicates are"
    known = f" {num_known:,} {verb} already set aside by hand." if num_known else ""
    if measured is not None:
        title = "Nothing looks alike"
        return title, (
            "The web data was compared with the labelled clips, and no frame is nearly as alike to one of theirs as "
            f"two crops of the same frame are, which is {measured:.3f}. There is nothing to review." + known
        )
    return "No similarities yet", (
        "Nothing has compared the web data with the labelled clips in this workspace; `omnisource duplicates` does. "
        "The pairs appear here as soon as the table of similarities has its first part." + known
    )


def tiles(pair: Pair, taxonomy: Taxonomy | None, colours: Mapping[str, str]) -> tuple[Tile, Tile]:
    """The two sides of a pair for a wall."""
    web, target = shown(pair, taxonomy, colours).web, shown(pair, taxonomy, colours).target
    return tuple(
        Tile(
            token=side.token,
            path=side.path,
            format=side.format,
            label=side.title,
            note=side.lines[1].partition(": ")[2],  # in a narrow tile; the corner says which side it is
            title=side.path,
            corner=corner,
            colour=side.colour,
            start_s=side.time_s,
        )
        for side, corner in ((web, f"web {pair.similarity:.2f}"), (target, "target"))
    )


def as_command(
    where: str, wanted: PairFilter, order: Order, taxonomy: Taxonomy | None, *, threshold: float, limit: int
) -> str:
    """The same list as a command line; `where` is its -w."""
    filters = [f"-f {shlex.quote(setting)}" for setting in pair_filter_settings(wanted, taxonomy)]
    return " ".join(
        ["omnisource suspects", where, f"--threshold {threshold:g} --order {order} --limit {limit}", *filters]
    )


def as_cell(root: str, wanted: PairFilter, order: Order, *, threshold: float, limit: int) -> str:
    """The same list, and the estimate, as a notebook cell."""
    return f"""from pathlib import Path

from omnisource.catalog import Catalog
from omnisource.clean.pair_estimate import estimate
from omnisource.clean.pair_index import index_pairs
from omnisource.clean.pair_filters import Order, PairFilter, State
from omnisource.clean.pairs import SuspectedPairs
from omnisource.reviews import Reviews
from omnisource.workspace import Workspace

workspace = Workspace(Path({root!r}))
reviews = Reviews(workspace.reviews_path).current()
suspects = SuspectedPairs(Catalog(workspace), index_pairs(workspace), reviews)
print(estimate(suspects.bands({threshold!r})[0]))
suspects.next({as_python(replace(wanted, skipped=()))}, Order.{order.name}, threshold={threshold!r}, limit={limit})"""


def as_saving_command(where: str, recipe: str, threshold: float) -> str:
    """Saving the threshold as a command line."""
    return f"omnisource suspects {where} --threshold {threshold:g} --save {shlex.quote(recipe)}"


def as_saving_cell(root: str, recipe: str, threshold: float) -> str:
    """Saving the threshold as a notebook cell."""
    return f"""from pathlib import Path

from omnisource.workspace import Workspace

workspace = Workspace(Path({root!r}))
recipe = workspace.recipe({recipe!r}).model_copy(update={{"duplicate_similarity": {threshold!r}}})
workspace.save_recipe({recipe!r}, recipe)"""
