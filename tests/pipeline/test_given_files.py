"""What a person names becomes files, each once, and each is known by its content."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from omnisource import media
from omnisource.errors import DataError, ItemError
from omnisource.pipeline.given_files import GivenFile, look, media_files


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clip of 2 s, a picture, an animation, a GIF of one frame, a page, and a video in two parts."""
    folder = tmp_path_factory.mktemp("files")
    frames = np.random.default_rng(0).integers(0, 256, (8, 16, 16, 3), dtype=np.uint8)
    media.write_video(folder / "clip.mp4", frames, fps=4)
    pictures = [Image.fromarray(frame) for frame in frames[:4]]
    pictures[0].save(folder / "picture.png")
    pictures[0].save(folder / "moving.gif", save_all=True, append_images=pictures[1:], duration=500)
    pictures[0].save(folder / "still.gif")
    (folder / "page.jpg").write_text("<!DOCTYPE html><html></html>")
    (folder / "notes.txt").write_text("not media")
    (folder / "deep" / "parts").mkdir(parents=True)
    for number in range(2):
        shutil.copy(folder / "clip.mp4", folder / "deep" / "parts" / f"part_{number}.mp4")
    (folder / ".hidden").mkdir()
    shutil.copy(folder / "clip.mp4", folder / ".hidden" / "clip.mp4")
    return folder


def names(paths: list[Path], folder: Path) -> list[str]:
    return [path.relative_to(folder).as_posix() for path in paths]


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ([""], ["clip.mp4", "deep/parts", "moving.gif", "page.jpg", "picture.png", "still.gif"]),  # no text, no hidden
        (["deep"], ["deep/parts"]),
        (["deep/parts"], ["deep/parts"]),  # one video
        (["*.gif"], ["moving.gif", "still.gif"]),
        (["**/part_1.mp4"], ["deep/parts/part_1.mp4"]),  # named itself
        (["notes.txt", "gone.mp4"], ["notes.txt", "gone.mp4"]),  # whoever reads them says what is wrong
        (["clip.mp4", "clip.mp4", "*.mp4"], ["clip.mp4"]),
    ],
)
def test_media_files__files_folders_and_patterns(files: Path, given: list[str], found: list[str]):
    assert names(media_files([str(files / name) for name in given]), files) == found


@pytest.mark.parametrize("given", ["*.mkv", "empty"])
def test_media_files__nothing_there(tmp_path: Path, given: str):
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="holds no picture and no video; name files with other endings themselves"):
        media_files([str(tmp_path / given)])


@pytest.mark.parametrize(
    ("name", "duration_s"),
    [
        ("clip.mp4", 2.0),  # 8 frames at 4 a second
        ("deep/parts", 12.0),  # part i starts at 10 i seconds
        ("picture.png", None),
        ("moving.gif", 2.0),  # 4 frames of half a second
        ("still.gif", None),
    ],
)
def test_look__knows_pictures_and_videos_by_their_content(files: Path, name: str, duration_s: float | None):
    found = look(GivenFile(path=files / name))
    assert found.path == files / name
    assert found.duration_s == (None if duration_s is None else pytest.approx(duration_s))


def test_look__the_name_may_lie(files: Path, tmp_path: Path):
    shutil.copy(files / "clip.mp4", tmp_path / "a.jpg")
    shutil.copy(files / "picture.png", tmp_path / "b.mp4")
    assert look(GivenFile(path=tmp_path / "a.jpg")).duration_s == pytest.approx(2.0)
    assert look(GivenFile(path=tmp_path / "b.mp4")).duration_s is None


@pytest.mark.parametrize(
    ("name", "reason"),
    [("gone.mp4", "missing_file"), ("page.jpg", "not_media"), ("notes.txt", "not_media"), ("deep", "missing_file")],
)
def test_look__says_why_not(files: Path, name: str, reason: str):
    with pytest.raises(ItemError) as caught:
        look(GivenFile(path=files / name))
    assert caught.value.reason == reason
