"""Openverse, by answers shaped as its API documents them."""

import pytest

from omnisource.collect.pages import WebPages
from omnisource.collect.sources.openverse import Openverse, licence_name
from omnisource.errors import ItemError
from tests.loopback_site import Reply, Site, as_json, cell, found_by, source


def _answer(path: str, params: dict[str, str]) -> Reply:
    number = int(params["page"])
    image = {
        "id": f"8624ba61-57f1-4f98-8a85-ece206c31{number:03d}",
        "title": "Bees",
        "indexed_on": "2020-07-01T12:00:00.000000Z",
        "foreign_landing_url": f"https://www.flickr.com/photos/1/{number}",
        "url": f"https://live.staticflickr.com/1/{number}_b.jpg",
        "creator": "A. Keeper",
        "license": "by-sa",
        "license_version": "2.0",
        "provider": "flickr",
        "mature": False,
    }
    broken = {"id": "x", "url": None, "license": "by"}
    results = [image, broken] if number <= 2 else []
    return as_json(
        {"result_count": 3, "page_count": 2, "page_size": 20, "page": number, "results": results, "warnings": []}
    )


def test_openverse__reads_as_many_pages_as_there_are(site: Site, pages: WebPages) -> None:
    site.answer = _answer
    found = found_by(Openverse(source("openverse", endpoint="http://site.test/v1/images/"), pages), cell())
    assert [one.candidate.url for one in found] == [
        "https://live.staticflickr.com/1/1_b.jpg",
        "https://live.staticflickr.com/1/2_b.jpg",
    ]
    assert found[0].page_url == "https://www.flickr.com/photos/1/1"
    assert (found[0].title, found[0].author, found[0].licence) == ("Bees", "A. Keeper", "CC BY-SA 2.0")
    expected = {"q": "beekeeping", "page": "1", "page_size": "20", "format": "json"}
    assert site.asked == [("/v1/images/", expected), ("/v1/images/", expected | {"page": "2"})]


def test_openverse__an_html_page_fails_the_cell(site: Site, pages: WebPages) -> None:
    site.answer = lambda path, params: (200, "text/html", "<html>busy</html>")
    with pytest.raises(ItemError, match="not_json: .* answered text/html"):
        found_by(Openverse(source("openverse", endpoint="http://site.test/v1/images/"), pages), cell())


@pytest.mark.parametrize(
    ("code", "version", "expected"),
    [
        ("by-nc-nd", "4.0", "CC BY-NC-ND 4.0"),
        ("cc0", "1.0", "CC0 1.0"),
        ("pdm", "1.0", "Public Domain Mark 1.0"),
        ("by", None, "CC BY"),
        (None, "4.0", None),
    ],
)
def test_licence_name__is_as_creative_commons_writes_it(
    code: str | None, version: str | None, expected: str | None
) -> None:
    assert licence_name(code, version) == expected
