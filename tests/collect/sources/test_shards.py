"""Tars of crawlers: what is unpacked, where, and what is not."""

import io
import os
import tarfile
from pathlib import Path

import pytest

from omnisource.collect.sources.shards import unpack_shard

ENDINGS = frozenset((".jpg",))


def _tar(path: Path, *members: tuple[tarfile.TarInfo | str, bytes], mode: str = "w") -> Path:
    with tarfile.open(path, mode) as archive:
        for named, content in members:
            info = tarfile.TarInfo(named) if isinstance(named, str) else named
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return path


def _link(name: str, target: str, kind: bytes) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info


def _unpacked(folder: Path) -> dict[str, bytes]:
    files = sorted(path for path in folder.rglob("*") if path.is_file() and not path.name.startswith("."))
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def test_unpack_shard__media_and_notes_once(tmp_path: Path) -> None:
    shard = _tar(
        tmp_path / "0.tar", ("000.jpg", b"picture"), ("000.json", b"{}"), ("000.m4a", b"sound"), ("a/1.jpg", b"b")
    )
    out = tmp_path / "out"
    assert unpack_shard(shard, out, endings=ENDINGS, max_bytes=100) == {}
    assert _unpacked(out) == {"000.jpg": b"picture", "000.json": b"{}", "a/1.jpg": b"b"}
    (out / "000.jpg").unlink()
    unpack_shard(shard, out, endings=ENDINGS, max_bytes=100)
    assert "000.jpg" not in _unpacked(out)  # a finished shard is not read again


def test_unpack_shard__a_shard_that_changed_is_read_anew(tmp_path: Path) -> None:
    out = tmp_path / "out"
    unpack_shard(_tar(tmp_path / "0.tar", ("1.jpg", b"old")), out, endings=ENDINGS, max_bytes=100)
    shard = _tar(tmp_path / "0.tar", ("1.jpg", b"new"))
    os.utime(shard, ns=(1, 1))
    unpack_shard(shard, out, endings=ENDINGS, max_bytes=100)
    assert _unpacked(out) == {"1.jpg": b"new"}


@pytest.mark.parametrize(
    ("named", "content", "reason"),
    [
        ("../evil.jpg", b"x", "bad_name"),
        ("a/../../evil.jpg", b"x", "bad_name"),
        ("/evil.jpg", b"x", "bad_name"),
        (".hidden/evil.jpg", b"x", "bad_name"),
        ("a\\..\\evil.jpg", b"x", "bad_name"),  # a path to Windows
        ("C:evil.jpg", b"x", "bad_name"),
        ("a" * 300 + ".jpg", b"x", "bad_name"),
        ("a/" * 20 + "evil.jpg", b"x", "bad_name"),
        ("big.jpg", b"x" * 101, "too_large"),
        (_link("evil.jpg", "/etc/passwd", tarfile.SYMTYPE), b"", "not_a_file"),
        (_link("evil.jpg", "/etc/passwd", tarfile.LNKTYPE), b"", "not_a_file"),
        (_link("evil.jpg", "", tarfile.FIFOTYPE), b"", "not_a_file"),
        (_link("evil.jpg", "", tarfile.CHRTYPE), b"", "not_a_file"),
    ],
)
def test_unpack_shard__nothing_leaves_its_folder(
    tmp_path: Path, named: tarfile.TarInfo | str, content: bytes, reason: str
) -> None:
    shard = _tar(tmp_path / "0.tar", (named, content), ("good.jpg", b"fine"))
    out = tmp_path / "deep" / "out"
    before = set(tmp_path.rglob("*"))
    assert unpack_shard(shard, out, endings=ENDINGS, max_bytes=100) == {getattr(named, "name", named): reason}
    assert _unpacked(out) == {"good.jpg": b"fine"}
    assert {path for path in set(tmp_path.rglob("*")) - before if out not in (path, *path.parents)} == {out.parent}


def test_unpack_shard__a_link_into_a_folder_is_not_followed(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    shard = _tar(tmp_path / "0.tar", (_link("a", str(outside), tarfile.SYMTYPE), b""), ("a/evil.jpg", b"x"))
    unpack_shard(shard, tmp_path / "out", endings=ENDINGS, max_bytes=100)
    assert list(outside.iterdir()) == []


def test_unpack_shard__a_file_and_a_folder_of_one_name(tmp_path: Path) -> None:
    shard = _tar(tmp_path / "0.tar", ("a.jpg", b"x"), ("a.jpg/b.jpg", b"y"), ("c.jpg", b"z"))
    assert unpack_shard(shard, tmp_path / "out", endings=ENDINGS, max_bytes=100) == {"a.jpg/b.jpg": "bad_name"}
    assert set(_unpacked(tmp_path / "out")) == {"a.jpg", "c.jpg"}


def test_unpack_shard__a_broken_tar_gives_what_is_whole(tmp_path: Path) -> None:
    shard = _tar(tmp_path / "0.tar", ("a.jpg", b"x" * 2000), ("b.jpg", b"y" * 2000))
    shard.write_bytes(shard.read_bytes()[:4000])  # within the second picture
    assert unpack_shard(shard, tmp_path / "out", endings=ENDINGS, max_bytes=10_000) == {"": "broken_shard"}
    assert set(_unpacked(tmp_path / "out")) - {"b.jpg.partial"} == {"a.jpg"}


def test_unpack_shard__a_compressed_tar_is_no_shard(tmp_path: Path) -> None:
    bomb = _tar(tmp_path / "0.tar", ("a.jpg", b"\0" * 1_000_000), mode="w:gz")  # a thousandth of its content
    assert unpack_shard(bomb, tmp_path / "out", endings=ENDINGS, max_bytes=10_000_000) == {"": "broken_shard"}
    assert _unpacked(tmp_path / "out") == {}


def test_unpack_shard__a_sparse_file_is_not_what_it_says(tmp_path: Path) -> None:
    info = tarfile.TarInfo("hole.jpg")
    info.type = tarfile.GNUTYPE_SPARSE
    shard = tmp_path / "0.tar"
    header = bytearray(info.tobuf(tarfile.GNU_FORMAT))
    shard.write_bytes(bytes(header) + b"\0" * 10240)
    assert unpack_shard(shard, tmp_path / "out", endings=ENDINGS, max_bytes=100) == {"hole.jpg": "not_a_file"}
