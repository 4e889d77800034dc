"""Report.each: bad items are dropped and counted, bugs stop the run."""

import json
from dataclasses import dataclass
from pathlib import Path

import pytest

from omnisource.errors import ItemError
from omnisource.report import Report


@dataclass(frozen=True)
class Row:
    path: Path
    key: bytes


ROWS = [Row(Path(f"{number}.jpg"), bytes([number]) * 16) for number in range(10)]


def number_unless_odd(row: Row) -> int:
    number = row.key[0]
    if number % 2:
        raise ItemError("odd", f"{number} is odd")
    return number


def always_a_bug(row: Row) -> int:
    return row.key[0] // 0


@pytest.mark.parametrize("workers", [0, 2])
def test_each__keeps_the_order_and_drops_bad_items_with_a_reason(workers: int):
    with Report("test", progress=False) as report:
        assert list(report.each(ROWS, number_unless_odd, workers=workers)) == [0, 2, 4, 6, 8]
    assert report.num_done == 5
    assert report.reasons == {"odd": 5}
    assert [(d.path, d.detail) for d in report.dropped][:1] == [(Path("1.jpg"), "1 is odd")]


@pytest.mark.parametrize("workers", [0, 2])
def test_each__a_bug_stops_the_run(workers: int):
    with Report("test", progress=False) as report, pytest.raises(ZeroDivisionError):
        list(report.each(ROWS, always_a_bug, workers=workers))


def test_each__is_lazy():
    seen = []
    with Report("test", progress=False) as report:
        results = report.each(ROWS, lambda row: seen.append(row) or row)
        next(results)
    assert len(seen) == 1


def test_take_dropped__gives_each_item_once():
    report = Report("test", progress=False)
    report.drop(Path("a"), None, ItemError("x"))
    assert len(report.take_dropped()) == 1
    assert report.take_dropped() == []


def test_save__counts_and_the_first_dropped(tmp_path: Path):
    report = Report("test", progress=False)
    report.drop(Path("<b>.jpg"), b"\x01" * 16, ItemError("truncated", "half"))
    report.save(tmp_path / "r.json", num_done=3, reasons=report.reasons, dropped=report.dropped)
    saved = json.loads((tmp_path / "r.json").read_text())
    assert (saved["done"], saved["dropped"], saved["reasons"]) == (3, 1, {"truncated": 1})
    first = {"path": "<b>.jpg", "key": "01" * 16, "reason": "truncated", "detail": "half"}
    assert saved["first_dropped"] == [first]


def test_progress__a_bar_is_closed_with_the_report(capsys: pytest.CaptureFixture[str]):
    with Report("test", progress=True) as report:
        report.progress(1, 2, "half way")
    assert report._bar is None
