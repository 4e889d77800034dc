"""What a run draws of a recipe's examples, without drawing it."""

import pytest

from omnisource.config import JointConfig
from omnisource.errors import ConfigError, WorkspaceError
from omnisource.pipeline import balancing
from omnisource.pipeline.recipes import auxiliary_examples
from omnisource.workspace import Workspace
from tests import workspaces


def test_target_counts__are_those_of_the_training_clips(labelled: Workspace):
    assert balancing.target_counts(labelled).tolist() == [4, 4, 4]


def test_target_counts__before_the_target_stage(fresh: Workspace):
    workspaces.change(fresh, "seed=1")
    fresh.taxonomy_path.write_text('["a"]')
    with pytest.raises(WorkspaceError, match="no train clips yet"):
        balancing.target_counts(fresh)


def test_example_counts__in_the_order_of_the_study(labelled: Workspace):
    counts = balancing.example_counts(labelled, "unfiltered", JointConfig())
    assert {name: by_class.tolist() for name, by_class in counts.items()} == {
        "web_image": [4, 4, 4],
        "web_clip": [2, 2, 2],
        "web_video": [1, 1, 1],
    }
    assert list(counts) == ["web_image", "web_clip", "web_video"]


def test_example_counts__those_of_a_mixture_are_one(labelled: Workspace):
    workspaces.change(labelled, "sources=[]")  # of two sources of one format; here from one recipe's files
    folder = labelled.auxiliary("unfiltered")
    (folder / "more.arrow").write_bytes((folder / "web_image.arrow").read_bytes())
    text = (folder / "done.json").read_text()
    (folder / "done.json").write_text(text.replace('"files": {', '"files": {"more": "0",'))
    counts = balancing.example_counts(labelled, "unfiltered", JointConfig(merged={"both": ("more", "web_image")}))
    assert counts["both"].tolist() == [8, 8, 8]
    assert not {"more", "web_image"} & set(counts)


def test_example_counts__a_mixture_of_formats_is_refused(labelled: Workspace):
    with pytest.raises(ConfigError, match="mixes image and trimmed"):
        balancing.example_counts(labelled, "unfiltered", JointConfig(merged={"both": ("web_image", "web_clip")}))


def test_plan_run__counts_what_the_study_says(labelled: Workspace):
    # 12 clips, 2:1, so 6 of each source an epoch
    plan = balancing.plan_run(labelled, "tsn", "unfiltered")
    assert (plan.num_target, plan.batch_size, plan.epochs) == (12, 4, 1)
    assert [one.draws.tolist() for one in plan.sources] == [[6], [6], [6]]
    assert [one.mean_reads for one in plan.sources] == [6 / 12, 6 / 6, 6 / 3]
    assert [one.source for one in plan.overfitted] == ["web_video"]
    other = balancing.plan_run(labelled, "tsn", "unfiltered", JointConfig(target_share=1))
    assert [one.draws_per_epoch for one in other.sources] == [12, 12, 12]


def test_plan_run__has_the_examples_that_training_reads(labelled: Workspace):
    examples, _ = auxiliary_examples(labelled, "omnisource")
    plan = balancing.plan_run(labelled, "tsn", "omnisource")
    assert {one.source: one.num_examples for one in plan.sources} == {
        name: len(rows) for name, rows in examples.items() if len(rows)
    }


def test_plan_run__unknown_network(labelled: Workspace):
    with pytest.raises(ConfigError, match="no network 'tsm'; known: slowonly, tsn"):
        balancing.plan_run(labelled, "tsm", "unfiltered")


def test_plan_run__recipe_that_was_not_applied(fresh: Workspace, labelled: Workspace):
    (labelled.auxiliary("unfiltered") / "done.json").unlink()
    with pytest.raises(WorkspaceError, match="has no examples yet; `omnisource label --recipe unfiltered`"):
        balancing.plan_run(labelled, "tsn", "unfiltered")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("2-1-1-1", {"target_share": 2.0, "batch_ratio": {}, "resampling": "power", "power": 0.2}),
        ("none", {"resampling": "none", "power": 0.9}),
        ("clipped", {"resampling": "clipped", "clip_at": 5000}),
        ("power-05", {"resampling": "power", "power": 0.5}),
        ("1-1", {"target_share": 1.0, "batch_ratio": {}, "power": 0.9}),
    ],
)
def test_mixtures__lie_over_what_is_set(name: str, expected: dict):
    mine = JointConfig(power=0.9, batch_ratio={"web": 3}, mixup_across=True)
    tried = balancing.MIXTURES[name].over(mine)
    assert tried.mixup_across
    assert {key: getattr(tried, key) for key in expected} == expected


def test_mixtures__are_settings_of_the_mixture():
    for mixture in balancing.MIXTURES.values():
        assert set(mixture.settings) <= set(JointConfig.model_fields)
