"""Filters of pairs from a command line, and back."""

import pytest

from omnisource.clean.pair_filters import (
    Order,
    PairFilter,
    State,
    first_shown,
    pair_filter_settings,
    parse_pair_filter,
    usual_filter,
)
from omnisource.errors import OmniSourceError, UnknownClassError
from tests.workspaces import CLASSES, key


@pytest.mark.parametrize(
    ("order", "state", "low"),
    [
        (Order.SIMILAR, State.OPEN, 0.8),
        (Order.RANDOM, State.SETTLED, 0.8),
        (Order.THRESHOLD, State.OPEN, -1.0),  # both sides of it
        (Order.SIMILAR, State.DUPLICATE, -1.0),  # verdicts wherever they lie
    ],
)
def test_first_shown(order: Order, state: State, low: float):
    assert first_shown(order, state, 0.8) == low


@pytest.mark.parametrize(
    "wanted",
    [
        PairFilter(low=0.8),
        PairFilter(low=0.8, state=None, source="web image", target_class=1),
        PairFilter(low=0.5, high=0.75, state=State.DUPLICATE, item=key(3)),
    ],
)
def test_settings__are_read_back(wanted: PairFilter):
    settings = pair_filter_settings(wanted, CLASSES)
    assert parse_pair_filter(settings, CLASSES, usual_filter(Order.THRESHOLD, 0.9)) == wanted


def test_settings__without_classes_by_number():
    settings = pair_filter_settings(PairFilter(target_class=2), None)
    assert "class=2" in settings
    assert parse_pair_filter(settings, None, PairFilter()).target_class == 2


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("colour=red", "'colour=red' is no filter: NAME=VALUE, where NAME is one of said, source, class, least"),
        ("least", "'least' is no filter"),
        ("least=much", "filter 'least=much': could not convert"),
        ("said=maybe", "filter 'said=maybe': 'maybe' is none of open, duplicate, not_duplicate, settled, any"),
        ("item=xyz", "filter 'item=xyz': non-hexadecimal"),
    ],
)
def test_parse__says_what_is_wrong(setting: str, message: str):
    with pytest.raises(OmniSourceError) as caught:
        parse_pair_filter([setting], CLASSES, PairFilter())
    assert message in str(caught.value)


def test_parse__an_unknown_class():
    with pytest.raises(UnknownClassError, match="did you mean 'boxing'"):
        parse_pair_filter(["class=boxin"], CLASSES, PairFilter())
