"""What a crawled file is: its key, and the refusals that need no decoder."""

import hashlib
from pathlib import Path

import pytest

from omnisource.errors import ItemError
from omnisource.media_files import content_key, num_bytes, parts_of, refuse_what_is_no_media

NOT_MEDIA = [
    (b"<!DOCTYPE html><html><body>404</body></html>", "an HTML page"),
    (b"\n  <html lang='en'>", "an HTML page"),
    (b"\xef\xbb\xbf<!doctype html>", "an HTML page"),  # with a byte order mark
    ("<html><title>caf\u00e9</title>".encode("latin-1"), "an HTML page"),  # not UTF-8
    (b'<?xml version="1.0"?><svg width="16">', "an SVG drawing"),
    (b'<?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>', "an XML document"),
    (b"version https://git-lfs.github.com/spec/v1\noid sha256:00", "a Git LFS pointer"),
    (b"#EXTM3U\nhttp://example.com/a.ts\n", "plain text"),  # a playlist would make FFmpeg open addresses
]


@pytest.mark.parametrize(("content", "kind"), NOT_MEDIA)
def test_refuse_what_is_no_media__names_what_it_seems_to_be(tmp_path: Path, content: bytes, kind: str) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(content)
    with pytest.raises(ItemError, match=f"not_media: .* seems to be {kind}") as caught:
        refuse_what_is_no_media(path)
    assert caught.value.reason == "not_media"


def test_refuse_what_is_no_media__a_character_cut_by_the_look_ahead_is_still_text(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(b"x" * 2047 + "\u00e9".encode() + b"y" * 100)  # the two bytes of e-acute lie across 2048
    with pytest.raises(ItemError, match="plain text"):
        refuse_what_is_no_media(path)


@pytest.mark.parametrize("head", [b"\xff\xd8\xff\xe0\x00\x10JFIF", b"\x89PNG\r\n\x1a\n", b"RIFF\x24\x00\x00\x00AVI "])
def test_refuse_what_is_no_media__lets_binary_files_pass(tmp_path: Path, head: bytes) -> None:
    path = tmp_path / "a"
    path.write_bytes(head)
    refuse_what_is_no_media(path)


def test_refuse_what_is_no_media__missing_and_empty(tmp_path: Path) -> None:
    with pytest.raises(ItemError, match="missing_file: .*No such file"):
        refuse_what_is_no_media(tmp_path / "absent.mp4")
    (tmp_path / "empty.mp4").touch()
    with pytest.raises(ItemError, match="empty_file: .* has 0 bytes"):
        refuse_what_is_no_media(tmp_path / "empty.mp4")


def test_content_key__is_blake2b_of_all_pieces(tmp_path: Path) -> None:
    content = bytes(range(256)) * 5000  # 1.28 MB: more than one piece of 1 MiB
    (tmp_path / "a").write_bytes(content)
    assert content_key(tmp_path / "a") == hashlib.blake2b(content, digest_size=16).digest()


def test_content_key__missing_file(tmp_path: Path) -> None:
    with pytest.raises(ItemError, match="missing_file"):
        content_key(tmp_path / "absent")


def write_parts(folder: Path, *numbers: object) -> Path:
    folder.mkdir(exist_ok=True)
    for number in numbers:
        (folder / f"part_{number}.mp4").write_bytes(f"content {number}".encode())
    return folder


def test_parts_of__by_number_not_by_name(tmp_path: Path) -> None:
    folder = write_parts(tmp_path / "video", *range(11))
    (folder / "part_01.mp4").write_bytes(b"no part")
    (folder / "part_11.mp4.partial").write_bytes(b"not yet")
    assert [part.name for part in parts_of(folder)] == [f"part_{i}.mp4" for i in range(11)]


@pytest.mark.parametrize(
    ("numbers", "at_least", "reason", "words"),
    [
        ((0, 2), 1, "missing_part", "lacks part_1.mp4 of 3 parts"),
        ((1,), 1, "missing_part", "lacks part_0.mp4 of 2 parts"),
        ((0, 1), 4, "missing_part", "lacks part_2.mp4 of 4 parts"),
        ((), 1, "missing_file", "holds no part_0.mp4"),
    ],
)
def test_parts_of__says_what_is_missing(tmp_path: Path, numbers, at_least: int, reason: str, words: str) -> None:
    with pytest.raises(ItemError, match=words) as caught:
        parts_of(write_parts(tmp_path / "video", *numbers), at_least=at_least)
    assert caught.value.reason == reason


def test_parts_of__no_folder(tmp_path: Path) -> None:
    with pytest.raises(ItemError, match="missing_file: .*nowhere"):
        parts_of(tmp_path / "nowhere")


def test_content_key__of_parts_depends_on_content_and_order_only(tmp_path: Path) -> None:
    one = content_key(write_parts(tmp_path / "one", 0, 1))
    assert content_key(write_parts(tmp_path / "two", 0, 1)) == one
    swapped = tmp_path / "swapped"
    swapped.mkdir()
    for number in (0, 1):
        (swapped / f"part_{number}.mp4").write_bytes(f"content {1 - number}".encode())
    assert content_key(swapped) != one
    alone = write_parts(tmp_path / "alone", 0)
    assert content_key(alone) != content_key(alone / "part_0.mp4")  # a folder of one part is not that file


def test_num_bytes__of_a_file_of_parts_and_of_nothing(tmp_path: Path) -> None:
    folder = write_parts(tmp_path / "video", 0, 10)
    assert num_bytes(folder) == len("content 0") + len("content 10")
    assert num_bytes(folder / "part_10.mp4") == len("content 10")
    assert num_bytes(tmp_path / "nowhere") == 0
