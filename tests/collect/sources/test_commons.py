"""Wikimedia Commons, by answers shaped as MediaWiki documents them (formatversion 2)."""

import pytest

from omnisource.collect.pages import WebPages
from omnisource.collect.sources.commons import Commons, plain_text
from omnisource.errors import ItemError
from tests.loopback_site import Reply, Site, as_json, cell, found_by, source

ENDPOINT = "http://site.test/w/api.php"


def _file(index: int, extmetadata: object) -> dict[str, object]:
    info = {"user": "Uploader", "url": f"https://upload.wikimedia.org/{index}.jpg", "descriptionshorturl": "x"}
    info |= {"descriptionurl": f"https://commons.wikimedia.org/wiki/File:{index}.jpg", "extmetadata": extmetadata}
    return {"pageid": index, "ns": 6, "title": f"File:Bee {index}.jpg", "index": index, "imageinfo": [info]}


def _answer(path: str, params: dict[str, str]) -> Reply:
    artist = {
        "value": '<a href="//commons.wikimedia.org/wiki/User:K">A.&nbsp;Keeper</a>',
        "source": "commons-desc-page",
    }
    licence = {"value": "CC BY-SA 4.0", "source": "commons-desc-page", "hidden": ""}
    if params.get("gsroffset") == "50":  # MediaWiki writes an empty object as an empty list
        return as_json({"batchcomplete": True, "query": {"pages": [_file(3, [])]}})
    described = {"Artist": artist, "LicenseShortName": licence}
    files = [_file(2, described), _file(1, described), {"title": "File:gone.jpg", "index": 9}]
    onwards = {"gsroffset": 50, "continue": "gsroffset||"}
    return as_json({"batchcomplete": True, "continue": onwards, "query": {"pages": files}})


def test_commons__goes_on_as_the_api_says_and_keeps_its_order(site: Site, pages: WebPages) -> None:
    site.answer = _answer
    found = found_by(Commons(source("commons", endpoint=ENDPOINT), pages), cell())
    assert [one.candidate.url for one in found] == [f"https://upload.wikimedia.org/{i}.jpg" for i in (1, 2, 3)]
    assert found[0].page_url == "https://commons.wikimedia.org/wiki/File:1.jpg"
    assert (found[0].title, found[0].author, found[0].licence) == ("Bee 1.jpg", "A. Keeper", "CC BY-SA 4.0")
    assert (found[2].author, found[2].licence) == ("Uploader", None)
    assert site.asked[0][1]["gsrsearch"] == "beekeeping filetype:bitmap"
    assert site.asked[0][1]["gsrnamespace"] == "6"
    assert site.asked[1][1]["continue"] == "gsroffset||"


def test_commons__videos_are_another_search(site: Site, pages: WebPages) -> None:
    site.answer = lambda path, params: as_json({"batchcomplete": True})  # nothing found: no query at all
    assert found_by(Commons(source("commons", "untrimmed", endpoint=ENDPOINT), pages), cell()) == []
    assert site.asked[0][1]["gsrsearch"] == "beekeeping filetype:video"


def test_commons__what_the_api_refuses_fails_the_cell_in_its_words(site: Site, pages: WebPages) -> None:
    site.answer = lambda path, params: as_json({"error": {"code": "ratelimited", "info": "You've exceeded your rate"}})
    with pytest.raises(ItemError, match="refused_by_api: Wikimedia Commons: You've exceeded your rate"):
        found_by(Commons(source("commons", endpoint=ENDPOINT), pages), cell())


def test_plain_text__leaves_the_words() -> None:
    assert plain_text("<b>A &amp; B</b>\n <a href='x'>C</a>") == "A & B C"
