"""What is printed of queries, of a revision's state and of yields."""

import pytest

from omnisource import config
from omnisource.collect.queries import Query
from omnisource.commands.query_tables import print_queries, print_state, window_text
from omnisource.pipeline.queries import Acceptance, Revision
from omnisource.types import Taxonomy

CLASSES = Taxonomy(names=("swim [in sea]", "yoyo"))


def tag(class_index: int, text: str, *, use: bool = True) -> Query:
    return Query(class_index=class_index, text_kind="tag", text=text, rank=1, rule="person", use=use)


def test_print_queries__brackets_what_is_not_used(capsys: pytest.CaptureFixture[str]):
    print_queries([tag(0, "swim"), tag(0, "sea", use=False), tag(1, "swim", use=False)], CLASSES)
    printed = capsys.readouterr().out
    assert "swim [in sea]" in printed
    assert "swim, (sea)" in printed
    assert "(swim: also swim [in sea])" in printed


def test_print_state__asks_only_for_what_sources_search(capsys: pytest.CaptureFixture[str]):
    search = {"engine": "google", "text": "tag"}
    study = config.parse(config.Study, {"sources": [{"name": "s", "format": "image", "search": search}]}, where="test")
    said = Acceptance(revision=3, author="ada", accepted_utc="2026-01-02T03:04:05+00:00")
    print_state(Revision(number=3, queries=(tag(0, "swim"),), accepted=said), CLASSES, study)
    assert capsys.readouterr().out.splitlines() == [
        "no tag is used for yoyo: nothing would be searched for them",
        "revision 3 was accepted by ada on 2026-01-02T03:04:05+00:00",
    ]


def test_print_state__names_five_and_counts_the_others(capsys: pytest.CaptureFixture[str]):
    many = Taxonomy(names=tuple("abcdefgh"))
    print_state(Revision(number=1, queries=(), accepted=None), many, config.Study())
    assert "no query is used for a, b, c, d, e and 3 more: nothing" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("window", "text"),
    [
        ((None, None), "any time"),
        (("2018-01-01", "2019-01-01"), "2018-01-01 to 2019-01-01"),
        ((None, "2019-01-01"), "to 2019-01-01"),
    ],
)
def test_window_text__for_people(window: tuple, text: str):
    assert window_text(*window) == text
