"""What would be trained, asked without training it."""

import pytest

from omnisource import config
from omnisource.errors import ConfigError, WorkspaceError
from omnisource.pipeline.training_jobs import decisive_settings, needs_motion, network_of, training_jobs
from omnisource.types import Format
from omnisource.workspace import Workspace

IMAGE, TRIMMED, UNTRIMMED = Format.IMAGE, Format.TRIMMED, Format.UNTRIMMED


@pytest.mark.parametrize(
    ("arch", "formats", "mode", "needed"),
    [
        ("slowonly", {IMAGE}, "perspective", True),
        ("slowonly", {IMAGE, TRIMMED}, "perspective_class", True),
        ("slowonly", {IMAGE}, "replicate", False),  # only warps are drawn from N(mu, Sigma)
        ("slowonly", {IMAGE}, "translate_random", False),
        ("slowonly", {TRIMMED, UNTRIMMED}, "perspective", False),  # no picture
        ("tsn", {IMAGE}, "perspective", False),  # a 2D network sees a picture as it is
    ],
)
def test_needs_motion__only_for_pictures_in_a_3d_network(arch: str, formats: set[Format], mode: str, needed: bool):
    network = config.NetworkConfig(model=config.ModelConfig(arch=arch))
    shared = config.TrainConfig(inflation=config.InflationConfig(mode=mode))
    assert needs_motion(network, shared, formats) == needed


def test_training_jobs__a_recipe_is_one_run_with_its_examples(labelled: Workspace):
    (job,) = training_jobs(labelled, labelled.study(), "tsn", "unfiltered", "joint")
    assert (job.run, job.pretrains) == ("tsn-unfiltered", False)
    assert set(job.examples) == {"web_image", "web_clip", "web_video"}


def test_network_of__an_unknown_one(labelled: Workspace):
    study = labelled.study()
    assert network_of(study, "tsn") == study.networks["tsn"]
    with pytest.raises(ConfigError, match="no network 'tns'; known: slowonly, tsn"):
        network_of(study, "tns")


def test_training_jobs__the_baseline_does_not_depend_on_the_mixture(labelled: Workspace):
    study = config.override(labelled.study(), ["train.joint.power=0.9"])
    (job,) = training_jobs(labelled, study, "tsn", None, "joint")
    assert decisive_settings(study, job)["train"]["joint"]["power"] == 0.2  # the default
    assert decisive_settings(study, job)["auxiliary"] == {}


def test_training_jobs__finetuning_waits_for_the_pretrained_network(labelled: Workspace):
    jobs = training_jobs(labelled, labelled.study(), "tsn", "unfiltered", "pretrain_finetune")
    assert (first := next(jobs)).run == "tsn-unfiltered.pretrain" and first.pretrains
    with pytest.raises(WorkspaceError, match="run 'tsn-unfiltered.pretrain' has no trained network yet"):
        next(jobs)
