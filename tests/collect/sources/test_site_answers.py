"""What the sources share: candidates, paging, JSON of foreign sites."""

from datetime import date

import pytest

from omnisource.collect.search import Found, Page
from omnisource.collect.sources.site_answers import (
    at,
    candidate,
    is_web_address,
    number_at,
    read_json,
    records_at,
    text_at,
    until_nothing_new,
)
from omnisource.errors import ItemError
from omnisource.types import Format
from tests.loopback_site import cell, source

DOCUMENT = {"a": [{"b": " x "}, 7, {"b": 2.5}], "yes": True, "none": None}


def test_candidate__carries_the_window_as_iso_days() -> None:
    asked = cell(published_after=date(2013, 1, 1), published_before=date(2014, 1, 1))
    made = candidate(source("google"), asked, "https://a.example/1.jpg")
    assert (made.source, made.format, made.class_index) == ("found", Format.IMAGE, 0)
    assert (made.published_after, made.published_before) == ("2013-01-01", "2014-01-01")
    assert candidate(source("google"), cell(), "https://a.example/1.jpg").published_after is None
    assert candidate(source("google"), cell(), "https://a.example/\ud800").url == "https://a.example/?"


@pytest.mark.parametrize(
    ("asked", "num_pages"),
    [
        ([["a", "b"], ["c"], []], 3),  # an empty page is asked for and ends it
        ([["a", "b"], ["b", "a"], ["c"]], 2),  # a site that repeats its last page for ever
        ([[]], 1),
    ],
)
def test_until_nothing_new__ends_with_the_first_page_without_news(asked: list[list[str]], num_pages: int) -> None:
    numbers = []

    def ask(number: int) -> list[Found]:
        numbers.append(number)
        return [Found(candidate=candidate(source("google"), cell(), url)) for url in asked[number - 1]]

    assert len(list(until_nothing_new(ask, first=1))) == num_pages
    assert numbers == list(range(1, num_pages + 1))


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://a.example/x", True),
        ("HTTP://a.example", True),
        ("data:image/png;base64,AA", False),
        ("file:///etc/passwd", False),
        ("http:///x", False),
        (None, False),
    ],
)
def test_is_web_address__knows_http_only(url: str | None, expected: bool) -> None:
    assert is_web_address(url) is expected


@pytest.mark.parametrize("text", ["<html>", "[" * 100_000])
def test_read_json__says_what_came_instead(text: str) -> None:
    page = Page(url="https://a.example/api", content_type="text/html", text=text)
    with pytest.raises(ItemError, match="not_json: https://a.example/api answered text/html, which is not JSON"):
        read_json(page)


def test_at__follows_keys_and_places_and_is_none_elsewhere() -> None:
    assert at(DOCUMENT, "a", 1) == 7
    assert at(DOCUMENT, "a", 9) is None
    assert at(DOCUMENT, "a", "b") is None
    assert text_at(DOCUMENT, "a", 0, "b") == "x"
    assert text_at(DOCUMENT, "a", 1) == "7"
    assert text_at(DOCUMENT, "yes") is None  # true is no text
    assert text_at(DOCUMENT, "none") is None
    assert number_at(DOCUMENT, "a", 2, "b") == 2.5
    assert number_at(DOCUMENT, "a", 0, "b") is None
    assert number_at([float("inf")], 0) is number_at(["NaN"], 0) is None  # which JSON may hold
    assert text_at(["bees \ud83d"], 0) == "bees ?"  # half a surrogate pair cannot be written down


def test_records_at__passes_over_what_is_no_object() -> None:
    assert records_at(DOCUMENT, "a") == [{"b": " x "}, {"b": 2.5}]
    assert records_at(DOCUMENT, "yes") == []
