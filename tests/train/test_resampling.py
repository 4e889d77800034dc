import json

import numpy as np
import pytest

from omnisource.config import JointConfig
from omnisource.train.resampling import class_probabilities, draw_order


@pytest.mark.parametrize(
    "config, counts, expected",
    [
        (JointConfig(resampling="none"), [6, 2], [0.75, 0.25]),  # its share
        (JointConfig(resampling="clipped", clip_at=4), [6, 2, 4], [0.4, 0.2, 0.4]),  # 4, 2, 4 of 10
        (JointConfig(resampling="power", power=0.5), [9, 1], [0.75, 0.25]),  # 3 : 1
        (JointConfig(resampling="power", power=0), [9, 1], [0.5, 0.5]),  # uniform
        (JointConfig(resampling="power", power=0), [9, 0, 1], [0.5, 0.0, 0.5]),  # an empty class is not drawn
        (JointConfig(resampling="power", power=1), [9, 1], [0.9, 0.1]),  # its share again
    ],
)
def test_class_probabilities__follow_the_strategy(config, counts, expected):
    np.testing.assert_allclose(class_probabilities(np.array(counts), config), expected)


def test_class_probabilities__meet_the_released_sampler(facts):
    vectors = json.loads((facts / "transform_vectors.json").read_text())["class_specific_sampler"]
    counts = np.array(list(vectors["class_counts"].values()))
    for row in vectors["rows"]:
        probabilities = class_probabilities(counts, JointConfig(resampling="power", power=row["power"]))
        np.testing.assert_allclose(probabilities, list(row["class_prob"].values()), atol=5e-7)  # six digits


def test_draw_order__drawn_shares_meet_the_released_sampler(facts, rng):
    vectors = json.loads((facts / "transform_vectors.json").read_text())["class_specific_sampler"]
    classes = np.repeat(np.arange(4), list(vectors["class_counts"].values()))
    for row in vectors["rows"]:
        order = draw_order(classes, JointConfig(resampling="power", power=row["power"]), 50_000, rng)
        shares = np.bincount(classes[order], minlength=4) / 50_000
        # Both are shares of a finite sample: four standard errors of 0.5 / sqrt(50000), twice
        np.testing.assert_allclose(shares, list(row["drawn_share"].values()), atol=0.018)


def test_draw_order__is_uniform_inside_a_class(rng):
    classes = np.array([0, 1, 0, 1, 0, 0])
    order = draw_order(classes, JointConfig(resampling="power", power=0), 40_000, rng)
    # half of the draws for each class: 1/8 for each of four, 1/4 for each of two
    np.testing.assert_allclose(np.bincount(order) / 40_000, [1 / 8, 1 / 4, 1 / 8, 1 / 4, 1 / 8, 1 / 8], atol=0.01)


def test_draw_order__without_resampling_sees_everything_before_it_repeats(rng):
    order = draw_order(np.zeros(5, int), JointConfig(resampling="none"), 12, rng)
    assert sorted(order[:5]) == sorted(order[5:10]) == [0, 1, 2, 3, 4]
    assert len(set(order[10:])) == 2


def test_draw_order__can_be_empty(rng):
    assert len(draw_order(np.zeros(5, int), JointConfig(resampling="none"), 0, rng)) == 0


def test_draw_order__never_draws_an_empty_class(rng):
    order = draw_order(np.array([0, 3, 3]), JointConfig(resampling="power"), 1000, rng)
    assert set(order) == {0, 1, 2}


@pytest.mark.parametrize("resampling", ["none", "clipped", "power"])
def test_draw_order__same_generator_same_order(resampling):
    classes = np.arange(100) % 7
    config = JointConfig(resampling=resampling, clip_at=10)
    first, second = (draw_order(classes, config, 50, np.random.default_rng(3)) for _ in range(2))
    assert first.tolist() == second.tolist()
