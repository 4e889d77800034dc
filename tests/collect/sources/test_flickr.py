"""Flickr, by answers shaped as flickr.photos.search documents them."""

from datetime import date

import pytest

from omnisource.collect.pages import WebPages
from omnisource.collect.sources.flickr import Flickr, key_from_environment
from omnisource.errors import ConfigError, ItemError
from tests.loopback_site import Reply, Site, as_json, cell, found_by, source

ENDPOINT = "http://site.test/services/rest/"


def _answer(path: str, params: dict[str, str]) -> Reply:
    number = int(params["page"])
    photo = {"id": f"27{number}", "owner": "51035734193@N01", "secret": "653a19d017", "server": "3059", "farm": 4}
    photo |= {"title": "Bees", "ispublic": 1, "isfriend": 0, "isfamily": 0, "license": "4", "ownername": "A. Keeper"}
    large = photo | {"url_l": f"https://live.staticflickr.com/{number}_b.jpg", "url_m": "https://x.example/m.jpg"}
    small = photo | {"id": "9", "license": "99", "url_m": f"https://live.staticflickr.com/{number}.jpg"}
    photos = {"page": number, "pages": 2, "perpage": 250, "total": 4, "photo": [large, small, photo]}
    return as_json({"photos": photos, "stat": "ok"})


def _flickr(pages: WebPages, **search: object) -> Flickr:
    return Flickr(source("flickr", endpoint=ENDPOINT, **search), pages, key="k3y")


def test_flickr__takes_the_largest_usual_size_with_licence_and_author(site: Site, pages: WebPages) -> None:
    site.answer = _answer
    found = found_by(_flickr(pages), cell())
    assert [one.candidate.url for one in found] == [
        f"https://live.staticflickr.com/{n}{size}.jpg" for n in (1, 2) for size in ("_b", "")
    ]
    assert found[0].page_url == "https://www.flickr.com/photos/51035734193@N01/271"
    assert (found[0].title, found[0].author, found[0].licence) == ("Bees", "A. Keeper", "CC BY 2.0")
    assert found[1].licence == "Flickr licence 99"
    assert len(site.asked) == 2


def test_flickr__searches_text_or_tags_in_windows_of_upload(site: Site, pages: WebPages) -> None:
    site.answer = _answer
    window = {"published_after": date(1970, 1, 2), "published_before": date(1970, 1, 3)}
    found_by(_flickr(pages), cell(**window))
    params = site.asked[0][1]
    assert (params["text"], params["method"], params["api_key"]) == ("beekeeping", "flickr.photos.search", "k3y")
    assert (params["min_upload_date"], params["max_upload_date"]) == ("86400", "172799")  # one day of seconds
    found_by(_flickr(pages, text="tag"), cell("beekeep"))
    params = site.asked[-1][1]
    assert params["tags"] == "beekeep"
    assert not {"text", "min_upload_date", "max_upload_date"} & set(params)


def test_flickr__a_refused_key_concerns_every_cell(site: Site, pages: WebPages) -> None:
    site.answer = lambda path, params: as_json({"stat": "fail", "code": 100, "message": "Invalid API Key"})
    with pytest.raises(ConfigError, match="Flickr refuses the key in FLICKR_API_KEY: Invalid API Key; correct"):
        found_by(_flickr(pages), cell())


def test_flickr__other_refusals_fail_the_cell(site: Site, pages: WebPages) -> None:
    site.answer = lambda path, params: as_json({"stat": "fail", "code": 105, "message": "Service unavailable"})
    with pytest.raises(ItemError, match="refused_by_api: Flickr: Service unavailable"):
        found_by(_flickr(pages), cell())


@pytest.mark.parametrize("reply", [(500, "text/plain", ""), (200, "text/html", "<html>")])
def test_flickr__its_key_is_in_no_message(site: Site, pages: WebPages, reply: Reply) -> None:
    site.answer = lambda path, params: reply
    with pytest.raises(ItemError) as error:
        found_by(_flickr(pages), cell())
    assert "k3y" not in str(error.value)


def test_key_from_environment__an_absent_one_is_named_with_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLICKR_API_KEY", " ")
    with pytest.raises(ConfigError, match="FLICKR_API_KEY, which is not set; ask for one at https://www.flickr.com"):
        key_from_environment()
    monkeypatch.setenv("FLICKR_API_KEY", "k3y\n")
    assert key_from_environment() == "k3y"
