"""Filters as a person writes them on the command line, and back."""

import pytest

from omnisource.errors import OmniSourceError, UnknownClassError
from omnisource.filters import Filters, Said, Sort, Stage, filter_settings, parse_filters
from omnisource.types import Format
from tests.workspaces import CLASSES

EVERYTHING = Filters(
    stage=Stage.KEPT,
    teacher="flat",
    recipe="default",
    sources=("a", "b=c"),
    formats=(Format.IMAGE, Format.UNTRIMMED),
    top_class=1,
    query_class=0,
    agrees=False,
    confidence=(0.25, 0.75),
    dropped_by="validity",
    reason="too_small",
    said=Said.DROP,
    author="ann",
)


@pytest.mark.parametrize("filters", [Filters(), EVERYTHING, Filters(agrees=True, confidence=(0.0, 0.5))])
def test_filter_settings__are_read_back_as_the_same(filters: Filters):
    assert parse_filters(filter_settings(filters, CLASSES), CLASSES) == filters


def test_filter_settings__name_only_what_is_asked():
    asked = Filters(stage=Stage.SCORED, top_class=2)
    assert filter_settings(asked, CLASSES) == ["stage=scored", "class=kick"]


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("colour=red", "'colour=red' is no filter: NAME=VALUE, where NAME is one of stage, teacher"),
        ("stage", "'stage' is no filter"),
        ("stage=keep", "'keep' is none of found, valid, dropped, scored, kept, left_out"),
        ("format=video", "'video' is none of image, trimmed, untrimmed"),
        ("agrees=maybe", "'maybe' is neither yes nor no"),
        ("least=high", "filter 'least=high'"),
    ],
)
def test_parse_filters__says_what_is_wrong(setting: str, message: str):
    with pytest.raises(OmniSourceError, match=message):
        parse_filters([setting], CLASSES)


def test_parse_filters__names_the_nearest_class():
    with pytest.raises(UnknownClassError, match="did you mean 'boxing'"):
        parse_filters(["class=boxin"], CLASSES)


def test_filters__read_scores_only_where_scores_are_asked_for():
    assert Filters(stage=Stage.SCORED).reads_scores
    assert Filters(stage=Stage.VALID, top_class=1).reads_scores
    assert not Filters(stage=Stage.VALID, query_class=1).reads_scores
    assert not Filters(stage=Stage.DROPPED, top_class=1).reads_scores  # what was dropped was not scored


def test_filters__ask_people_only_about_decisions():
    assert Filters(said=Said.NOTHING).asks_people
    assert Filters(author="ann").asks_people
    assert not Filters(stage=Stage.KEPT).asks_people


def test_sort__three_orders_need_no_scores():
    assert [sort for sort in Sort if not sort.speaks_of_scores] == [Sort.NEWEST, Sort.RANDOM, Sort.SIMILAR]
