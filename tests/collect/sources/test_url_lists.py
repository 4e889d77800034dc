"""Lists of addresses: which row belongs to which cell."""

import logging
from pathlib import Path

import pytest

from omnisource.collect.sources import url_lists
from omnisource.collect.sources.url_lists import UrlList
from omnisource.errors import DataError
from omnisource.types import Taxonomy
from tests.loopback_site import cell, found_by, source, urls_of

ROWS = """url,class,caption
https://a.example/1.jpg,Bee-Keeping,
https://a.example/2.jpg,1,an index
https://a.example/3.jpg,,my #playingguitar solo
https://a.example/4.jpg,cycling,beekeeping by bicycle
https://a.example/5.jpg,knitting,
ftp://a.example/6.jpg,beekeeping,
"""


def _opened(folder: Path, text: str, taxonomy: Taxonomy) -> UrlList:
    file = folder / "list.csv"
    file.write_text(text, encoding="utf-8")
    return UrlList(source("urls", path=str(file)), taxonomy, file)


def test_pages__gives_each_cell_the_rows_of_its_class(tmp_path: Path, taxonomy: Taxonomy) -> None:
    opened = _opened(tmp_path, ROWS, taxonomy)
    assert urls_of(opened, cell(class_index=0)) == ["https://a.example/1.jpg", "https://a.example/4.jpg"]
    found = found_by(opened, cell("playing guitar", class_index=1))
    assert [one.candidate.url for one in found] == ["https://a.example/2.jpg", "https://a.example/3.jpg"]
    assert found[1].title == "my #playingguitar solo"
    assert urls_of(opened, cell("playing bass guitar", class_index=2)) == []
    assert [page.requests for page in opened.pages(cell())] == [0]


def test_census__counts_what_is_known_and_names_what_is_not(
    tmp_path: Path, taxonomy: Taxonomy, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        census = _opened(tmp_path, ROWS, taxonomy).census()
    assert (census.num_rows, dict(census.by_class), census.num_unknown) == (6, {0: 3, 1: 2}, 1)
    sentence = "6 rows: 5 of 2 classes; 1 name no class of the study and are passed over, such as 'knitting' (1)"
    assert census.as_sentence == sentence
    assert sentence in caplog.text


def test_pages__a_query_column_waits_for_the_cell_that_searches_it(tmp_path: Path, taxonomy: Taxonomy) -> None:
    text = "url,query\nhttps://a.example/1.jpg,beekeep\nhttps://a.example/2.jpg,Playing Guitar\n"
    opened = _opened(tmp_path, text, taxonomy)
    assert urls_of(opened, cell("#beekeep", class_index=0)) == ["https://a.example/1.jpg"]
    assert urls_of(opened, cell("beekeeping", class_index=0)) == []
    assert urls_of(opened, cell("guitar", class_index=1)) == ["https://a.example/2.jpg"]
    assert opened.census().as_sentence == "2 rows: 1 of 1 classes, 1 of other queries"


def test_pages__sections_of_one_video_are_candidates_of_their_own(tmp_path: Path, taxonomy: Taxonomy) -> None:
    text = "label,youtube_id,time_start,time_end\nbeekeeping,--3ouPhoy2A,20,30\nbeekeeping,--3ouPhoy2A,40,50\n"
    found = found_by(_opened(tmp_path, text, taxonomy), cell())
    assert found[0].candidate.url == "https://www.youtube.com/watch?v=--3ouPhoy2A#t=20,30"
    assert [(one.start_s, one.end_s) for one in found] == [(20.0, 30.0), (40.0, 50.0)]


def test_pages__many_rows_come_in_pages(tmp_path: Path, taxonomy: Taxonomy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(url_lists, "PAGE_SIZE", 2)
    text = "url,class\n" + "".join(f"https://a.example/{number}.jpg,beekeeping\n" for number in range(5))
    sizes = [len(page.found) for page in _opened(tmp_path, text, taxonomy).pages(cell())]
    assert sizes == [2, 2, 1]


def test_pages__a_list_may_be_several_files(tmp_path: Path, taxonomy: Taxonomy) -> None:
    for name, url in (("a.csv", "https://a.example/1.jpg"), ("b.tsv", "https://a.example/2.jpg")):
        tab = "," if name.endswith("csv") else "\t"
        (tmp_path / name).write_text(f"url{tab}class\n{url}{tab}beekeeping\n", encoding="utf-8")
    opened = UrlList(source("urls", path=str(tmp_path)), taxonomy, tmp_path)
    assert urls_of(opened, cell()) == ["https://a.example/1.jpg", "https://a.example/2.jpg"]


def test_url_list__a_list_without_any_class_is_refused(tmp_path: Path, taxonomy: Taxonomy) -> None:
    with pytest.raises(
        DataError, match="1 rows: 0 of 0 classes; 1 name no class .* 'knitting' .*; name the classes as"
    ):
        _opened(tmp_path, "url,class\nhttps://a.example/1.jpg,knitting\n", taxonomy)
