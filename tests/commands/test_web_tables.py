"""The tables of what searching and downloading gave."""

import pytest

from omnisource.commands.web_tables import print_outcomes, print_planted, print_searches
from omnisource.pipeline.fetch_outcomes import Outcome, SearchCounts
from omnisource.pipeline.planted import Planted


def lines_of(printed: str) -> list[list[str]]:
    return [line.split() for line in printed.splitlines() if line.strip()]


def test_print_searches__a_row_for_each_source(capsys: pytest.CaptureFixture[str]):
    print_searches([SearchCounts(source="web", cells=12, failed=1, requests=30, returned=1200, candidates=900)])
    assert ["web", "12", "1", "30", "1,200", "900"] in lines_of(capsys.readouterr().out)


def test_print_outcomes__names_from_the_web_are_no_markup(capsys: pytest.CaptureFixture[str]):
    row = {"source": "web", "reason": "ok", "attempts": 2, "example": ""}
    print_outcomes(
        [
            Outcome(**row, host="[bold]a", may_retry=False, addresses=2, num_bytes=3 << 20),
            Outcome(**row | {"reason": "timeout"}, host="b", may_retry=True, addresses=1, num_bytes=0),
        ]
    )
    lines = lines_of(capsys.readouterr().out)
    assert ["web", "[bold]a", "ok", "2", "3.0"] in lines
    assert ["web", "b", "timeout", "1", "may", "be", "tried", "again"] in lines


def test_print_planted__says_whether_the_numbers_are_equal(capsys: pytest.CaptureFixture[str]):
    print_planted(
        [
            Planted(kind="no byte", seen_as="empty_file", planted=2, found=2),
            Planted(kind="not there", seen_as="not_found", planted=2, found=1),
        ]
    )
    lines = lines_of(capsys.readouterr().out)
    assert ["no", "byte", "empty_file", "2", "2", "equal"] in lines
    assert ["not", "there", "not_found", "2", "1", "not", "equal"] in lines
