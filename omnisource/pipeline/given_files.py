"""What a person names - files, folders, patterns - -> pictures and videos, each known by its content (paper 3.3)."""

import glob
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from omnisource.errors import DataError, ItemError
from omnisource.media import probe_image, probe_video

SUFFIXES = {
    *(".mp4", ".m4v", ".mov", ".mkv", ".webm", ".avi", ".flv", ".wmv", ".mpg", ".mpeg", ".ts", ".mts", ".3gp", ".ogv"),
    *(".gif", ".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff", ".avif", ".jp2"),
}
"""Endings of the files that are taken from a folder; a file that is named itself may have any."""
MAX_MEGAPIXELS = 100.0
"""Larger pictures are not read, as when web data is checked."""


@dataclass(frozen=True, kw_only=True, slots=True)
class GivenFile:
    """A picture or a video."""

    path: Path
    """Where it lies; for a video in parts their folder."""
    duration_s: float | None = None
    """Of a video; None for a picture."""
    flow: Path | None = None
    """Its optical flow, for a network that sees that."""

    @property
    def seen(self) -> Path:
        """What a network reads."""
        return self.flow or self.path


def media_files(given: Iterable[str]) -> list[Path]:
    """Files, folders and patterns such as `clips/*.mp4` -> files, each once.

    A folder gives its files and those of its sub-folders, sorted, that are pictures or videos by their ending; one with
    part_0.mp4, part_1.mp4, ... is a video itself. Raises DataError for a folder or a pattern without any; a single file
    that is missing is reported by `look`.
    """
    found: dict[Path, None] = {}
    for name in given:
        path = Path(name)
        if path.is_dir():
            files = [_whole(p) for p in sorted(path.rglob("*")) if p.suffix.lower() in SUFFIXES and _is_shown(p, path)]
        elif not path.exists() and glob.has_magic(name):
            files = [Path(match) for match in sorted(glob.glob(name, recursive=True)) if Path(match).is_file()]
        else:
            files = [path]
        if not files:
            raise DataError(f"{name} holds no picture and no video; name files with other endings themselves")
        found |= dict.fromkeys(files)
    return list(found)


def look(file: GivenFile) -> GivenFile:
    """Whether it is a picture or a video, whatever its name says, and how long; raises ItemError."""
    if not file.path.is_dir() and _is_picture(file.path):
        return file
    info = probe_video(file.path)
    return file if info.codec == "gif" and info.num_frames == 1 else replace(file, duration_s=info.duration_s)


def _is_picture(path: Path) -> bool:
    """By its header; a GIF may be either. Raises ItemError for what is no video either."""
    try:
        return probe_image(path, max_megapixels=MAX_MEGAPIXELS).image_format != "GIF"
    except ItemError as error:
        if error.reason != "unreadable":
            raise
        return False


def _whole(path: Path) -> Path:
    """The folder of a video that is stored in parts, else the file."""
    is_part = path.name.startswith("part_") and (path.parent / "part_0.mp4").is_file()
    return path.parent if is_part else path


def _is_shown(path: Path, folder: Path) -> bool:
    hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
    return not hidden and path.is_file()
