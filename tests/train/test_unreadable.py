from dataclasses import replace
from pathlib import Path

import pytest

from omnisource.config import TrainConfig
from omnisource.errors import DataError
from omnisource.train.batches import TARGET, PlannedBatch, Update
from omnisource.train.datasets import DroppedSample
from omnisource.train.journal import Journal
from omnisource.train.setup import FitConfig, set_up
from omnisource.train.unreadable import DrawWatch

GONE = DroppedSample(TARGET, Path("gone.mp4"), "missing_file", "no such file")
PICTURE = DroppedSample("images", Path("gone.jpg"), "missing_file", "no such file")


@pytest.fixture
def session(world, tiny, tmp_path):
    """Six target examples in batches of two: epochs of three updates."""
    network, module = tiny("tsn", batch_size=2)
    config = FitConfig(network=network, train=TrainConfig(), num_classes=2, device="cpu")
    return set_up(tmp_path, module, world.target, {}, config)


def update(number: int) -> Update:
    return Update(number=number, epoch=number // 3, num_target=2, batches=(PlannedBatch(TARGET, ()),))


def test_see__raises_once_more_than_half_of_an_epoch_is_lost(session):
    watch = DrawWatch(session)
    watch.see(update(3), [GONE])
    watch.see(update(4), [GONE, GONE])  # three of six
    with pytest.raises(DataError) as caught:
        watch.see(update(5), [GONE])
    assert str(caught.value) == (
        "epoch 2: 4 of 6 target examples (67%) could not be read, which is more than half of the epoch; for example "
        "gone.mp4 (missing_file: no such file). Mount the folder of the target set or restore its files, and train "
        "again: the run goes on from its newest checkpoint"
    )


def test_see__counts_each_epoch_by_itself(session):
    watch = DrawWatch(session)
    for number, dropped in enumerate([[], [GONE], [GONE, GONE], [GONE, GONE], [GONE], []]):
        watch.see(update(number), dropped)  # three of six in both


def test_see__ignores_what_the_web_lost(session):
    watch = DrawWatch(session)
    for number in range(3):
        watch.see(update(number), [PICTURE] * 4)


def test_init__counts_what_earlier_sessions_lost_in_the_epoch(session):
    with Journal(session.folder, update=0, total_updates=6) as journal:
        journal.drop(3, [GONE])  # of the epoch before
        journal.drop(4, [GONE])
        journal.drop(5, [GONE])
        journal.drop(6, [GONE, GONE])  # after the checkpoint
    watch = DrawWatch(replace(session, start=5))  # the last update is left
    with pytest.raises(DataError, match="epoch 2: 4 of 6 target examples"):
        watch.see(update(5), [GONE, GONE])


def test_init__a_resumed_epoch_may_still_lose_half(session):
    with Journal(session.folder, update=0, total_updates=6) as journal:
        journal.drop(4, [GONE])
    DrawWatch(replace(session, start=4)).see(update(4), [GONE, GONE])


def test_see__pretraining_watches_the_web(world, tiny, tmp_path):
    network, module = tiny("tsn", batch_size=2)
    config = FitConfig(network=network, train=TrainConfig(), num_classes=2, device="cpu", epoch_size=6)
    session = set_up(tmp_path, module, [], {"images": world.images, "clips": world.clips}, config)
    watch = DrawWatch(session)  # 6 target examples count; 2:1:1 draws three pictures and three clips beside them
    watch.see(update(0), [PICTURE])
    watch.see(update(1), [PICTURE])
    with pytest.raises(DataError) as caught:
        watch.see(update(2), [PICTURE, replace(PICTURE, source="clips")])
    assert str(caught.value) == (
        "epoch 1: 4 of 6 web examples (67%) could not be read, which is more than half of the epoch; for example "
        "gone.jpg (missing_file: no such file). Mount the folder of every source or restore its files, and train "
        "again: the run goes on from its newest checkpoint"
    )
