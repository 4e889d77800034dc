"""Late fusion by hand: two streams, three classes."""

import numpy as np
import pytest

from omnisource.errors import ConfigError, DataError
from omnisource.evaluate.fusion import fuse, sweep
from omnisource.evaluate.predictions import Predictions


def _run(probs: dict[int, list[float]], truth: dict[int, int] | None = None) -> Predictions:
    """Probabilities by the clip's place in the list; the true class is 0 unless said."""
    indices = np.array(list(probs), dtype=np.int64)
    classes = np.array([(truth or {}).get(int(i), 0) for i in indices], dtype=np.int64)
    return Predictions(example_indices=indices, class_indices=classes, probs=np.array(list(probs.values()), np.float32))


RGB = _run({0: [0.6, 0.3, 0.1], 1: [0.2, 0.7, 0.1]})
FLOW = _run({0: [0.2, 0.2, 0.6], 1: [0.9, 0.05, 0.05]})


@pytest.mark.parametrize(
    ("weight", "expected"),
    [
        (0.0, [[0.6, 0.3, 0.1], [0.2, 0.7, 0.1]]),
        (1.0, [[0.2, 0.2, 0.6], [0.9, 0.05, 0.05]]),
        (0.5, [[0.4, 0.25, 0.35], [0.55, 0.375, 0.075]]),
        (0.75, [[0.3, 0.225, 0.475], [0.725, 0.2125, 0.0625]]),
    ],
)
def test_fuse__averages_probabilities(weight, expected):
    fused = fuse(RGB, FLOW, weight).predictions
    np.testing.assert_allclose(fused.probs, expected, atol=1e-6)
    assert fused.probs.dtype == np.float32
    assert fused.example_indices.tolist() == [0, 1]


def test_fuse__logits_average_logarithms():
    first, second = _run({0: [0.8, 0.2]}), _run({0: [0.2, 0.8]})
    # 1:1.5, TSN's: 0.8^0.4 0.2^0.6 against 0.2^0.4 0.8^0.6, and their ratio is 4^-0.2
    fused = fuse(first, second, 0.6, "logits").predictions
    expected = 4**-0.2 / (1 + 4**-0.2)
    np.testing.assert_allclose(fused.probs, [[expected, 1 - expected]], atol=1e-6)


def test_fuse__logits_equal_tsns_sum_of_scores(rng):
    scores = rng.normal(0, 3, (2, 50, 7))
    softmax = np.exp(scores) / np.exp(scores).sum(axis=2, keepdims=True)
    rgb, flow = (_run(dict(enumerate(probs.tolist()))) for probs in softmax)
    summed = 1.0 * scores[0] + 1.5 * scores[1]
    assert fuse(rgb, flow, 0.6, "logits").predictions.predicted.tolist() == summed.argmax(axis=1).tolist()


def test_fuse__logits_of_a_certain_network_are_finite():
    fused = fuse(_run({0: [1.0, 0.0]}), _run({0: [0.0, 1.0]}), 0.5, "logits").predictions
    np.testing.assert_allclose(fused.probs, [[0.5, 0.5]], atol=1e-6)


def test_fuse__counts_the_clips_that_one_run_lacks():
    first, second = _run({0: [1, 0], 2: [0, 1], 5: [1, 0]}), _run({2: [1, 0], 5: [1, 0], 6: [0, 1], 7: [0, 1]})
    fused = fuse(first, second, 0.5)
    assert fused.predictions.example_indices.tolist() == [2, 5]
    np.testing.assert_allclose(fused.predictions.probs, [[0.5, 0.5], [1, 0]])
    assert (fused.num_only_first, fused.num_only_second) == (1, 2)


@pytest.mark.parametrize(
    ("second", "message"),
    [
        (_run({0: [0.5, 0.5], 1: [0.5, 0.5]}), "tell 3 and 2 classes apart; fuse runs of one workspace"),
        (_run({8: [0.5, 0.5, 0]}), "no clip in common"),
        (_run({0: [0.5, 0.5, 0]}, {0: 2}), "the same clips different classes"),
    ],
)
def test_fuse__runs_that_do_not_belong_together_are_refused(second, message):
    with pytest.raises(DataError, match=message):
        fuse(RGB, second, 0.5)


@pytest.mark.parametrize("weight", [-0.1, 1.5])
def test_fuse__weight_is_a_share(weight):
    with pytest.raises(ConfigError, match=f"weight {weight:g} is not between 0 "):
        fuse(RGB, FLOW, weight)


def test_sweep__goes_from_the_first_run_to_the_second():
    # RGB has clip 0 right, FLOW clip 1. Clip 0: 0.6 - 0.4 w against 0.1 + 0.5 w, right up to w = 5/9 (class 1 is never
    # first). Clip 1: 0.2 + 0.7 w against 0.7 - 0.65 w, right from w = 10/27 on.
    points = sweep(RGB, FLOW)
    assert [point.weight for point in points] == [step / 10 for step in range(11)]
    assert [point.top1 for point in points] == [0.5] * 4 + [1.0] * 2 + [0.5] * 5
    assert all(point.top5 == 1 for point in points)
