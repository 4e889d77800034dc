"""What sources are asked for and what they give."""

from dataclasses import FrozenInstanceError
from datetime import date

import pytest

from omnisource.collect.search import Cell, Found, ResultPage
from omnisource.types import Candidate, Format


def test_cell__is_one_query_in_one_window_and_can_be_looked_up() -> None:
    window = {"published_after": date(2013, 1, 1), "published_before": date(2014, 1, 1)}
    first, again = (Cell(source="s", class_index=0, query="beekeeping", **window) for _ in range(2))
    assert first == again
    assert len({first, again, Cell(source="s", class_index=0, query="beekeeping")}) == 2


def test_result_page__is_what_one_request_gave() -> None:
    candidate = Candidate(url="https://a.example/1.jpg", source="s", format=Format.IMAGE, query="q", class_index=0)
    page = ResultPage(found=(Found(candidate=candidate),))
    assert page.requests == 1
    with pytest.raises(FrozenInstanceError):
        page.requests = 2
