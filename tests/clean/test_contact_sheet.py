"""The contact sheet: whole in itself, side by side, and nothing from a file name becomes markup."""

import base64
import csv
import io
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from omnisource.clean.contact_sheet import contact_sheet, frame_at, verdict_list
from omnisource.clean.pair_filters import State
from omnisource.clean.pairs import Pair
from omnisource.media import write_video
from omnisource.types import Format, Taxonomy

NASTY = '<img src=x onerror="alert(1)">.png'


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    picture = np.zeros((30, 60, 3), np.uint8)
    picture[..., 0] = 250
    Image.fromarray(picture).save(tmp_path / NASTY)
    # blue in its second second
    frames = np.zeros((8, 40, 40, 3), np.uint8)
    frames[4:, ..., 2] = 250
    write_video(tmp_path / "clip.mp4", frames, 4, quality=0)
    return tmp_path / NASTY, tmp_path / "clip.mp4"


def pair(path: str | None, target_path: str, **changes) -> Pair:
    known = {
        "number": 0,
        "key": bytes(range(16)),
        "path": path,
        "source": "<b>web</b>",
        "format": Format.IMAGE,
        "class_index": 0,
        "time_s": 0.0,
        "target_path": target_path,
        "target_format": Format.TRIMMED,
        "target_class": 1,
        "target_split": "val",
        "target_time_s": 1.5,
        "similarity": 0.8765,
        "state": State.OPEN,
    }
    return Pair(**known | changes)


def sheet(*pairs: Pair) -> str:
    return contact_sheet(pairs, Taxonomy(names=("boxing", "yo & yo")), title="Suspects", note="1 < 2")


def pictures(document: str) -> list[np.ndarray]:
    found = re.findall(r'src="data:image/jpeg;base64,([^"]+)"', document)
    return [np.asarray(Image.open(io.BytesIO(base64.b64decode(one)))) for one in found]


def test_contact_sheet__shows_both_sides_at_their_times(files: tuple[Path, Path]):
    document = sheet(pair(str(files[0]), str(files[1])))
    web, target = pictures(document)
    assert (web.shape, target.shape) == ((120, 240, 3), (240, 240, 3))  # the long side has 240
    assert web.mean(axis=(0, 1)) == pytest.approx([250, 0, 0], abs=12)
    assert target.mean(axis=(0, 1)) == pytest.approx([0, 0, 250], abs=12)  # at 1.5 s
    assert "0.876 alike" in document or "0.877 alike" in document
    assert "val, labelled yo &amp; yo, at 1.5 s" in document


def test_frame_at__the_picture_or_the_moment(files: tuple[Path, Path]):
    picture, moment = frame_at(files[0], Format.IMAGE, 9.0), frame_at(files[1], Format.TRIMMED, 1.5, short_side_px=20)
    assert (picture.shape, moment.shape) == ((240, 480, 3), (20, 20, 3))
    assert moment.mean(axis=(0, 1)) == pytest.approx([0, 0, 250], abs=12)


def test_contact_sheet__escapes_what_comes_from_outside(files: tuple[Path, Path]):
    document = sheet(pair(str(files[0]), str(files[1])))
    assert "onerror=" in document and '<img src=x onerror="' not in document
    assert "<b>web</b>" not in document and "&lt;b&gt;web&lt;/b&gt;, searched for boxing" in document
    assert "<p>1 &lt; 2</p>" in document


def test_contact_sheet__reaches_for_nothing_outside(files: tuple[Path, Path]):
    document = sheet(pair(str(files[0]), str(files[1])))
    assert "default-src 'none'" in document
    assert not re.findall(r'(?:src|href)="(?!data:)', document)
    assert "http" not in document.replace("http-equiv", "")


def test_contact_sheet__a_side_that_cannot_be_read_says_why(tmp_path: Path):
    (tmp_path / "page.jpg").write_text("<html>")
    document = sheet(pair(str(tmp_path / "page.jpg"), str(tmp_path / "gone.mp4")), pair(None, "x.mp4"))
    assert "cannot be read: not_media" in document
    assert "cannot be read: missing_file" in document
    assert "no table holds this item" in document and "unknown file" in document


def test_verdict_list__has_a_column_to_fill_in():
    rows = list(
        csv.DictReader(
            io.StringIO(verdict_list([pair("/w,eb.jpg", "/a.mp4"), pair(None, "/b.mp4", state=State.NOT_DUPLICATE)]))
        )
    )
    token = "000102030405060708090a0b0c0d0e0f"
    assert rows == [
        {"item": token, "target": "/a.mp4", "verdict": "", "similarity": "0.8765", "path": "/w,eb.jpg"},
        {"item": token, "target": "/b.mp4", "verdict": "not_duplicate", "similarity": "0.8765", "path": ""},
    ]
