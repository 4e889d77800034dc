"""Evaluated runs -> one HTML file that says what web data brought, with figures, clips and recipes in it (paper 5).

The file needs nothing beside it: figures are inline SVG, pictures are data URIs, there is no script, and every name and
path is escaped. It names no folder of the machine that it was made on.
"""

import base64
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

from omnisource import __version__
from omnisource.catalog import Catalog
from omnisource.errors import ItemError, WorkspaceError
from omnisource.figures.inline_svg import SvgInterval, change_bars, interval_rows
from omnisource.pipeline.comparing import tried_procedures
from omnisource.pipeline.gains import FlippedClip, Gains, Kind, PairGain, Scope
from omnisource.pipeline.result_tables import (
    ResultTable,
    as_text,
    as_texts,
    pairs_table,
    procedures_table,
    runs_table,
    sources_table,
)
from omnisource.pipeline.side_by_side import RunResult, side_by_side, used_sources
from omnisource.pipeline.web_behind import Certainty, WebBehind
from omnisource.previews import Previews, clip_token, item_token
from omnisource.types import Format, Taxonomy
from omnisource.workspace import Workspace

TOP_PAIRS = 5
"""Pairs in a table, as in Tables 18 and 19."""
SHOWN_PAIRS = 2
"""Pairs of each kind whose clips are shown."""
SHOWN_CLASSES = 20
"""Classes at each end of a figure."""
PICTURES = 6
_STYLE = """
:root { color-scheme: light dark; }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 1180px; margin: 2em auto; padding: 0 1.2em; }
h1 { font-size: 1.7em; } h2 { margin-top: 2em; border-bottom: 1px solid #8886; } h3 { margin: 1.6em 0 .4em; }
p.note { opacity: .75; margin: .3em 0 1em; } .scroll { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; margin: .4em 0 1em; }
th, td { padding: .25em .7em; text-align: right; border-bottom: 1px solid #8883; white-space: nowrap; }
th { border-bottom: 2px solid #8888; white-space: normal; vertical-align: bottom; }
th.text, td.text { text-align: left; }
.wall { display: flex; flex-wrap: wrap; gap: 10px; } figure { margin: 0; width: 150px; overflow-wrap: anywhere; }
figure img, figure .missing { width: 150px; height: 112px; object-fit: cover; border-radius: 6px; background: #8883; }
figure .missing { display: grid; place-items: center; } figcaption { font-size: 12px; line-height: 1.35; }
pre { background: #8881; padding: .8em 1em; border-radius: 6px; overflow-x: auto; }
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Media:
    """Where the pictures of the report come from, and what is on them."""

    pictures: Previews
    """Thumbnails."""
    catalog: Catalog
    """Of the web data."""
    taxonomy: Taxonomy
    """The classes."""
    clip_format: Format
    """Of the labelled clips."""


def html_report(workspace: Workspace, baseline: str, runs: Sequence[str]) -> str:
    """The report of runs against a baseline, as one HTML document; raises WorkspaceError for one without metrics."""
    results = side_by_side(workspace, baseline, runs)
    compared = [one for one in results if one.change is not None]
    title = f"{workspace.root.name}: what web data brought"
    parts = [f"<h1>{escape(title)}</h1>", *(f"<p>{escape(headline(one, baseline))}</p>" for one in compared)]
    parts += _side_by_side(workspace, results)
    if len(results) > 1 and used_sources(results):
        parts += ["<h2>Sources</h2>", _table(sources_table(results))]
    parts += _procedures(workspace, runs)
    media = _Media(
        pictures=Previews(workspace),
        catalog=Catalog(workspace),
        taxonomy=workspace.taxonomy(),
        clip_format=workspace.study().target.format,
    )
    for one in compared:
        parts += _run(media, Gains(workspace, baseline, one.run), one)
    parts += _how_made(workspace, results)
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head><body>\n"
        + "\n".join(parts)
        + "\n</body></html>\n"
    )


def headline(result: RunResult, baseline: str) -> str:
    """What a run brought, in one sentence; for a run that can be compared."""
    change = result.change
    assert change is not None
    low, high = 100 * change.top1_change_low, 100 * change.top1_change_high
    chance = as_text(change.p_value, "p_value")
    return (
        f"{result.run} has {result.metrics.top1:.1%} of {change.num_examples:,} clips right, "
        f"{100 * change.top1_change:+.1f} points against {baseline} (95 % interval {low:+.1f} to {high:+.1f}): "
        f"{change.num_gained:,} clips gained, {change.num_lost:,} lost, McNemar's p {chance}."
    )


def _side_by_side(workspace: Workspace, results: Sequence[RunResult]) -> list[str]:
    rows = [
        SvgInterval(
            name=one.run,
            value=100 * one.change.top1_change,
            low=100 * one.change.top1_change_low,
            high=100 * one.change.top1_change_high,
        )
        for one in results
        if one.change is not None
    ]
    baseline = results[0].run
    alt = "; ".join(f"{one.name} {one.value:+.1f} points, {one.low:+.1f} to {one.high:+.1f}" for one in rows)
    here = f"{workspace.root}/"  # a damaged file is named by its whole path
    troubles = [f"{one.run}: {one.trouble.replace(here, '')}" for one in results if one.trouble]
    return [
        "<h2>Runs side by side</h2>",
        interval_rows(rows, alt=alt, unit=f"change of top-1 against {baseline}, in points, with its 95 % interval"),
        _table(runs_table(results)),
        *(f'<p class="note">{escape(trouble)}</p>' for trouble in troubles),
    ]


def _procedures(workspace: Workspace, runs: Sequence[str]) -> list[str]:
    found = [one for one in tried_procedures(workspace) if one.run in runs or one.recipe is None]
    return ["<h2>Procedures</h2>", _table(procedures_table(found))] if found else []


def _run(media: _Media, gains: Gains, result: RunResult) -> list[str]:
    """What one run changed: classes, pairs, and the clips and web data behind some of them."""
    names = media.taxonomy.names
    changed = [(names[one.class_index], 100 * one.change) for one in gains.classes() if one.change]
    shown = changed if len(changed) <= 2 * SHOWN_CLASSES else changed[:SHOWN_CLASSES] + changed[-SHOWN_CLASSES:]
    alt = "; ".join(f"{name} {change:+.1f}" for name, change in shown)
    left_out = "" if shown == changed else f"The {SHOWN_CLASSES} best and worst of {len(changed)} classes that changed."
    improved, worsened = gains.pairs(SHOWN_PAIRS)
    recipe = next(iter(result.recipes), None)
    return [
        f"<h2>{escape(gains.student)} against {escape(gains.baseline)}</h2>",
        "<h3>Classes that changed</h3>",
        change_bars(shown, alt=alt, unit="change of the class's accuracy, in points"),
        f'<p class="note">{left_out}</p>',
        "<h3>Pairs that are confused less or more</h3>",
        _table(pairs_table(gains, media.taxonomy, TOP_PAIRS)),
        *(part for pair in (*improved, *worsened) for part in _pair(media, gains, pair, recipe)),
    ]


def _pair(media: _Media, gains: Gains, pair: PairGain, recipe: str | None) -> Iterator[str]:
    names, scope = media.taxonomy.names, Scope(a=pair.a, b=pair.b)
    before, after = gains.counts(pair.a, pair.b)
    yield f"<h3>{escape(names[pair.a])} and {escape(names[pair.b])}: {pair.change:+.3f}</h3>"
    yield (
        f'<p class="note">Mistaken for each other: {before.a_as_b + before.b_as_a} clips by {escape(gains.baseline)},'
        f" {after.a_as_b + after.b_as_a} by {escape(gains.student)}.</p>"
    )
    for kind, title in ((Kind.GAINED, "Wrong before, right now"), (Kind.LOST, "Right before, wrong now")):
        clips = gains.flips(kind, scope, limit=PICTURES)
        if clips:
            yield f'<p class="note">{title}: {gains.num_flips(scope)[kind]}</p>'
            yield _wall(_clip(media, clip) for clip in clips)
    if recipe is not None:
        yield from _web_data(media, recipe, (pair.a, pair.b))


def _web_data(media: _Media, recipe: str, classes: tuple[int, int]) -> Iterator[str]:
    try:
        behind = WebBehind(media.catalog, recipe, classes)
    except WorkspaceError:  # the recipe's examples were removed since
        return
    names = media.taxonomy.names
    examples = behind.page(Certainty.SUREST, limit=PICTURES)
    if examples:
        yield f'<p class="note">Web examples of both classes in {escape(recipe)}, of {behind.count():,} the surest:</p>'
    media.pictures.announce((item_token(one.key), one.path, one.format) for one in examples)
    yield _wall(
        _figure(
            media.pictures,
            item_token(one.key),
            [names[one.class_index], "" if one.confidence is None else f"teacher {one.confidence:.2f}", one.source],
        )
        for one in examples
    )


def _clip(media: _Media, clip: FlippedClip) -> str:
    token, names = clip_token(clip.path), media.taxonomy.names
    media.pictures.announce([(token, clip.path, media.clip_format)])
    return _figure(media.pictures, token, [names[clip.class_index], f"{names[clip.before]} → {names[clip.after]}"])


def _figure(pictures: Previews, token: str, lines: Sequence[str]) -> str:
    caption = "<br>".join(escape(line) for line in lines if line)
    try:
        encoded = base64.b64encode(pictures.thumbnail(token).read_bytes()).decode()
        shown = f'<img alt="{escape(lines[0], quote=True)}" src="data:image/webp;base64,{encoded}">'
    except ItemError as error:
        shown = f'<div class="missing">{escape(error.reason)}</div>'
    return f"<figure>{shown}<figcaption>{caption}</figcaption></figure>"


def _wall(figures: Iterable[str]) -> str:
    return f'<div class="wall">{"".join(figures)}</div>'


def _table(table: ResultTable) -> str:
    kinds = ["text" if column.unit == "text" else "" for column in table.columns]
    heading = "".join(f'<th class="{kind}">{escape(c.title)}</th>' for kind, c in zip(kinds, table.columns))
    body = "".join(
        "<tr>" + "".join(f'<td class="{kind}">{escape(text)}</td>' for kind, text in zip(kinds, as_texts(table, row)))
        + "</tr>"
        for row in table.rows
    )  # fmt: skip
    return (
        f'<div class="scroll"><table><thead><tr>{heading}</tr></thead><tbody>{body}</tbody></table></div>'
        f'<p class="note">{escape(table.caption)}</p>'
    )


def _how_made(workspace: Workspace, results: Sequence[RunResult]) -> list[str]:
    """The recipes as they were applied, and the version."""
    recipes = dict.fromkeys(recipe for one in results for recipe in one.recipes)
    parts = ["<h2>How this was made</h2>", f"<p>OmniSource {escape(__version__)}; shares are of validation clips.</p>"]
    for recipe in recipes:
        path: Path = workspace.auxiliary(recipe) / "recipe.yaml"
        if path.is_file():
            text = escape(path.read_text(encoding="utf-8"))
            parts.append(f"<details><summary>Recipe {escape(recipe)}</summary><pre>{text}</pre></details>")
    return parts
