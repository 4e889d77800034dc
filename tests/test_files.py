"""Files: whole or absent, and the old one stays while the new one is not whole."""

from pathlib import Path

import pytest

from omnisource.files import save_apart, save_atomically, write_atomically


def test_write_atomically__leaves_no_partial(tmp_path: Path):
    write_atomically(tmp_path / "deep" / "x.json", "1")
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["x.json"]


def test_save_atomically__keeps_the_old_file_when_writing_fails(tmp_path: Path):
    path = tmp_path / "a"
    write_atomically(path, "old")

    def fail(partial: Path) -> None:
        partial.write_text("ne")
        raise RuntimeError("no space left")

    with pytest.raises(RuntimeError, match="no space left"):
        save_atomically(path, fail)
    assert path.read_text() == "old"


def test_save_apart__two_at_once_do_not_meet(tmp_path: Path):
    path = tmp_path / "a"

    def save(partial: Path) -> None:
        partial.write_text("first")
        save_apart(path, lambda other: other.write_text("second"))
        assert (partial.read_text(), path.read_text()) == ("first", "second")

    save_apart(path, save)
    assert path.read_text() == "first"
    assert list(path.parent.iterdir()) == [path]
