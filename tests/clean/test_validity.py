"""Every item gets a verdict; the corrupt files that the web really holds get the right one."""

import importlib
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from omnisource.clean import validity
from omnisource.clean.validity import Measurement, check_items, find_fault, measure
from omnisource.config import ValidityConfig
from omnisource.errors import ItemError
from omnisource.media import write_video
from omnisource.report import Report
from omnisource.types import Format, WebItem

CONFIG = ValidityConfig()

REASONS = {
    "moov_missing.mp4": "unreadable",
    "header_only.avi": "unreadable",
    "zero_bytes.mp4": "empty_file",
    "text_renamed.avi": "not_media",
    "audio_only.mp4": "no_video_stream",
    "no_frames.mp4": "no_frames",
    "zero_bytes_real.aspx": "empty_file",
    "html_real_0.jpg": "not_media",
    "html_real_1.ashx": "not_media",
    "svg_as.jpg": "not_media",
    "favicon16.jpg": "too_small",
    "lfs_pointer.jpg": "not_media",
    "truncated.jpg": "truncated",
    "header_only.jpg": "unreadable",
    "one_pixel.png": "too_small",
    "bomb_30000x30000.png": "bomb",
    "bomb_rgb_30000x30000.png": "bomb",
    "banner_4000x8.png": "too_small",
}
"""Of the files that are to be rejected."""


def web_item(path: Path, format: Format = Format.IMAGE) -> WebItem:
    return WebItem(key=path.name.encode().ljust(16)[:16], path=path, source="web", format=format, class_index=0)


def measurement(**changes: object) -> Measurement:
    values = {"width": 64, "height": 64, "num_frames": 2, "fps": 25.0, "duration_s": 0.08}
    return Measurement(**(values | changes))


def test_check_items__verdict_on_every_corrupt_file(real_data: Path) -> None:
    files = json.loads((real_data / "corrupt_expected.json").read_text())["files"]
    formats = {"image": Format.IMAGE, "video": Format.TRIMMED}
    items = [web_item(real_data / file["file"], formats[file["kind"]]) for file in files]
    report = Report("validity", progress=False)
    rows = list(check_items(items, CONFIG, report))
    assert len(rows) == len(files) == 33
    assert [row.key for row in rows] == [item.key for item in items]
    for file, row in zip(files, rows, strict=True):
        name = file["file"].removeprefix("corrupt/")
        if file["expected"] == "accept":
            assert row.ok and row.reason is None, name
        elif file["expected"].startswith("reject"):
            assert not row.ok and row.reason == REASONS[name], name
        elif file["expected"] == "accept_or_too_short":
            assert row.ok or row.reason == "too_few_frames", name
        else:
            assert file["expected"] in ("partial", "accept_first_frame_or_reject"), name
    assert sum(report.reasons.values()) == len(report.dropped) == sum(not row.ok for row in rows)
    assert report.num_done == sum(row.ok for row in rows)


def test_check_items__what_a_decoder_did_not_survive_becomes_a_row(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(Path(__file__).parent))
    hostile = importlib.import_module("hostile_measurements").measure_by_name
    names = ["fine", "kill", "good"]  # test_decoder_pool has every other way to end
    config = ValidityConfig(workers=1)
    report = Report("validity", progress=False)
    rows = list(check_items([web_item(tmp_path / n) for n in names], config, report, decode=hostile))
    assert [row.reason for row in rows] == [None, "decoder_crashed", None]
    assert [dropped.path.name for dropped in report.dropped] == ["kill"]
    assert rows[1].width is None and rows[1].num_frames is None


def test_check_items__row_of_a_picture_and_of_a_clip(tmp_path: Path) -> None:
    Image.new("RGB", (60, 40)).save(tmp_path / "a.png")
    write_video(tmp_path / "b.mp4", np.zeros((20, 48, 64, 3), np.uint8), fps=10)
    items = [web_item(tmp_path / "a.png"), web_item(tmp_path / "b.mp4", Format.TRIMMED)]
    picture, clip = check_items(items, ValidityConfig(workers=1), Report("validity", progress=False))
    assert (picture.ok, picture.width, picture.height) == (True, 60, 40)
    assert (picture.num_frames, picture.fps, picture.duration_s) == (1, None, 0.0)
    assert (clip.ok, clip.width, clip.height, clip.num_frames) == (True, 64, 48, 20)
    assert clip.fps == pytest.approx(10) and clip.duration_s == pytest.approx(2)  # 20 frames at 10 a second


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"width": 31}, "too_small: 31x64 pixels; min_side_px is 32"),
        ({"width": 32}, None),
        ({"width": 513}, "extreme_aspect: 513x64 pixels; max_aspect is 8"),  # 8 * 64 = 512
        ({"width": 512}, None),
        ({"num_frames": 1}, "too_few_frames: 1 frames; min_frames is 2"),
        ({"num_frames": 1, "fps": None}, None),  # a picture
    ],
)
def test_find_fault__settings_at_their_borders(changes: dict, message: str | None) -> None:
    fault = find_fault(measurement(**changes), CONFIG)
    assert (str(fault) if fault else None) == message


def test_measure__long_video_is_sampled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(validity, "FULL_DECODE_S", 1.0)
    write_video(tmp_path / "b.mp4", np.zeros((20, 48, 64, 3), np.uint8), fps=10)
    assert measure(web_item(tmp_path / "b.mp4", Format.UNTRIMMED), CONFIG).num_frames == 20


def test_measure__huge_frames_are_a_bomb(tmp_path: Path) -> None:
    write_video(tmp_path / "b.mp4", np.zeros((2, 48, 64, 3), np.uint8), fps=10)
    with pytest.raises(ItemError, match="bomb: .* has 0 megapixels a frame"):  # 64 * 48 = 3072 pixels
        measure(web_item(tmp_path / "b.mp4", Format.TRIMMED), ValidityConfig(max_megapixels=0.003))


@pytest.mark.parametrize("full_decode_s", [30.0, 1.0])  # decoded fully, and sampled
def test_measure__most_frames_lost_is_truncated(
    tmp_path: Path, rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch, full_decode_s: float
) -> None:
    monkeypatch.setattr(validity, "FULL_DECODE_S", full_decode_s)
    path = tmp_path / "b.mp4"
    write_video(path, rng.integers(0, 256, (20, 48, 64, 3), dtype=np.uint8), fps=10)
    content = bytearray(path.read_bytes())
    start = content.index(b"mdat") + 4
    first_kept = start + (len(content) - start) // 4  # the keyframe and a few more; the rest is wiped
    content[first_kept:] = bytes(len(content) - first_kept)
    path.write_bytes(bytes(content))
    with pytest.raises(ItemError, match="truncated: .*% of its 20 frames decode"):
        measure(web_item(path, Format.TRIMMED), CONFIG)
