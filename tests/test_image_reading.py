"""Pictures of every kind become upright RGB frames, or are refused from their header."""

import json
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from omnisource.errors import ItemError
from omnisource.image_reading import probe_image, read_image, resize_frame, short_side_size

RED, BLUE = (255, 0, 0), (0, 0, 255)


def left_red_right_blue(width: int = 64, height: int = 32) -> Image.Image:
    image = Image.new("RGB", (width, height), RED)
    image.paste(BLUE, (width // 2, 0, width, height))
    return image


def save(image: Image.Image, path: Path, **options: object) -> Path:
    image.save(path, **options)
    return path


def png_header(path: Path, width: int, height: int) -> Path:
    """A PNG whose header promises a size, without pixels."""
    chunks = [
        (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)),
        (b"IDAT", zlib.compress(b"")),
        (b"IEND", b""),
    ]
    data = b"".join(struct.pack(">I", len(d)) + n + d + struct.pack(">I", zlib.crc32(n + d)) for n, d in chunks)
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + data)
    return path


def test_read_image__rgb_png_is_unchanged(tmp_path: Path) -> None:
    frame = read_image(save(left_red_right_blue(), tmp_path / "a.png"))
    assert frame.shape == (32, 64, 3) and frame.dtype == np.uint8
    assert tuple(frame[0, 0]) == RED and tuple(frame[0, 63]) == BLUE


def test_read_image__exif_orientation_6_is_turned_clockwise(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # "rotate 90 degrees clockwise to display": the left edge becomes the top
    path = save(left_red_right_blue(), tmp_path / "a.png", exif=exif)
    frame = read_image(path)
    assert frame.shape == (64, 32, 3)
    assert tuple(frame[0, 0]) == RED and tuple(frame[63, 0]) == BLUE
    info = probe_image(path, max_megapixels=1)
    assert (info.width, info.height) == (32, 64)


def test_read_image__transparent_pixels_are_white(tmp_path: Path) -> None:
    image = Image.new("RGBA", (8, 8), (255, 0, 0, 0))
    image.putpixel((0, 0), (255, 0, 0, 255))
    image.putpixel((1, 0), (0, 0, 0, 51))  # 51 / 255 = 20 % black over white: 0.8 * 255 = 204
    frame = read_image(save(image, tmp_path / "a.png"))
    assert tuple(frame[0, 0]) == RED and tuple(frame[0, 1]) == (204, 204, 204) and tuple(frame[7, 7]) == (255, 255, 255)


def test_read_image__palette_with_transparency(tmp_path: Path) -> None:
    image = left_red_right_blue().quantize(2)
    path = save(image, tmp_path / "a.gif", transparency=image.getpixel((0, 0)))
    frame = read_image(path)
    assert tuple(frame[0, 0]) == (255, 255, 255) and tuple(frame[0, 63]) == BLUE


def test_read_image__16_bits_are_scaled_not_clipped(tmp_path: Path) -> None:
    grey = np.array([[0, 257, 32896, 65535]], dtype=np.uint16)  # 257 times 0, 1, 128, 255
    frame = read_image(save(Image.fromarray(grey), tmp_path / "a.png"))
    assert frame[0, :, 0].tolist() == [0, 1, 128, 255]


@pytest.mark.parametrize("mode", ["L", "1", "CMYK", "LA"])
def test_read_image__other_modes_become_rgb(tmp_path: Path, mode: str) -> None:
    suffix = ".tiff" if mode == "CMYK" else ".png"
    frame = read_image(save(Image.new("RGB", (8, 4), "white").convert(mode), tmp_path / f"a{suffix}"))
    assert frame.shape == (4, 8, 3) and frame.min() >= 254


def test_read_image__animation_gives_its_first_frame(tmp_path: Path) -> None:
    first, second = Image.new("RGB", (8, 8), RED), Image.new("RGB", (8, 8), BLUE)
    frame = read_image(save(first, tmp_path / "a.gif", save_all=True, append_images=[second]))
    assert tuple(frame[0, 0]) == RED


def test_read_image__content_counts_not_the_name(tmp_path: Path) -> None:
    path = save(left_red_right_blue(), tmp_path / "a.jpg", format="PNG")
    assert probe_image(path, max_megapixels=1).image_format == "PNG"
    assert read_image(path).shape == (32, 64, 3)


@pytest.mark.parametrize("size", [(1920, 1080), (333, 251), (129, 500)])
def test_read_image__short_side_is_exact_for_large_and_small(tmp_path: Path, size: tuple[int, int]) -> None:
    frame = read_image(save(left_red_right_blue(*size), tmp_path / "a.jpg"), short_side_px=256)
    assert min(frame.shape[:2]) == 256


def test_read_image__shrunk_jpeg_is_close_to_a_full_decode(tmp_path: Path) -> None:
    ramp = np.linspace(0, 255, 1600).astype(np.uint8)
    picture = np.repeat(np.tile(ramp, (1200, 1))[:, :, None], 3, axis=2)
    path = save(Image.fromarray(picture), tmp_path / "a.jpg", quality=95)
    shrunk = read_image(path, short_side_px=240)
    full = resize_frame(read_image(path), (320, 240))
    assert np.abs(shrunk.astype(int) - full).mean() <= 1.0  # performance facts: within 0.7 grey levels


def test_read_image__half_a_jpeg_is_truncated(tmp_path: Path, rng: np.random.Generator) -> None:
    noise = Image.fromarray(rng.integers(0, 256, (64, 64, 3), dtype=np.uint8))
    whole = save(noise, tmp_path / "a.jpg").read_bytes()
    (tmp_path / "b.jpg").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ItemError, match="truncated: .*b.jpg"):
        read_image(tmp_path / "b.jpg")
    with pytest.raises(ItemError, match="truncated"):
        read_image(tmp_path / "b.jpg", short_side_px=16)


def test_probe_image__unreadable_bytes(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(b"\xff\xd8\xff\x00\x01\x02")
    with pytest.raises(ItemError, match="unreadable: .*cannot identify"):
        probe_image(tmp_path / "a.jpg", max_megapixels=1)


def test_probe_image__refuses_formats_that_start_other_programs(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n\x00")  # Ghostscript
    with pytest.raises(ItemError, match="unreadable"):
        probe_image(tmp_path / "a.jpg", max_megapixels=1)


@pytest.mark.parametrize(
    ("width", "height", "limit", "message"),
    [
        (2000, 1000, 1.5, "bomb: .* has 2 megapixels; at most 1.5 are read; validity.max_megapixels allows more"),
        (30000, 30000, 100, "bomb: .*exceeds limit"),  # Pillow's own limit is met first
    ],
)
def test_probe_image__bombs_are_refused_from_the_header(
    tmp_path: Path, width: int, height: int, limit: float, message: str
) -> None:
    with pytest.raises(ItemError, match=message):
        probe_image(png_header(tmp_path / "a.png", width, height), max_megapixels=limit)


def test_short_side_size__released_vectors(facts: Path) -> None:
    vectors = json.loads((facts / "transform_vectors.json").read_text())["resize_short_side_256"]
    for vector in vectors:
        assert list(short_side_size(*vector["in_w_h"], 256)) == vector["out_w_h"]


def test_resize_frame__averages_areas_when_it_shrinks_a_lot() -> None:
    stripes = np.zeros((40, 40, 3), np.uint8)
    stripes[:, ::2] = 200  # every output pixel covers 4 columns, 2 of them 200: mean 100
    assert np.unique(resize_frame(stripes, (10, 10))).tolist() == [100]


def test_resize_frame__keeps_a_frame_of_the_right_size() -> None:
    frame = np.zeros((4, 6, 3), np.uint8)
    assert resize_frame(frame, (6, 4)) is frame
