"""What notebooks show: walls of tiles, players, strips of frames, tables and figures, whole in the notebook's file.

Pictures and videos are embedded, so that a notebook sent to somebody else still shows them; text from the web is
escaped. Figures are the app's own (omnisource.figures), live where scripts run and drawn beside that where they do not.
"""

import base64
import io
import itertools
import json
import logging
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from omnisource.browsing import WallItem
from omnisource.clean.pairs import Pair
from omnisource.errors import ItemError
from omnisource.media import thumbnail, write_video
from omnisource.previews import Previews, clip_token, item_token
from omnisource.types import Format
from omnisource.workspace import Workspace

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

logger = logging.getLogger(__name__)

DEMO = Path("small-demo")
"""Beside the notebooks, which all open the same one."""
_TILE_PX = 148


@dataclass(frozen=True, slots=True)
class Html:
    """Something that a notebook shows."""

    html: str
    """Escaped where it came from the web."""

    def _repr_html_(self) -> str:
        return self.html


@dataclass(frozen=True, slots=True)
class LiveFigure:
    """A plotly figure, and the same as a picture for whoever runs no scripts (GitHub, mail, paper)."""

    figure: "Figure"
    """As omnisource.figures makes it, on white."""
    alt: str
    """What it shows, in words."""

    def _repr_mimebundle_(
        self, include: object = None, exclude: object = None
    ) -> tuple[dict[str, object], dict[str, object]]:
        from omnisource.figures.drawing import svg_of

        bundle: dict[str, object] = {
            "application/vnd.plotly.v1+json": json.loads(self.figure.to_json()),
            "text/plain": self.alt,
        }
        if (drawn := svg_of(self.figure)) is not None:
            bundle["image/svg+xml"] = drawn
        return bundle, {"image/svg+xml": {"alt": self.alt}}


def demo_workspace(until: str) -> Workspace:
    """The workspace of the small demo with every stage up to `until` done; the first notebook to ask builds it."""
    from omnisource.pipeline import small_demo

    return small_demo.prepare(DEMO, until=until)


def wall(workspace: Workspace, items: Iterable[WallItem], *, limit: int = 24) -> Html:
    """Web items with their query and what the teacher takes them for; a dropped file says why."""
    shown = list(itertools.islice(items, limit))
    names, previews = workspace.taxonomy().names, Previews(workspace)
    known = [item for item in shown if item.key is not None and item.format is not None]
    previews.announce([(item_token(item.key), item.path, item.format) for item in known])
    return _row([_tile(_thumbnail(previews, item.key), _said(item, names)) for item in shown])


def pictures(files: Mapping[str, Path], *, format: Format) -> Html:
    """Files with a caption each: pictures, or the middle frame of videos."""
    return _row([_tile(_shown(lambda path=path: thumbnail(path, format)), [name]) for name, path in files.items()])


def strip(frames: Sequence[np.ndarray], captions: Sequence[str], *, colours: Sequence[str] = ()) -> Html:
    """Frames (H, W, 3) uint8 in a row, each with a caption and, where colours are given, an edge of its colour."""
    edges = list(colours) or [None] * len(frames)
    shown = zip(frames, captions, edges, strict=True)
    return _row([_tile(_data(_webp(frame)), [text], edge) for frame, text, edge in shown])


def pairs(workspace: Workspace, found: Iterable[Pair]) -> Html:
    """Suspected duplicates: what came from the web, and beside it the labelled clip at the moment that it resembles."""
    listed = list(found)
    names, previews = workspace.taxonomy().names, Previews(workspace)
    previews.announce([(item_token(one.key), one.path, one.format) for one in listed if one.path is not None])
    previews.announce([(clip_token(one.target_path), one.target_path, one.target_format) for one in listed])
    figures = []
    for one in listed:
        sides = [(item_token(one.key), one.time_s), (clip_token(one.target_path), one.target_time_s)]
        images = "".join(_img(_frame(previews, token, time_s)) for token, time_s in sides)
        target = "no longer labelled" if one.target_class is None else names[one.target_class]
        said = _caption([f"similarity {one.similarity:.3f}: {target}"])
        figures.append(f'<figure style="margin:0;width:{2 * _TILE_PX + 4}px">{images}{said}</figure>')
    return _row(figures)


def players(clips: Mapping[str, np.ndarray | Path], *, fps: float = 8.0, width_px: int = 200) -> Html:
    """Clips that play on their own, over and over: frames (T, H, W, 3) uint8, or video files that browsers play."""
    videos = []
    for name, clip in clips.items():
        source = _data(clip.read_bytes() if isinstance(clip, Path) else _mp4(clip, fps), "video/mp4")
        videos.append(
            f'<figure style="margin:0;width:{width_px}px"><video src="{source}" width="{width_px}" autoplay loop muted '
            f'playsinline controls aria-label="{escape(name)}"></video>{_caption([name])}</figure>'
        )
    return _row(videos)


def table(rows: Iterable[Mapping[str, object]]) -> Html:
    """Rows with the same columns; numbers to the right."""
    listed = list(rows)
    if not listed:
        return Html("<p>No rows.</p>")
    head = "".join(
        f'<th style="text-align:{"right" if _is_number(value) else "left"}">{escape(str(name))}</th>'
        for name, value in listed[0].items()
    )
    body = "".join("<tr>" + "".join(_cell(value) for value in row.values()) + "</tr>" for row in listed)
    return Html(f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>")


def figure(shown: "Figure", alt: str) -> LiveFigure:
    """A figure of omnisource.figures, with what it shows in words; on white, whatever theme the notebook has."""
    from plotly.graph_objects import Figure

    white = {"template": "plotly_white", "paper_bgcolor": "white", "plot_bgcolor": "white"}
    return LiveFigure(Figure(shown).update_layout(white), alt)


def _said(item: WallItem, names: Sequence[str]) -> list[str]:
    """What is known of an item, line by line."""
    lines = [Path(item.path).name] if item.query_class is None else [f"query: {names[item.query_class]}"]
    if item.reason is not None:
        lines.append(f"dropped: {item.reason.replace('_', ' ')}")
    if item.top_class is not None and item.confidence is not None:
        lines.append(f"teacher: {names[item.top_class]} {item.confidence:.0%}")
    return lines


def _thumbnail(previews: Previews, key: bytes | None) -> str | None:
    return None if key is None else _shown(lambda: previews.thumbnail(item_token(key)).read_bytes())


def _frame(previews: Previews, token: str, time_s: float) -> str | None:
    return _shown(lambda: _webp(previews.picture(token, short_side_px=_TILE_PX, time_s=time_s)))


def _shown(read: Callable[[], bytes]) -> str | None:
    """Where a tile's picture comes from; None for one that cannot be read."""
    try:
        return _data(read())
    except ItemError as error:
        logger.info("no picture: %s", error)
        return None


def _data(content: bytes, media_type: str = "image/webp") -> str:
    return f"data:{media_type};base64,{base64.b64encode(content).decode()}"


def _tile(source: str | None, lines: Sequence[str], edge: str | None = None) -> str:
    border = f"border-top:4px solid {escape(edge)};" if edge else ""
    return f'<figure style="margin:0;width:{_TILE_PX}px;{border}">{_img(source)}{_caption(lines)}</figure>'


def _img(source: str | None) -> str:
    size = f"width:{_TILE_PX}px;height:{_TILE_PX * 3 // 4}px;"
    if source is None:
        return f'<div style="{size}display:grid;place-items:center;background:#8883">no picture</div>'
    return f'<img src="{source}" alt="" style="{size}object-fit:cover">'


def _caption(lines: Sequence[str]) -> str:
    shown = "<br>".join(escape(line) for line in lines)
    return f'<figcaption style="font-size:11px;line-height:1.35;overflow-wrap:anywhere">{shown}</figcaption>'


def _row(figures: Sequence[str]) -> Html:
    return Html(f'<div style="display:flex;flex-wrap:wrap;gap:10px">{"".join(figures)}</div>')


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _cell(value: object) -> str:
    if not _is_number(value):
        return f'<td style="text-align:left">{escape(str(value))}</td>'
    text = f"{value:,}" if isinstance(value, int) else f"{value:.4g}"
    return f'<td style="text-align:right">{text}</td>'


def _webp(frame: np.ndarray) -> bytes:
    from PIL import Image

    encoded = io.BytesIO()
    Image.fromarray(frame).save(encoded, "WEBP", quality=85)
    return encoded.getvalue()


def _mp4(frames: np.ndarray, fps: float) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "clip.mp4"
        write_video(path, iter(frames), fps)
        return path.read_bytes()
