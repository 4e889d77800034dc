"""What a body is by its first bytes, whatever its server calls it."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from omnisource.collect.fetch_error import FetchError
from omnisource.collect.sniffing import HEAD_BYTES, media_ending, require_media
from omnisource.media import write_video
from omnisource.types import Format


@pytest.mark.parametrize(
    ("name", "ending"),
    [("JPEG", "jpg"), ("PNG", "png"), ("GIF", "gif"), ("WEBP", "webp"), ("BMP", "bmp"), ("TIFF", "tiff")]
    + [("AVIF", "avif"), ("JPEG2000", "jp2"), ("PPM", "ppm")],
)
def test_media_ending__of_what_pillow_writes(name: str, ending: str) -> None:
    encoded = io.BytesIO()
    Image.new("RGB", (16, 16)).save(encoded, name)
    assert media_ending(encoded.getvalue()[:HEAD_BYTES], Format.IMAGE) == ending


@pytest.mark.parametrize(
    ("suffix", "codec", "ending"),
    [("mp4", "mpeg4", "mp4"), ("mov", "mpeg4", "mov"), ("3gp", "mpeg4", "3gp"), ("webm", "vp8", "webm")]
    + [("mkv", "mpeg4", "mkv"), ("avi", "mpeg4", "avi"), ("flv", "flv", "flv"), ("mpg", "mpeg1video", "mpg")]
    + [("ts", "mpeg1video", "ts"), ("wmv", "wmv2", "wmv")],
)
def test_media_ending__of_what_ffmpeg_writes(suffix: str, codec: str, ending: str, tmp_path: Path) -> None:
    import av

    names = {"mkv": "matroska", "ts": "mpegts", "mpg": "mpeg", "wmv": "asf"}
    path = tmp_path / "video"
    black = av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), np.uint8), format="rgb24")
    with av.open(str(path), "w", format=names.get(suffix, suffix)) as container:
        stream = container.add_stream(codec, rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 64, "yuv420p"
        container.mux(stream.encode(black))
        container.mux(stream.encode(None))
    head = path.read_bytes()[:HEAD_BYTES]
    assert media_ending(head, Format.TRIMMED) == ending
    assert media_ending(head, Format.IMAGE) is None


def test_media_ending__of_what_we_write(tmp_path: Path) -> None:
    write_video(tmp_path / "clip.bin", np.zeros((3, 32, 32, 3), np.uint8), fps=25)
    assert media_ending((tmp_path / "clip.bin").read_bytes()[:HEAD_BYTES], Format.UNTRIMMED) == "mp4"


@pytest.mark.parametrize(
    ("head", "format", "words"),
    [
        (b"<!DOCTYPE html><title>404", Format.IMAGE, "it begins as HTML, not as a picture"),
        (b"\xef\xbb\xbf \n<!-- made by x --><HTML>", Format.IMAGE, "it begins as HTML, not as a picture"),
        (b'{"error": 1}', Format.TRIMMED, "it begins as JSON, not as a video"),
        (b"#EXTM3U\n#EXT-X-VERSION:3", Format.UNTRIMMED, "it begins as a playlist, not as a video"),
        (b"\xff\xd8\xff\xe0", Format.TRIMMED, "it begins as a .jpg file, not as a video"),
        (b"\x1aE\xdf\xa3" + bytes(20) + b"webm", Format.IMAGE, "it begins as a .webm file, not as a picture"),
        (b"\x7fELF", Format.IMAGE, "it begins as a program, not as a picture"),
        (b"%!PS-Adobe", Format.IMAGE, "it begins as something unknown, not as a picture"),
        (b"version https://git-lfs.github.com/spec/v1", Format.IMAGE, "something unknown"),
        (b"BM or not to BM, that is the question", Format.IMAGE, "something unknown"),
    ],
)
def test_require_media__says_what_came_instead(head: bytes, format: Format, words: str) -> None:
    with pytest.raises(FetchError) as error:
        require_media(head, format)
    assert (error.value.reason, error.value.retry) == ("wrong_type", False)
    assert words in error.value.detail


def test_media_ending__of_an_ogg_stream() -> None:
    assert media_ending(b"OggS\0\2" + bytes(20) + b"\1\x1etheora", Format.TRIMMED) == "ogv"


def test_media_ending__a_gif_is_a_picture_and_a_clip() -> None:
    assert media_ending(b"GIF89a...", Format.IMAGE) == media_ending(b"GIF89a...", Format.TRIMMED) == "gif"
