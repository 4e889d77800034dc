"""A few real updates tell what a run costs, and leave nothing behind."""

import pytest

from omnisource.errors import ConfigError, WorkspaceError
from omnisource.pipeline.launching import Launch, estimate_of
from omnisource.pipeline.measuring import measure
from omnisource.study_changes import change_study
from omnisource.workspace import Workspace


def test_measure__trains_a_few_updates_and_forgets_them(labelled: Workspace):
    change_study(labelled, ["networks.tsn.optim.epochs=50"])  # 150 updates
    found = measure(labelled, "tsn", "unfiltered", num_updates=3, progress=False)
    assert (found.run, found.num_updates) == ("tsn-unfiltered", 3)
    assert 0 < found.data_seconds < found.seconds_per_update
    assert 0 < found.memory_bytes < found.memory_limit_bytes
    assert found.checkpoint_bytes > 10_000
    assert not labelled.run("tsn-unfiltered").exists()
    assert [path.name for path in (labelled.root / "scratch").iterdir() if not path.name.startswith(".")] == []


def test_measure__is_what_the_estimate_is_made_of(labelled: Workspace):
    measure(labelled, "tsn", None, num_updates=1, progress=False)  # of 3 in all: fewer than those that settle
    found = estimate_of(labelled, labelled.study(), Launch(network="tsn", recipe=None))
    assert found.differences == ()
    assert found.seconds == pytest.approx(3 * found.measurement.seconds_per_update)


def test_measure__pretraining_is_its_first_run(labelled: Workspace):
    found = measure(labelled, "tsn", "unfiltered", procedure="pretrain_finetune", num_updates=1, progress=False)
    assert found.run == "tsn-unfiltered.pretrain"


def test_measure__says_what_training_would(fresh: Workspace, labelled: Workspace):
    with pytest.raises(WorkspaceError, match="has no classes yet"):
        measure(fresh, "tsn", None, progress=False)
    with pytest.raises(ConfigError, match="no network 'tns'; known: slowonly, tsn"):
        measure(labelled, "tns", None, progress=False)
