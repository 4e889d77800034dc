"""Suspected pairs -> groups of two pictures, web item and labelled clip, at the times where they are most alike.

A slice of a group has one kind of media, so of a video the pair shows the frame (paper 3.3).
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import fiftyone as fo
from fiftyone import ViewField as F
from PIL import Image

from omnisource.catalog import Catalog
from omnisource.clean.pair_filters import Order, PairFilter, State
from omnisource.clean.pair_index import index_pairs
from omnisource.clean.pairs import Pair, SuspectedPairs
from omnisource.errors import ItemError
from omnisource.fiftyone_io.datasets import BOOKKEEPING, PAIRS, SLICES, open_dataset
from omnisource.fiftyone_io.edits import NOTHING, Said, Shown, in_force, shown_tags, wanted
from omnisource.fiftyone_io.ready import FOLDER
from omnisource.fiftyone_io.views import save_pair_views
from omnisource.files import save_atomically
from omnisource.previews import Previews, clip_token, item_token
from omnisource.report import Report
from omnisource.reviews import Review, Reviews
from omnisource.types import Format
from omnisource.workspace import Workspace

AT_MOST = 5_000
"""Pairs that are pushed: the most alike; a crawl has many more, and two frames are decoded for each."""
FRAME_PX = 360


@dataclass(frozen=True, kw_only=True, slots=True)
class PairEdit:
    """One pair that shows another verdict than was pushed."""

    pair_key: str
    """Item and clip."""
    item_key: str
    """The web item, in hex."""
    target_path: str
    """The labelled clip."""
    pushed: Said
    """What was pushed."""
    wanted: Said | None
    """What a person wants; None where that is unclear."""
    detail: str = ""
    """Why it is unclear."""


def push_pairs(catalog: Catalog, line: float | None, *, app_url: str, limit: int, report: Report) -> int:
    """Add the most alike suspects and all judged pairs, and show the verdicts; returns how many were added or changed.

    `line`: suspects are at least so alike. Nothing is done where no similarity was measured.
    """
    workspace = catalog.workspace
    index = index_pairs(workspace)
    if index is None or line is None:
        return 0
    reviews = Reviews(workspace.reviews_path).current()
    suspected = SuspectedPairs(catalog, index, reviews)
    chosen = {pair.number: pair for pair in _chosen(suspected, line, min(limit, AT_MOST))}
    if not chosen:
        return 0
    names = workspace.taxonomy().names
    dataset = open_dataset(workspace, PAIRS, app_url=app_url, teachers={})
    there: dict[str, list[dict]] = {}
    for row in _rows(dataset):
        there.setdefault(row["pair_key"], []).append(row)
    edited = {edit.pair_key for edit in pair_edits(dataset)}
    about: dict[tuple[bytes, str | None], list[Review]] = {}
    for review in reviews:
        about.setdefault((review.subject.key, review.subject.target_path), []).append(review)
    frames, new, num_changed = _Frames(workspace), [], 0
    for done, pair in enumerate(chosen.values(), start=1):
        mine = about.get((pair.key, pair.target_path), [])
        name = pair_key(pair.key, pair.target_path)
        try:
            if name not in there:
                new += _group(pair, mine, line, names, frames)
            elif name not in edited:
                num_changed += _update(dataset, there[name], pair, mine)
        except ItemError as error:
            report.drop(Path(pair.path) if pair.path else None, pair.key, error)
        report.progress(done, len(chosen), "pushing pairs")
    dataset.add_samples(new, progress=False)
    save_pair_views(dataset)
    return num_changed + len(new) // len(SLICES)


def pair_edits(dataset: fo.Dataset) -> Iterator[PairEdit]:
    """Every pair whose verdict was edited; a tag on either of its pictures counts."""
    pairs: dict[str, list[dict]] = {}
    for row in _rows(dataset):
        pairs.setdefault(row["pair_key"], []).append(row)
    for name, rows in pairs.items():
        pushed = Said(pair=rows[0]["pushed.pair"] or NOTHING)
        tags = tuple(tag for row in rows for tag in row["tags"])
        told = {"pair_key": name, "item_key": rows[0]["item_key"], "target_path": rows[0]["target_path"]}
        try:
            wish = wanted(Shown(tags=tags, label=None, base=None), pushed)
        except ItemError as error:
            yield PairEdit(**told, pushed=pushed, wanted=None, detail=error.detail)
            continue
        wish = Said(pair=wish.pair)  # another verdict has no meaning on a pair
        if wish != pushed:
            yield PairEdit(**told, pushed=pushed, wanted=wish)


def settle_pair(dataset: fo.Dataset, name: str, reviews: Sequence[Review]) -> None:
    """Show the verdict in force of one pair, whatever its pictures were tagged with."""
    said = in_force(reviews, (), None)
    _show(dataset, _rows(dataset, name), said.pair or str(State.OPEN), reviews)


def pair_key(key: bytes, target_path: str) -> str:
    """How a pair is called in FiftyOne."""
    return f"{item_token(key)}-{clip_token(target_path)}"


def _chosen(suspected: SuspectedPairs, line: float, limit: int) -> Iterator[Pair]:
    wanted_pairs = [PairFilter(low=line, state=None)]
    wanted_pairs += [PairFilter(state=state) for state in (State.DUPLICATE, State.NOT_DUPLICATE)]
    for one in wanted_pairs:
        yield from suspected.next(one, Order.SIMILAR, threshold=line, limit=limit)


def _rows(dataset: fo.Dataset, name: str | None = None) -> list[dict]:
    """What both pictures of every pair, or of one, hold now."""
    flat = dataset.select_group_slices(list(SLICES))
    flat = flat if name is None else flat.match(F("pair_key") == name)
    columns = ["id", "pair_key", "item_key", "target_path", "pair.name", "tags", "state"]
    columns += [f"pushed.{name}" for name in BOOKKEEPING]
    return [dict(zip(columns, row)) for row in zip(*flat.values(columns))]


def _group(
    pair: Pair, reviews: Sequence[Review], line: float, names: tuple[str, ...], frames: "_Frames"
) -> list[fo.Sample]:
    """The two pictures of a new pair; raises ItemError where one cannot be read."""
    paths = frames.web(pair), frames.target(pair)
    group, said = fo.Group(), in_force(reviews, (), None)
    shared = {
        "pair_key": pair_key(pair.key, pair.target_path),
        "item_key": pair.key.hex(),
        "target_path": pair.target_path,
        "similarity": pair.similarity,
        "suspect": pair.similarity >= line,
        "state": str(pair.state),
        "split": pair.target_split,
    }
    of_web = {"source": pair.source, "time_s": pair.time_s, "label": _class(names, pair.class_index)}
    of_target = {"source": "target", "time_s": pair.target_time_s, "label": _class(names, pair.target_class)}
    samples = []
    for name, path, own in zip(SLICES, paths, (of_web, of_target)):
        sample = fo.Sample(filepath=str(path), pair=group.element(name), **shared, **own)
        sample.tags = said.tags if name == "web" else []
        sample["decided"], sample["pushed"] = _decided(reviews), _bookkeeping(said, reviews)
        samples.append(sample)
    return samples


def _update(dataset: fo.Dataset, rows: Sequence[dict], pair: Pair, reviews: Sequence[Review]) -> bool:
    """Show the verdict in force of a pair that is there; whether anything had to be changed."""
    if all(row["pushed.decision"] == _mark(reviews) and row["state"] == str(pair.state) for row in rows):
        return False
    _show(dataset, rows, str(pair.state), reviews)
    return True


def _show(dataset: fo.Dataset, rows: Sequence[dict], state: str, reviews: Sequence[Review]) -> None:
    """The verdict is a tag of the web item; the labelled clip keeps a person's own tags."""
    flat, said = dataset.select_group_slices(list(SLICES)), in_force(reviews, (), None)
    for row in rows:
        values = {
            "state": state,
            "tags": shown_tags(row["tags"], said if row["pair.name"] == "web" else Said()),
            "decided": _decided(reviews),
            "pushed": _bookkeeping(said, reviews),
        }
        for name, value in values.items():
            flat.set_values(name, {row["id"]: value}, key_field="id", progress=False)


def _decided(reviews: Sequence[Review]) -> fo.DynamicEmbeddedDocument | None:
    if not reviews:
        return None
    last = reviews[-1]
    return fo.DynamicEmbeddedDocument(verdict=str(last.verdict), by=last.author, at=last.made_at, made_in=last.made_in)


def _bookkeeping(said: Said, reviews: Sequence[Review]) -> fo.DynamicEmbeddedDocument:
    return fo.DynamicEmbeddedDocument(pair=said.pair, decision=_mark(reviews))


def _mark(reviews: Sequence[Review]) -> str:
    """Changes with the verdict in force."""
    return hashlib.blake2b(repr([review.id for review in reviews]).encode(), digest_size=6).hexdigest()


def _class(names: tuple[str, ...], class_index: int | None) -> fo.Classification | None:
    return None if class_index is None else fo.Classification(label=names[class_index])


class _Frames:
    """Pictures of both sides of a pair; frames of videos are written once, below the workspace."""

    def __init__(self, workspace: Workspace) -> None:
        self._previews, self._folder = Previews(workspace), workspace.root / FOLDER / "frames"

    def web(self, pair: Pair) -> Path:
        if pair.path is None:
            raise ItemError("unknown_item", f"{pair.key.hex()} is no item any more")
        return self._picture(item_token(pair.key), Path(pair.path), pair.format, pair.time_s)

    def target(self, pair: Pair) -> Path:
        path = Path(pair.target_path)
        return self._picture(clip_token(pair.target_path), path, pair.target_format, pair.target_time_s)

    def _picture(self, token: str, path: Path, item_format: Format, time_s: float) -> Path:
        if item_format is Format.IMAGE and fo.core.media.get_media_type(str(path)) == "image":
            return path
        kept = self._folder / token[-2:] / f"{token}-{round(time_s * 1000)}.jpg"
        if not kept.is_file():
            self._previews.announce([(token, path, item_format)])
            frame = self._previews.picture(token, short_side_px=FRAME_PX, time_s=time_s)
            kept.parent.mkdir(parents=True, exist_ok=True)
            save_atomically(kept, lambda partial: Image.fromarray(frame).save(partial, "JPEG", quality=90))
        return kept
