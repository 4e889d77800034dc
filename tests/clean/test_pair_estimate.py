"""How many real duplicates are left, by hand."""

import pytest

from omnisource.clean.pair_estimate import Band, Lean, advise, estimate


def band(num_pairs: int, duplicates: int = 0, not_duplicates: int = 0, *, settled: int = 0, known: int = 0) -> Band:
    """`known` more duplicates were not found by looking."""
    return Band(
        low=0.9,
        high=0.95,
        num_pairs=num_pairs,
        duplicates=duplicates + known,
        not_duplicates=not_duplicates,
        settled=settled,
        seen=duplicates + not_duplicates,
        seen_duplicates=duplicates,
    )


def test_estimate__none_where_nobody_has_looked():
    assert estimate([]) is None
    assert estimate([band(10, known=3)]) is None


def test_estimate__each_band_speaks_for_itself():
    expected = estimate([band(10, 2, 2), band(20, 0, 10)])
    assert (expected.judged, expected.open, expected.found, expected.seen, expected.unseen) == (14, 16, 2, 14, 0)
    assert expected.left == pytest.approx(6 * 0.5 + 10 * 0.0)
    assert expected.left_low == pytest.approx(3 - 6 * 0.35, abs=0.01)
    assert expected.left_high == pytest.approx(3 + ((6 * 0.35) ** 2 + (10 * 0.2775) ** 2) ** 0.5, abs=0.01)
    assert expected.share == pytest.approx((2 + 3) / 30)


def test_estimate__a_band_without_verdicts_borrows_from_above():
    expected = estimate([band(10, 2, 2), band(20)])
    assert (expected.left, expected.unseen) == (pytest.approx(26 * 0.5), 20)
    # below what was seen the share may be anything down to 0, but not above the upper end
    assert expected.left_low == pytest.approx(13 - (6 * 0.35 + 20 * 0.5), abs=0.01)
    assert expected.left_high == pytest.approx(13 + 26 * 0.35, abs=0.01)


def test_estimate__without_one_above_it_borrows_from_below():
    expected = estimate([band(20), band(10, 2, 2)])
    assert expected.left == pytest.approx(13)
    assert expected.left_high == pytest.approx(13 + 6 * 0.35 + 20 * 0.5, abs=0.01)


def test_estimate__settled_pairs_and_known_duplicates():
    expected = estimate([band(10, 1, 1, settled=4, known=2)])
    assert (expected.judged, expected.open, expected.found) == (4, 2, 3)
    assert expected.left == pytest.approx(2 * 0.5)  # known ones are no sample
    assert expected.share == pytest.approx((3 + 1) / 6)


def test_estimate__nothing_left_has_no_error():
    expected = estimate([band(4, 1, 3)])
    assert (expected.left_low, expected.left, expected.left_high, expected.share) == (0, 0, 0, 0.25)


@pytest.mark.parametrize(
    ("bands", "may_stop", "text"),
    [
        ([band(2, 1, 1)], True, "Every suspect has been judged."),
        ([], True, "There is no suspect: no web item is as like a labelled clip as the threshold asks for."),
        ([band(0)], True, "There is no suspect"),
        ([band(5)], False, "Nobody has judged a suspect by looking at it yet"),
        # 2 found, at most 22.1 left: 2 / 24.1
        ([band(10, 2, 2), band(20)], False, "so far that would be 8 of 100. 20 of them lie where nobody has looked"),
        # 95 of 100: all 60 seen were duplicates, so at most 2 more are left in 2
        ([band(62, 60, 0)], True, "You may stop: 2.0 (1.9 to 2.0) real duplicates are expected among the 2 suspects"),
        # none in 200, so at most 0.02 of the 10 others: less than half a one
        ([band(210, 0, 200)], True, "You may stop: 0 (0 to 0.2) real duplicates are expected among the 10 suspects"),
    ],
)
def test_advise(bands: list[Band], may_stop: bool, text: str):
    advice = advise(estimate(bands), bands)
    assert advice.may_stop is may_stop
    assert text in advice.text


@pytest.mark.parametrize(
    ("place", "seen", "biased", "text"),
    [
        (0.5, 100, False, ""),
        (0.1, 2, False, ""),  # too few to tell
        (0.1, 12, True, "more alike than suspects at large, so their plain share of duplicates would be too high"),
        (0.9, 12, True, "less alike than suspects at large, so their plain share of duplicates would be too low"),
        (0.45, 12, False, ""),
    ],
)
def test_lean(place: float, seen: int, biased: bool, text: str):
    lean = Lean(place=place, seen=seen)
    assert lean.is_biased is biased
    assert text in lean.text and bool(lean.text) is biased
