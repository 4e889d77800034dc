import json

import pytest

from omnisource.config import OptimConfig
from omnisource.train.schedule import learning_rate


def optim(**settings) -> OptimConfig:
    return OptimConfig(**{"batch_size": 10, "lr_per_sample": 0.01, "epochs": 10} | settings)


RELEASED_0X = {
    "tsn_r50_1x1x3_k400": dict(schedule="step", milestones=(40, 80)),
    "slowonly_r50_4x16_k400_scratch": dict(schedule="cosine"),
    "slowonly_r101_8x8_k400_scratch": dict(schedule="cosine", warmup_epochs=34, warmup_ratio=0.1),
    "slowonly_r50_4x16_k400_imagenet": dict(schedule="step", milestones=(90, 130), warmup_epochs=10, warmup_ratio=0.1),
    "ircsn_r152_k400_ig65m": dict(schedule="step", milestones=(32, 48), warmup_epochs=16, warmup_ratio=0.1),
    "tsn_r50_1x1x8_k200_omnisource": dict(schedule="step", milestones=(40, 80)),
    "slowonly_r50_8x8_k200_omnisource": dict(schedule="cosine"),
}
BY_EPOCH_1X = dict(warmup_ratio=0.1, warmup_by="epoch", warmup_reaches_full=True, cosine_after_warmup=True)
RELEASED_1X = {
    "tsn_r50_1x1x3_k400": dict(schedule="step", milestones=(40, 80)),
    "slowonly_r50_4x16_k400_scratch": BY_EPOCH_1X | dict(schedule="cosine", warmup_epochs=34),
    "slowonly_r101_8x8_k400_scratch": BY_EPOCH_1X | dict(schedule="cosine", warmup_epochs=34),
    "ircsn_r152_k400_ig65m": BY_EPOCH_1X | dict(schedule="step", milestones=(32, 48), warmup_epochs=16),
    "omni_r50_8x8_in1k_k400": BY_EPOCH_1X
    | dict(schedule="cosine", warmup_epochs=34, schedule_by="update", warmup_by="update"),
}
RUNS = [("lr_traces_0x.json", name, rules) for name, rules in RELEASED_0X.items()]
RUNS += [("lr_traces_1x.json", name, rules) for name, rules in RELEASED_1X.items()]


@pytest.mark.parametrize("file, name, rules", RUNS, ids=[f"{file[10:12]}-{name}" for file, name, _ in RUNS])
def test_learning_rate__meets_every_digit_of_the_released_traces(facts, file, name, rules):
    trace = json.loads((facts / file).read_text())[name]
    optimizer = trace.get("optimizer") or trace["optim_wrapper"]["optimizer"]
    config = OptimConfig(epochs=trace["epochs"], batch_size=1, lr_per_sample=optimizer["lr"], **rules)
    length = trace["iters_per_epoch"]
    # The traces are written with eight digits, so equal digits are the whole of what they can show.
    rates = {(e, i): float(f"{learning_rate(config, e * length + i, length):.8g}") for e, i, _ in trace["rows"]}
    assert rates == {(e, i): pytest.approx(rate, rel=1e-9) for e, i, rate in trace["rows"]}


def test_learning_rate__is_rate_per_sample_times_batch_size():
    # paper, appendix: 4e-5 a sample; 8 GPUs x 32 clips give 0.01024, which the released code rounds to 0.01
    assert learning_rate(OptimConfig(batch_size=256), 0, 10) == pytest.approx(0.01024)


@pytest.mark.parametrize(
    "update, expected",
    [
        (0, 0.0),  # the paper's warm-up starts from 0
        (1, 0.1 * 1 / 8),  # two epochs of 4 updates: 8 steps
        (4, 0.1 * 4 / 8),
        (8, 0.1),
        (9, 0.1),
    ],
)
def test_learning_rate__warms_up_from_zero(update, expected):
    config = optim(schedule="step", milestones=(), warmup_epochs=2)
    assert learning_rate(config, update, 4) == pytest.approx(expected)


def test_learning_rate__warms_up_by_epoch_without_reaching_full():
    config = optim(schedule="step", milestones=(), warmup_epochs=2, warmup_by="epoch", warmup_ratio=0.5)
    # epoch 0: 0.5, epoch 1: halfway to 1 = 0.75, then 1
    assert [learning_rate(config, u, 2) for u in range(5)] == pytest.approx([0.05, 0.05, 0.075, 0.075, 0.1])


def test_learning_rate__warm_up_of_one_step_that_reaches_full_is_full_at_once():
    config = optim(schedule="step", milestones=(), warmup_epochs=1, warmup_by="epoch", warmup_reaches_full=True)
    assert learning_rate(config, 0, 4) == pytest.approx(0.1)


def test_learning_rate__cosine_by_update_is_half_in_the_middle():
    assert learning_rate(optim(schedule="cosine", schedule_by="update"), 20, 4) == pytest.approx(0.05)


def test_learning_rate__warm_up_as_long_as_the_run_leaves_no_room_for_the_cosine():
    config = optim(schedule="cosine", epochs=2, warmup_epochs=2, cosine_after_warmup=True)
    assert learning_rate(config, 4, 4) == pytest.approx(0.05)  # halfway through warm-up, cosine not begun
