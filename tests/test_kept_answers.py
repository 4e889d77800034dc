"""Answers that are kept on the disk until a part changes."""

import logging
import os
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from omnisource import kept_answers
from omnisource.kept_answers import MOST, answer, parts_of


class Asked:
    """A query that counts how often it is asked."""

    def __init__(self) -> None:
        self.times = 0

    def __call__(self) -> pa.Table:
        self.times += 1
        return pa.table({"n": [self.times]})


@pytest.fixture
def part(tmp_path: Path) -> Path:
    path = tmp_path / "it's" / "part-000000.parquet"
    path.parent.mkdir()
    pq.write_table(pa.table({"x": [1]}), path)
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "answers"


def sql_of(part: Path) -> str:
    return f"SELECT count(*) AS n FROM read_parquet(['{str(part).replace(chr(39), chr(39) * 2)}'])"


@pytest.fixture(autouse=True)
def _all_is_slow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept_answers, "SLOW_S", 0.0)


def numbers(folder: Path, sql: str, asked: Asked, **parameters: object) -> list[int]:
    return answer(folder, sql, parameters, asked)["n"].to_pylist()


def test_parts_of__every_file_that_a_query_names():
    sql = "SELECT 1 FROM read_parquet(['/a/it''s/1.parquet', '/a/2.parquet'], filename = true) WHERE x = '.parquet!'"
    assert parts_of(sql) == [Path("/a/2.parquet"), Path("/a/it's/1.parquet")]


def test_answer__a_slow_question_is_asked_once(folder: Path, part: Path):
    asked = Asked()
    assert numbers(folder, sql_of(part), asked) == numbers(folder, sql_of(part), asked) == [1]
    assert asked.times == 1


def test_answer__a_quick_one_leaves_no_file(folder: Path, part: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(kept_answers, "SLOW_S", 60.0)
    asked = Asked()
    assert [numbers(folder, sql_of(part), asked)[0] for _ in range(2)] == [1, 2]
    assert not folder.exists()


def test_answer__is_asked_anew_when_a_part_was_changed(folder: Path, part: Path):
    asked = Asked()
    numbers(folder, sql_of(part), asked)
    os.utime(part, ns=(1, 1))
    assert numbers(folder, sql_of(part), asked) == [2]
    part.unlink()
    assert numbers(folder, sql_of(part), asked) == [3]


def test_answer__other_parameters_are_another_question(folder: Path, part: Path):
    asked = Asked()
    assert numbers(folder, sql_of(part), asked, source="a") == [1]
    assert numbers(folder, sql_of(part), asked, source="b") == [2]
    assert numbers(folder, sql_of(part), asked, source="a") == [1]


def test_answer__a_damaged_file_is_written_anew(folder: Path, part: Path):
    asked = Asked()
    numbers(folder, sql_of(part), asked)
    (kept,) = folder.glob("*.arrow")
    kept.write_bytes(kept.read_bytes()[:20])
    assert numbers(folder, sql_of(part), asked) == numbers(folder, sql_of(part), asked) == [2]


def test_answer__the_oldest_files_go_first(folder: Path, part: Path):
    folder.mkdir()
    for number in range(MOST):
        path = folder / f"{number}.arrow"
        path.touch()
        os.utime(path, ns=(number, number))
    numbers(folder, sql_of(part), Asked())
    assert len(list(folder.iterdir())) == MOST
    assert not (folder / "0.arrow").exists() and (folder / "1.arrow").exists()


def test_answer__where_the_disk_refuses_it_is_asked_again(folder: Path, part: Path, caplog: pytest.LogCaptureFixture):
    folder.write_text("a file where a folder should be")
    asked = Asked()
    with caplog.at_level(logging.WARNING):
        assert [numbers(folder, sql_of(part), asked)[0] for _ in range(2)] == [1, 2]
    assert "is not kept" in caplog.text
