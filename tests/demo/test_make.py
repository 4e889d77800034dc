"""Making: files are what their pieces say, readable or broken."""

from pathlib import Path

import numpy as np
import pytest

from omnisource.demo.make import make_piece
from omnisource.demo.plan import BREAKAGES, Piece, WorldSize
from omnisource.demo.scene import Act
from omnisource.errors import ItemError
from omnisource.media import open_video, probe_image, read_image

SIZE = WorldSize(width=64, height=48, fps=8, clip_s=1.0, video_fps=4)
ACT = Act(motion="bouncing", toy="duck")
CLIP = Piece(path="target/val/bouncing_duck/000.mp4", kind="clip", act=ACT)


def _make(piece: Piece, root: Path) -> Path:
    path = root / piece.path
    path.parent.mkdir(parents=True, exist_ok=True)
    make_piece(piece, root, 0, SIZE)
    return path


def _frames(path: Path) -> np.ndarray:
    with open_video(path) as video:
        return video.read(range(video.num_frames))


def test_make_piece__clip_has_size_and_length(tmp_path: Path) -> None:
    assert _frames(_make(CLIP, tmp_path)).shape == (8, 48, 64, 3)


def test_make_piece__is_repeatable(tmp_path: Path) -> None:
    first, second = (_make(CLIP, tmp_path / name).read_bytes() for name in ("a", "b"))

    assert first == second


def test_make_piece__long_video_has_its_duration(tmp_path: Path) -> None:
    piece = Piece(path="web/video/bouncing_duck/0.mp4", kind="video", act=ACT, segments=((2.0, 4.0),), duration_s=10.0)

    assert len(_frames(_make(piece, tmp_path))) == 40  # 10 s at 4 frames a second


def test_make_piece__copy_resembles_its_original(tmp_path: Path) -> None:
    copy = Piece(path="web/clip/bouncing_duck/re.mp4", kind="clip_copy", act=ACT, original=CLIP.path)
    stranger = Piece(path="target/val/bouncing_duck/001.mp4", kind="clip", act=ACT)
    pictures = [_frames(_make(piece, tmp_path))[0].astype(float) for piece in (CLIP, copy, stranger)]

    height, width = pictures[1].shape[:2]
    original, copied, other = (picture[:height, :width].ravel() for picture in pictures)
    alike, unlike = np.corrcoef(original, copied)[0, 1], np.corrcoef(original, other)[0, 1]
    assert alike > unlike + 0.2
    assert (original != copied).mean() > 0.5  # but no file is the same


@pytest.mark.parametrize("ending", ["jpg", "png", "webp"])
def test_make_piece__pictures_can_be_read(ending: str, tmp_path: Path) -> None:
    piece = Piece(path=f"web/image/bouncing_duck/1.{ending}", kind="picture", act=ACT, style="studio")
    picture = read_image(_make(piece, tmp_path))

    assert 96 <= min(picture.shape[:2]) <= 200


@pytest.mark.parametrize("style", [style for style in BREAKAGES if style.endswith("mp4")])
def test_make_piece__broken_videos_cannot_be_opened(style: str, tmp_path: Path) -> None:
    path = _make(Piece(path=f"web/clip/bouncing_duck/x.{style.split('.')[1]}", kind="broken", style=style), tmp_path)

    with pytest.raises(ItemError):
        _frames(path)


@pytest.mark.parametrize("style", ["empty.jpg", "page.jpg", "cut.jpg"])
def test_make_piece__broken_pictures_cannot_be_read(style: str, tmp_path: Path) -> None:
    path = _make(Piece(path="web/image/bouncing_duck/x.jpg", kind="broken", style=style), tmp_path)

    with pytest.raises(ItemError):
        read_image(path)


def test_make_piece__icon_is_too_small(tmp_path: Path) -> None:
    path = _make(Piece(path="web/image/bouncing_duck/x.png", kind="broken", style="icon.png"), tmp_path)

    assert probe_image(path, max_megapixels=1).width == 16


def test_make_piece__two_broken_pictures_are_two_items(tmp_path: Path) -> None:
    pieces = [Piece(path=f"web/image/bouncing_duck/{i}.jpg", kind="broken", style="cut.jpg") for i in range(2)]
    first, second = (_make(piece, tmp_path).read_bytes() for piece in pieces)

    assert first != second
