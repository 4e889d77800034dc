"""Judgements -> precision and recall, on hand-made data and on data whose truth is known."""

import numpy as np
import pytest

from omnisource.label.calibrate import (
    audit,
    class_thresholds,
    fit,
    fit_class,
    judged_ranges,
    threshold_for,
)
from omnisource.label.confidence_cube import NUM_EDGES, STEPS


def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def flat(number: int = 10) -> np.ndarray:
    """As many segments at every confidence."""
    per_bin = np.full(NUM_EDGES, number)
    per_bin[-1] = 0
    return per_bin


def calibrated(number: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Judgements where the teacher is exactly right: relevant with its own probability."""
    draw = np.random.default_rng(seed)
    probs = draw.random(number)
    return probs, draw.random(number) < probs


def test_audit__a_teacher_that_is_right_has_the_precision_that_its_confidence_says():
    audited = audit(fit(*calibrated(3000)), flat(), rng())
    for edge in (0, 300, 500, 800):
        threshold = edge / STEPS
        middle, low, high = audited.precision.at(edge)
        assert middle == pytest.approx((1 + threshold) / 2, abs=0.03)  # mean of a flat spread above the threshold
        assert low <= middle <= high
        assert audited.recall.at(edge)[0] == pytest.approx(1 - threshold**2, abs=0.03)
        assert audited.lost.at(edge)[0] == pytest.approx(10 * STEPS * threshold**2 / 2, rel=0.15, abs=1)


def test_audit__the_band_holds_the_truth_about_as_often_as_it_says():
    held = 0
    for seed in range(40):
        audited = audit(fit(*calibrated(40, seed)), flat(), rng())
        _, low, high = audited.precision.at(500)
        held += low <= 0.75 <= high
    assert held >= 33  # 36 of 40 are expected


def test_audit__more_judgements_make_the_band_narrower():
    widths = []
    for number in (0, 20, 200):
        _, low, high = audit(fit(*calibrated(number)), flat(), rng()).precision.at(500)
        widths.append(high - low)
    assert widths[0] > widths[1] > widths[2]
    assert widths[0] > 0.5  # without judgements little is known


@pytest.mark.parametrize("is_relevant", [True, False])
def test_audit__judgements_that_all_say_the_same_do_not_run_away(is_relevant: bool):
    middle, low, high = audit(fit([0.5] * 10, [is_relevant] * 10), flat(), rng()).relevance.at(500)
    assert (middle > 0.8 and low < 0.92) if is_relevant else (middle < 0.2 and high > 0.08)


def test_audit__precision_never_falls_with_the_threshold():
    precision = audit(fit([0.2, 0.9, 0.5], [True, False, False]), flat(), rng()).precision.middle
    known = precision[~np.isnan(precision)]
    assert (np.diff(known) >= -1e-9).all()


def test_audit__above_the_last_segment_precision_is_unknown():
    per_bin = np.zeros(NUM_EDGES, int)
    per_bin[400] = 3
    audited = audit(fit([], []), per_bin, rng())
    assert np.isnan(audited.precision.middle[401])
    assert audited.recall.at(401)[0] == 0
    assert np.isnan(audit(fit([], []), np.zeros(NUM_EDGES, int), rng()).recall.middle).all()


def test_threshold_for__what_a_calibrated_teacher_needs():
    audited = audit(fit(*calibrated(3000)), flat(), rng())
    found = threshold_for(audited, 0.9, cautious=False)
    assert found == pytest.approx(0.8, abs=0.05)  # (1 + 0.8) / 2
    assert threshold_for(audited, 0.9, cautious=True) > found
    assert threshold_for(audited, 0.2, cautious=False) == 0
    assert threshold_for(audit(fit([0.9] * 50, [False] * 50), flat(), rng()), 0.9, cautious=False) is None


def test_fit_class__without_own_judgements_it_believes_the_others_less_firmly():
    classes, (probs, relevant) = np.zeros(300, int), calibrated(300)
    others = audit(fit(probs, relevant), flat(), rng()).precision
    borrowed = fit_class(classes, probs, relevant, 1)
    mine = audit(borrowed, flat(), rng()).precision
    assert (borrowed.num_judged, borrowed.num_borrowed) == (0, 300)
    assert mine.middle[500] == pytest.approx(others.middle[500], abs=0.05)
    assert mine.high[500] - mine.low[500] > 1.5 * (others.high[500] - others.low[500])


def test_fit_class__own_judgements_overrule_what_is_borrowed():
    probs, relevant = calibrated(300)
    classes = np.concatenate([np.zeros(300, int), np.ones(30, int)])
    probs = np.concatenate([probs, np.full(30, 0.9)])
    relevant = np.concatenate([relevant, np.zeros(30, bool)])  # where others are right in 90 %, this class never is
    found = fit_class(classes, probs, relevant, 1)
    assert found.num_judged == 30
    assert audit(found, flat(), rng()).relevance.at(900)[0] < 0.2


def test_class_thresholds__are_those_of_each_class_alone():
    probs, relevant = calibrated(400)
    classes = np.arange(400) % 2
    relevant[(classes == 1) & (probs < 0.9)] = False
    per_bin = np.stack([flat(), flat(3), np.zeros(NUM_EDGES, int), flat(7)])
    found = class_thresholds(classes, probs, relevant, per_bin, 0.8, cautious=False)
    alone = {
        index: threshold_for(
            audit(fit_class(classes, probs, relevant, index), per_bin[index], rng()), 0.8, cautious=False
        )
        for index in (0, 1, 3)
    }
    assert found == {index: line for index, line in alone.items() if line is not None}
    assert found[0] < found[1]
    assert 2 not in found  # nothing is there


def test_class_thresholds__classes_that_do_not_reach_it_are_left_out():
    assert class_thresholds([0] * 60, [0.9] * 60, [False] * 60, flat()[None], 0.9, cautious=True) == {}


def test_judged_ranges__equally_many_in_each():
    probs = np.arange(12) / 12
    ranges = judged_ranges(probs, probs > 0.5, num_ranges=3)
    assert [(one.num_judged, one.num_relevant) for one in ranges] == [(4, 0), (4, 1), (4, 4)]  # 7/12 is the first above
    assert ranges[0].probability == pytest.approx(1.5 / 12)
    assert ranges[1].share == 0.25
    assert judged_ranges([], []) == []
