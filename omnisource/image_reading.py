"""A picture of any kind -> frame (H, W, 3) uint8 RGB as a viewer shows it (paper 3.3, 3.5).

EXIF orientation is applied, transparency lies on white, 16 bits are scaled to 8, an animation gives its first frame.
"""

import struct
import typing
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from omnisource.errors import ItemError
from omnisource.media_files import refuse_what_is_no_media

if typing.TYPE_CHECKING:
    from PIL import Image

_FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "MPO", "ICO", "PPM", "JPEG2000", "AVIF", "TGA")
"""What Pillow may open: pictures only. Its EPS reader would start Ghostscript on a crawled file."""
_DEEP_MODES = ("I;16", "I;16B", "I;16L", "I;16N", "I")
_BROKEN = (OSError, SyntaxError, ValueError, EOFError, IndexError, RuntimeError, struct.error, zlib.error)
"""What Pillow's decoders raise on damaged files; AVIF's raises RuntimeError."""
_EXIF_ORIENTATION = 0x0112
_AREA_ABOVE = 2.0
"""Shrinking more than this averages areas; below, bilinear is as good and three times faster (benchmarks)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ImageInfo:
    """What the header of a picture promises."""

    width: int
    """Pixels as displayed."""
    height: int
    """Pixels as displayed."""
    image_format: str
    """What the content is, whatever the name says: "JPEG", "PNG", ..."""


def probe_image(path: Path, *, max_megapixels: float) -> ImageInfo:
    """Read the header only; raises ItemError: missing_file, empty_file, not_media, unreadable, bomb."""
    with _open(path, max_megapixels) as image:
        width, height = image.size
        if _is_turned(image, path):
            width, height = height, width
        return ImageInfo(width=width, height=height, image_format=image.format or "")


def read_image(path: Path, *, short_side_px: int | None = None, max_megapixels: float = 100.0) -> np.ndarray:
    """(H, W, 3) uint8 RGB; with `short_side_px` the short side has exactly that many pixels.

    A JPEG is shrunk while it is decoded. Raises ItemError like probe_image, and "truncated".
    """
    from PIL import ImageOps

    with _open(path, max_megapixels) as image:
        try:
            if short_side_px is not None:
                image.draft(None, short_side_size(*image.size, short_side_px))
            image.load()
            frame = _to_rgb(ImageOps.exif_transpose(image))
        except _BROKEN as error:
            raise ItemError("truncated", f"{path}: {error}") from None
    if short_side_px is None:
        return frame
    return resize_frame(frame, short_side_size(frame.shape[1], frame.shape[0], short_side_px))


def short_side_size(width: int, height: int, short_side_px: int) -> tuple[int, int]:
    """(width, height) with that short side and the same aspect; the long side is rounded half up."""
    short, long = min(width, height), max(width, height)
    long_px = int(long * short_side_px / short + 0.5)
    return (short_side_px, long_px) if width <= height else (long_px, short_side_px)


def resize_frame(frame: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """(H, W, 3) uint8 -> (height, width, 3) for `size` (width, height); the frame itself if it has that size."""
    import cv2

    height, width = frame.shape[:2]
    if (width, height) == size:
        return frame
    shrinks = max(width / size[0], height / size[1]) > _AREA_ABOVE
    return cv2.resize(frame, size, interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)


def _open(path: Path, max_megapixels: float) -> "Image.Image":
    import warnings

    from PIL import Image

    refuse_what_is_no_media(path)
    Image.init()  # every plugin that this build of Pillow has; nothing the second time
    formats = [name for name in _FORMATS if name in Image.OPEN]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # our own limit follows
            image = Image.open(path, formats=formats)
    except Image.DecompressionBombError as error:
        raise ItemError("bomb", f"{path}: {error}") from None
    except _BROKEN as error:
        raise ItemError("unreadable", f"{path}: {error}") from None
    megapixels = image.width * image.height / 1e6
    if megapixels > max_megapixels:
        image.close()
        detail = f"at most {max_megapixels:g} are read; validity.max_megapixels allows more"
        raise ItemError("bomb", f"{path} has {megapixels:.0f} megapixels; {detail}")
    return image


def _is_turned(image: "Image.Image", path: Path) -> bool:
    """Whether the EXIF orientation swaps width and height."""
    try:
        return image.getexif().get(_EXIF_ORIENTATION, 1) in (5, 6, 7, 8)
    except _BROKEN as error:
        raise ItemError("unreadable", f"{path}: broken EXIF data: {error}") from None


def _to_rgb(image: "Image.Image") -> np.ndarray:
    from PIL import Image

    if image.mode in _DEEP_MODES:
        grey = np.clip(np.asarray(image, dtype=np.float32) / 257 + 0.5, 0, 255).astype(np.uint8)  # 65535 / 257 = 255
        return np.repeat(grey[:, :, None], 3, axis=2)
    if image.has_transparency_data:
        over_white = Image.new("RGBA", image.size, "white")
        over_white.alpha_composite(image.convert("RGBA"))
        image = over_white
    return np.array(image.convert("RGB"))
