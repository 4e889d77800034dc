"""Expected draws are those that the trainer's plan makes."""

import numpy as np
import pytest

from omnisource.config import JointConfig
from omnisource.errors import ConfigError
from omnisource.train.batches import epoch_plan
from omnisource.train.planning import plan_draws

CLASSES = {"web": np.repeat([0, 1, 2], [60, 12, 1]), "clip": np.repeat([0, 2], [3, 2])}
COUNTS = {source: np.bincount(classes, minlength=4) for source, classes in CLASSES.items()}  # class 3 has no example


def planned(config: JointConfig, *, num_target: int = 21, batch_size: int = 4, epochs: int = 3):
    return plan_draws(COUNTS, config, num_target=num_target, batch_size=batch_size, epochs=epochs)


def drawn(config: JointConfig, source: str, *, epoch: int, seed: int = 0, num_target: int = 21) -> np.ndarray:
    """(N,) classes that the trainer draws of a source in an epoch."""
    classes = CLASSES | {"target": np.zeros(num_target, int)}
    plan = epoch_plan(classes, config, batch_size=4, seed=seed, epoch=epoch)
    indices = [d.index for update in plan for batch in update.batches for d in batch.draws if batch.source == source]
    return CLASSES[source][np.array(indices, int)]


@pytest.mark.parametrize(
    "config",
    [
        JointConfig(),
        JointConfig(target_share=1, batch_ratio={"web": 0.7}),
        JointConfig(target_share=8, batch_ratio={"clip": 3}),  # web has a share below one example an update
        JointConfig(resampling="none", target_share=0.5),
        JointConfig(update="per_source", target_share=2),
        JointConfig(update="per_source", target_share=4, batch_ratio={"web": 3}, source_batch_size={"clip": 2}),
        JointConfig(update="per_source", target_share=1, source_batch_size={"web": 50}, resampling="none"),
    ],
)
@pytest.mark.parametrize("num_target", [21, 4, 1])
def test_plan_draws__counts_what_the_trainer_draws(config: JointConfig, num_target: int):
    plan = planned(config, num_target=num_target, epochs=4)
    for one in plan.sources:
        expected = [len(drawn(config, one.source, epoch=epoch, num_target=num_target)) for epoch in range(4)]
        assert one.draws.tolist() == expected


@pytest.mark.parametrize(
    "config",
    [
        JointConfig(resampling="power", power=0.2),
        JointConfig(resampling="clipped", clip_at=12),
        JointConfig(resampling="none"),
        JointConfig(resampling="none", resampling_by_source={"web": "power"}, power=0.5),
        JointConfig(resampling="power", update="per_source"),
    ],
)
def test_plan_draws__expects_the_classes_that_the_trainer_draws(config: JointConfig):
    web = planned(config).sources[0]
    num_seeds = 400
    counted = sum(np.bincount(drawn(config, "web", epoch=0, seed=seed), minlength=4) for seed in range(num_seeds))
    expected = web.draws[0] * web.probabilities
    # A class is drawn n times with deviation at most sqrt(n), sqrt(N) times as much where a loader repeats its order
    deviation = np.sqrt(np.maximum(expected, 0.2) * num_seeds)
    assert (np.abs(counted - num_seeds * expected) < 5 * deviation).all()


def test_plan_draws__by_hand():
    # 24 clips, 2:1, so 12 of each source an epoch; N^0 makes 3 and 2 classes equally likely
    plan = planned(JointConfig(power=0), num_target=24)
    web, clip = plan.sources
    assert web.class_draws.tolist() == [4, 4, 4, 0]
    assert clip.class_draws.tolist() == [6, 0, 6, 0]
    np.testing.assert_allclose(web.reads, [4 / 60, 4 / 12, 4, np.nan])
    assert (web.mean_reads, clip.mean_reads) == (12 / 73, 12 / 5)
    assert (web.evenness, clip.evenness) == (pytest.approx(3 / 4), pytest.approx(2 / 4))
    assert plan.updates_per_epoch == 6
    assert plan.batch == {"target": 4, "web": 2, "clip": 2}


def test_plan_draws__names_what_is_read_too_often():
    plan = planned(JointConfig(power=0), num_target=24)
    assert [one.source for one in plan.overfitted] == ["clip"]  # 2.4 reads of a clip, 0.16 of a picture
    web, clip = plan.sources
    assert web.classes_read_too_often.tolist() == [2]  # its only picture is read 4 times
    assert clip.classes_read_too_often.tolist() == [2, 0]  # 6 / 2, then 6 / 3


def test_plan_draws__leaves_out_a_source_without_examples():
    plan = plan_draws({"web": np.zeros(3, int)}, JointConfig(), num_target=4, batch_size=2, epochs=1)
    assert plan.sources == ()
    assert plan.batch == {"target": 2}


def test_plan_draws__refuses_what_the_trainer_refuses():
    with pytest.raises(ConfigError, match="train.joint.target_share is 1.5: update=per_source counts whole batches"):
        planned(JointConfig(update="per_source", target_share=1.5))
