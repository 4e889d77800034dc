"""Suspected pairs -> one HTML file that shows them side by side, and a list for the verdicts (paper 3.3).

The file needs nothing else: thumbnails are inside it. Whatever came from the web or from file names is escaped.
"""

import base64
import csv
import html
import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from omnisource.clean.pairs import Pair
from omnisource.errors import ItemError
from omnisource.image_reading import resize_frame
from omnisource.media import open_video, read_image
from omnisource.previews import item_token
from omnisource.types import Format, Taxonomy

COLUMNS = ("item", "target", "verdict", "similarity", "path")
"""Of the list; `item` and `target` say what a verdict is about, the last two help a person."""
_LONG_SIDE_PX = 240
_QUALITY = 82
_STYLE = """
:root { color-scheme: light dark; font: 15px/1.45 system-ui, sans-serif; }
body { margin: 2rem auto; max-width: 1180px; padding: 0 1rem; }
h1 { font-size: 1.5rem; margin: 0 0 .25rem; } p { margin: .25rem 0 1.25rem; opacity: .75; }
ol { display: grid; grid-template-columns: repeat(auto-fill, minmax(540px, 1fr)); gap: 1rem; padding: 0; margin: 0; }
li { list-style: none; border: 1px solid #8884; border-radius: 10px; padding: .8rem; break-inside: avoid; }
.top { display: flex; justify-content: space-between; margin-bottom: .5rem; font-variant-numeric: tabular-nums; }
.state { opacity: .7; } .sides { display: grid; grid-template-columns: 1fr 1fr; gap: .8rem; }
.frame { height: 180px; display: flex; align-items: center; justify-content: center; background: #8881; }
.frame { border-radius: 6px; overflow: hidden; } img { max-width: 100%; max-height: 180px; }
.name { font-weight: 600; overflow-wrap: anywhere; margin-top: .4rem; } small { opacity: .75; overflow-wrap: anywhere; }
code { font-size: .75rem; opacity: .6; } @media (max-width: 620px) { ol { grid-template-columns: 1fr; } }
""".strip()


def contact_sheet(pairs: Sequence[Pair], taxonomy: Taxonomy | None, *, title: str, note: str) -> str:
    """The whole HTML document; a side that cannot be read says why."""
    cards = "\n".join(_card(number, pair, taxonomy) for number, pair in enumerate(pairs, start=1))
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        # nothing in the file may reach out, whatever a name holds
        '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; img-src data:; '
        "style-src 'unsafe-inline'\">\n"
        f"<title>{html.escape(title)}</title>\n<style>\n{_STYLE}\n</style></head>\n"
        f"<body>\n<h1>{html.escape(title)}</h1>\n<p>{html.escape(note)}</p>\n<ol>\n{cards}\n</ol>\n</body>\n</html>\n"
    )


def verdict_list(pairs: Sequence[Pair]) -> str:
    """The same pairs as CSV, with the verdicts in force; a person fills in the others."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for pair in pairs:
        said = pair.state if pair.state in ("duplicate", "not_duplicate") else ""
        writer.writerow([item_token(pair.key), pair.target_path, said, f"{pair.similarity:.4f}", pair.path or ""])
    return text.getvalue()


def frame_at(path: Path, item_format: Format, time_s: float, *, short_side_px: int = _LONG_SIDE_PX) -> np.ndarray:
    """(H, W, 3) uint8: one side of a pair, a picture or what a video shows at a time; raises ItemError."""
    if item_format is Format.IMAGE:
        return read_image(path, short_side_px=short_side_px)
    with open_video(path, short_side_px=short_side_px) as video:
        return video.read([video.frame_at(time_s)])[0]


def _card(number: int, pair: Pair, taxonomy: Taxonomy | None) -> str:
    web = _side(
        pair.path,
        pair.format,
        pair.time_s,
        f"{pair.source or 'unknown source'}, searched for {_class(taxonomy, pair.class_index)}",
    )
    target = _side(
        pair.target_path,
        pair.target_format,
        pair.target_time_s,
        f"{pair.target_split or 'no longer labelled'}, labelled {_class(taxonomy, pair.target_class)}",
    )
    state = pair.state.replace("_", " ")
    return (
        f'<li><div class="top"><b>{number}. {pair.similarity:.3f} alike</b>'
        f'<span class="state">{html.escape(state)}</span></div><div class="sides">{web}{target}</div>'
        f"<code>{item_token(pair.key)}</code></li>"
    )


def _side(path: str | None, item_format: Format, time_s: float, about: str) -> str:
    name = "unknown file" if path is None else Path(path).name
    at = "" if item_format is Format.IMAGE else f", at {time_s:.1f} s"
    return (
        f'<div><div class="frame">{_picture(path, item_format, time_s, name)}</div>'
        f'<div class="name">{html.escape(name)}</div><small>{html.escape(about + at)}</small></div>'
    )


def _picture(path: str | None, item_format: Format, time_s: float, name: str) -> str:
    if path is None:
        return "<small>no table holds this item</small>"
    try:
        frame = frame_at(Path(path), item_format, time_s)
    except ItemError as error:
        return f"<small>cannot be read: {html.escape(error.reason)}</small>"
    return f'<img alt="{html.escape(name, quote=True)}" src="data:image/jpeg;base64,{_jpeg(frame)}">'


def _jpeg(frame: np.ndarray) -> str:
    from PIL import Image

    height, width = frame.shape[:2]
    scale = _LONG_SIDE_PX / max(width, height)
    small = resize_frame(frame, (max(1, round(width * scale)), max(1, round(height * scale))))
    encoded = io.BytesIO()
    Image.fromarray(small).save(encoded, "JPEG", quality=_QUALITY)
    return base64.b64encode(encoded.getvalue()).decode("ascii")


def _class(taxonomy: Taxonomy | None, class_index: int | None) -> str:
    if class_index is None:
        return "nothing"
    return f"class {class_index}" if taxonomy is None else taxonomy.names[class_index]
