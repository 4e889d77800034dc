"""What a crawled file is: its key, and the refusals that need no decoder."""

import hashlib
from pathlib import Path

import pytest

from omnisource.errors import ItemError
from omnisource.media_files import content_key, refuse_what_is_no_media

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
