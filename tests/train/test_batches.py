import json
from collections import Counter

import numpy as np
import pytest

from omnisource.config import JointConfig
from omnisource.errors import ConfigError
from omnisource.train.batches import epoch_plan, num_updates


def plan(sizes: dict[str, int], config: JointConfig, *, batch_size: int = 4, epoch: int = 0, seed: int = 0):
    classes = {source: np.arange(size) % 3 for source, size in sizes.items()}
    return epoch_plan(classes, config, batch_size=batch_size, seed=seed, epoch=epoch)


def drawn(updates, source: str) -> list[int]:
    return [
        draw.index for update in updates for batch in update.batches for draw in batch.draws if draw.source == source
    ]


PLAIN = JointConfig(resampling="none", target_share=2)


@pytest.mark.parametrize("num_target, batch_size, expected", [(8, 4, 2), (9, 4, 3), (1, 4, 1)])
def test_num_updates__counts_the_smaller_last_batch(num_target, batch_size, expected):
    assert num_updates(num_target, batch_size) == expected
    assert len(plan({"target": num_target}, PLAIN, batch_size=batch_size)) == expected


def test_epoch_plan__is_one_pass_over_the_target():
    updates = plan({"target": 10, "web": 7}, PLAIN)
    assert [update.num_target for update in updates] == [4, 4, 2]
    assert sorted(drawn(updates, "target")) == list(range(10))


def test_epoch_plan__is_a_function_of_seed_and_epoch():
    sizes = {"target": 9, "web": 5}
    same = [list(plan(sizes, JointConfig(), epoch=3, seed=1)) for _ in range(2)]
    assert same[0] == same[1]
    assert list(plan(sizes, JointConfig(), epoch=4, seed=1)) != same[0]
    assert list(plan(sizes, JointConfig(), epoch=3, seed=2)) != same[0]


def test_epoch_plan__numbers_updates_over_the_whole_run():
    assert [(u.number, u.epoch) for u in plan({"target": 9}, PLAIN, epoch=2)] == [(6, 2), (7, 2), (8, 2)]


def test_epoch_plan__gives_every_draw_its_own_seed():
    draws = [
        draw
        for epoch in range(2)
        for update in plan({"target": 20, "web": 20}, PLAIN, epoch=epoch)
        for batch in update.batches
        for draw in batch.draws
    ]
    assert len({draw.seed for draw in draws}) == len(draws)


@pytest.mark.parametrize(
    "share, ratio, counts",
    [
        (1, {}, [4, 4, 4, 4]),  # 1:1
        (2, {}, [2, 2, 2, 2]),  # 2:1
        (1, {"web": 2.0}, [8, 8, 8, 8]),  # 1:2
        (8, {"web": 3.0}, [2, 1, 2, 1]),  # 1.5 an update: the half is carried
        (400, {}, [1, 1, 1, 1]),  # less than one an update: one
    ],
)
def test_epoch_plan__summed_holds_the_ratio(share, ratio, counts):
    config = JointConfig(resampling="none", target_share=share, batch_ratio=ratio)
    assert [len(update.batches[1].draws) for update in plan({"target": 16, "web": 50}, config)] == counts


def test_epoch_plan__summed_shrinks_the_web_batch_with_a_smaller_target_batch():
    config = JointConfig(resampling="none", target_share=1)
    assert [[len(b.draws) for b in u.batches] for u in plan({"target": 6, "web": 50}, config)] == [[4, 4], [2, 2]]


def test_epoch_plan__summed_ratio_is_carried_across_epochs():
    # 5 target examples an epoch at 4:1 are 1.25 web examples; after 4 epochs 5
    config = JointConfig(resampling="none", target_share=4)
    counts = [len(drawn(plan({"target": 5, "web": 50}, config, epoch=epoch), "web")) for epoch in range(4)]
    assert sum(counts) == 5


def test_epoch_plan__summed_without_resampling_sees_everything_before_it_repeats():
    config = JointConfig(resampling="none", target_share=1)
    seen = [i for epoch in range(7) for i in drawn(plan({"target": 6, "web": 14}, config, epoch=epoch), "web")]
    assert len(seen) == 42  # three passes of 14
    assert all(sorted(seen[i : i + 14]) == list(range(14)) for i in (0, 14, 28))
    assert seen[:14] != seen[14:28]


def test_epoch_plan__summed_draws_classes_by_power():
    classes = {"target": np.zeros(4000, int), "web": np.repeat([0, 1], [900, 100])}
    config = JointConfig(resampling="power", power=0.5, target_share=1)
    updates = epoch_plan(classes, config, batch_size=100, seed=0, epoch=0)
    counts = Counter(classes["web"][drawn(updates, "web")].tolist())
    assert counts[1] / 4000 == pytest.approx(0.25, abs=0.03)  # 30 : 10


def test_epoch_plan__a_source_can_be_larger_than_the_epoch_needs():
    assert len(drawn(plan({"target": 4, "web": 10_000}, PLAIN), "web")) == 2


@pytest.mark.parametrize("case", ["ratio_2_1_1_1", "ratio_default", "ratio_1_2_1", "main_batches_of_2"])
def test_epoch_plan__per_source_follows_the_released_runner(facts, case):
    trace = json.loads((facts / "omnisource_runner_trace.json").read_text())[case]
    batch_size = 2 if case == "main_batches_of_2" else 1
    sizes = dict(zip(["target", "/aux0", "/aux1", "/aux2"], trace["loader_lengths"]))
    if batch_size == 2:  # the trace's longest batches tell the numbers of examples: 5 and 3
        sizes = {"target": 5, "/aux0": 3}
    ratio = trace["train_ratio"] or [1] * len(sizes)
    config = JointConfig(
        update="per_source",
        resampling="none",
        target_share=ratio[0],
        batch_ratio={},
    ).model_copy(update={"batch_ratio": dict(zip(list(sizes)[1:], ratio[1:]))})
    ours = []
    for epoch in range(trace["max_epochs"]):
        seen: dict[str, list[int]] = {source: [] for source in sizes}  # the trace's loaders are not shuffled
        for update in plan(sizes, config, batch_size=batch_size, epoch=epoch):
            for batch in update.batches:
                source = batch.source
                seen[source] += [draw.index for draw in batch.draws if draw.index not in seen[source]]
                samples = [seen[source].index(draw.index) for draw in batch.draws]
                ours.append([epoch, update.number, source.replace("target", "main"), samples])
    assert ours == [row[:4] for row in trace["sequence"]]


def test_epoch_plan__per_source_has_batches_of_its_own_size():
    config = JointConfig(update="per_source", resampling="none", target_share=1, source_batch_size={"web": 6})
    assert [len(update.batches[1].draws) for update in plan({"target": 12, "web": 10}, config)] == [6, 4, 6]


def test_epoch_plan__per_source_resamples():
    classes = {"target": np.zeros(1000, int), "web": np.repeat([0, 1], [900, 100])}
    config = JointConfig(update="per_source", resampling="power", power=0, target_share=1)
    updates = epoch_plan(classes, config, batch_size=10, seed=0, epoch=0)
    assert np.mean(classes["web"][drawn(updates, "web")]) == pytest.approx(0.5, abs=0.05)


@pytest.mark.parametrize("update", ["summed", "per_source"])
def test_epoch_plan__a_source_can_have_a_resampling_of_its_own(update):
    classes = {"target": np.zeros(1000, int), "balanced": np.repeat([0, 1], [900, 100])}
    classes["plain"] = classes["balanced"]
    config = JointConfig(
        update=update, resampling="power", power=0, target_share=1, resampling_by_source={"plain": "none"}
    )
    updates = epoch_plan(classes, config, batch_size=10, seed=0, epoch=0)
    assert sorted(drawn(updates, "plain")) == list(range(1000))  # every example once: 1000 at 1:1
    assert np.mean(classes["balanced"][drawn(updates, "balanced")]) == pytest.approx(0.5, abs=0.05)


@pytest.mark.parametrize(
    "settings, named",
    [({"target_share": 1.5}, "target_share is 1.5"), ({"batch_ratio": {"web": 0.5}}, "batch_ratio of 'web' is 0.5")],
)
def test_epoch_plan__per_source_refuses_parts_of_batches(settings, named):
    config = JointConfig(update="per_source", **settings)
    with pytest.raises(ConfigError, match=f"{named}: update=per_source counts whole batches; use a whole number"):
        plan({"target": 4, "web": 4}, config)


@pytest.mark.parametrize("world_size", [1, 2, 3, 5])
def test_share_of__shares_are_disjoint_and_whole(world_size):
    for update in plan({"target": 10, "web": 7}, PLAIN):
        parts = [update.share_of(rank, world_size) for rank in range(world_size)]
        for batch, *shares in zip(update.batches, *(part.batches for part in parts)):
            together = [draw for share in shares for draw in share.draws]
            assert len(together) == len(batch.draws) and set(together) == set(batch.draws)


def test_share_of__keeps_the_size_of_the_whole_target_batch():
    assert plan({"target": 4}, PLAIN)[0].share_of(0, 4).num_target == 4


def test_share_of__deals_in_turn():
    update = next(iter(plan({"target": 4}, PLAIN)))
    assert update.share_of(1, 2).batches[0].draws == update.batches[0].draws[1::2]


@pytest.mark.parametrize("update", ["summed", "per_source"])
@pytest.mark.parametrize("epoch", [0, 1])
def test_epoch_plan__without_the_target_draws_the_web_as_beside_it(update: str, epoch: int):
    sizes, joint = {"web": 7, "clips": 3}, JointConfig(target_share=2, update=update)
    beside = plan({"target": 10} | sizes, joint, epoch=epoch)
    classes = {source: np.arange(size) % 3 for source, size in sizes.items()}
    alone = epoch_plan(classes, joint, batch_size=4, seed=0, epoch=epoch, num_target=10)
    assert [u.batches for u in alone] == [u.batches[1:] for u in beside]
    assert [(u.number, u.num_target) for u in alone] == [(u.number, u.num_target) for u in beside]


def test_num_draws__counts_sources_up_to_an_update():
    updates = plan({"target": 10, "web": 7, "clips": 3}, PLAIN)  # batches of 4, 4, 2 and half of it from each source
    assert [updates.num_draws(["target"], stop=stop) for stop in (0, 1, 2, 3, None)] == [0, 4, 8, 10, 10]
    assert updates.num_draws(["web", "clips"]) == 10
