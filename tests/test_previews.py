"""Thumbnails and playable copies of what stands in a workspace's tables, and of nothing else."""

from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from omnisource import config, previews
from omnisource.errors import ItemError
from omnisource.media import open_video, write_video
from omnisource.previews import Previews, clip_token, item_token, key_of
from omnisource.types import Format
from omnisource.workspace import Workspace

KEYS = {name: bytes([i]) * 16 for i, name in enumerate(("picture.jpg", "clip.mp4", "old.avi", "gone.mp4"), start=1)}
RED = (250, 10, 10)


@pytest.fixture
def shown(tmp_path: Path) -> Previews:
    """A workspace with a picture, an H.264 clip, an MPEG-4 clip in AVI, and a file that is gone."""
    Image.new("RGB", (640, 320), RED).save(tmp_path / "picture.jpg")
    ramp = np.repeat(np.arange(0, 250, 25, dtype=np.uint8), 48 * 64 * 3).reshape(10, 48, 64, 3)
    write_video(tmp_path / "clip.mp4", ramp, 10)
    with av.open(str(tmp_path / "old.avi"), "w") as container:
        stream = container.add_stream("mpeg4", rate=10)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for frame in ramp:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        container.mux(stream.encode(None))
    workspace = Workspace.create(tmp_path / "w", config.Study())
    with workspace.table("items").writer(rows_per_part=10) as writer:
        for name, key in KEYS.items():
            item_format = "image" if name.endswith(".jpg") else "trimmed"
            writer.add([{"key": key, "path": str(tmp_path / name), "source": "web", "format": item_format}])
    with workspace.table("target").writer(rows_per_part=10) as writer:
        path = str(tmp_path / "clip.mp4")
        writer.add([{"path": path, "split": "train", "class_index": 0, "format": "trimmed"}])
    return Previews(workspace)


def token(name: str) -> str:
    return item_token(KEYS[name])


@pytest.mark.parametrize(("name", "size"), [("picture.jpg", (256, 128)), ("clip.mp4", (64, 48)), ("old.avi", (64, 48))])
def test_thumbnail__fits_and_is_made_once(shown: Previews, name: str, size: tuple[int, int]):
    path = shown.thumbnail(token(name))
    assert Image.open(path).size == size  # the long side has at most 256 px, and nothing is enlarged
    made_ns = path.stat().st_mtime_ns
    assert shown.thumbnail(token(name)).stat().st_mtime_ns == made_ns
    assert path.is_relative_to(shown.workspace.root)


def test_video__h264_is_played_as_it_is(shown: Previews, tmp_path: Path):
    assert shown.video(token("clip.mp4")) == tmp_path / "clip.mp4"


def test_video__what_browsers_do_not_play_is_copied(shown: Previews, tmp_path: Path):
    copy = shown.video(token("old.avi"))
    assert copy.suffix == ".mp4"
    with open_video(copy) as video:
        assert (video.info.codec, video.num_frames, video.fps) == ("h264", 10, 10)
        levels = video.read(range(10)).mean(axis=(1, 2, 3))
    assert np.abs(levels - np.arange(0, 250, 25)).max() < 6  # two lossy encodings
    assert [path.name for path in copy.parent.iterdir()] == [copy.name]  # nothing half made is left


def test_video__of_a_picture_is_refused(shown: Previews):
    with pytest.raises(ItemError, match="is a picture"):
        shown.video(token("picture.jpg"))


def test_picture__is_the_frame_that_is_shown_then(shown: Previews):
    assert abs(int(shown.picture(token("clip.mp4"), short_side_px=48, time_s=0.45).mean()) - 100) < 3  # frame 4 of 10
    assert shown.picture(token("picture.jpg"), short_side_px=32).shape == (32, 64, 3)


@pytest.mark.parametrize("what", ["thumbnail", "video"])
def test_a_file_that_is_gone__says_so(shown: Previews, what: str):
    with pytest.raises(ItemError) as error:
        getattr(shown, what)(token("gone.mp4"))
    assert error.value.reason == "missing_file"


def test_locate__labelled_clips_have_tokens_too(shown: Previews, tmp_path: Path):
    assert shown.locate(clip_token(tmp_path / "clip.mp4")) == (tmp_path / "clip.mp4", Format.TRIMMED)


@pytest.mark.parametrize("asked", ["ff" * 16, "../study.yaml", "..%2f", "", "t" + "0" * 32, "01" * 16 + "'"])
def test_locate__nothing_else_has_one(shown: Previews, asked: str):
    with pytest.raises(ItemError, match="is no item of"):
        shown.locate(asked)


def test_announce__spares_the_tables(shown: Previews, tmp_path: Path):
    shown.announce([("aa" * 16, tmp_path / "picture.jpg", Format.IMAGE)])
    assert shown.locate("aa" * 16) == (tmp_path / "picture.jpg", Format.IMAGE)


def test_announce__forgets_the_oldest(shown: Previews, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(previews, "_KNOWN_AT_MOST", 2)
    shown.announce((f"{i:032x}", tmp_path / "x", Format.IMAGE) for i in range(100, 103))
    with pytest.raises(ItemError):
        shown.locate(f"{100:032x}")
    assert shown.locate(f"{102:032x}")[1] is Format.IMAGE


def test_key_of__items_only(tmp_path: Path):
    assert key_of("01" * 16) == bytes([1]) * 16
    assert key_of(clip_token(tmp_path)) is None
    assert key_of("../../etc") is None
