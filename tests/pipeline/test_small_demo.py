"""The small demo: built up to where it is needed, once."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from omnisource.demo.plan import WorldSize
from omnisource.errors import ConfigError
from omnisource.pipeline import small_demo

TINY = WorldSize(
    train_clips=1,
    val_clips=1,
    images=2,
    fewest_clips=1,
    most_clips=1,
    videos=1,
    empty_videos=0,
    copies=1,
    broken=2,
    width=64,
    height=48,
    video_s=8,
)


def test_prepare__two_at_once_build_one_demo_up_to_where_they_need_it(tmp_path) -> None:
    said: list[str] = []

    def prepare(until: str):
        return small_demo.prepare(tmp_path / "demo", until=until, say=said.append, size=TINY)

    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(prepare, ("add", "check"))
    assert first.root == second.root
    stages_done = sorted(line.split(":")[0] for line in said if not line.startswith("demo"))
    assert stages_done.count("check") == 1 and stages_done.count("target") == 2  # the second finds it done
    assert first.table("validity").num_rows() + len(first.table("validity").dropped().read()) > 0
    assert not first.runs()
    assert first.study().networks["tsn"].optim.epochs == small_demo.EPOCHS


def test_prepare__says_which_stages_there_are(tmp_path) -> None:
    with pytest.raises(ConfigError, match="no stage 'teaching'; stages: target"):
        small_demo.prepare(tmp_path / "demo", until="teaching", say=lambda _: None, size=TINY)
