"""The paper's numbers for each kind of network (5.1, appendix), and what a study's own settings do to them."""

import pytest

from omnisource.network_config import ModelConfig, NetworkConfig, OptimConfig, leave_open


def network(**values: object) -> NetworkConfig:
    return NetworkConfig.model_validate(values)


SCRATCH = {"arch": "slowonly", "pretrained": "none"}


@pytest.mark.parametrize(
    ("model", "epochs", "lr_per_sample", "schedule", "warmup_epochs"),
    [
        ({}, 100, 4e-5, "step", 0),  # TSN
        ({"arch": "slowonly"}, 150, 1.6e-4, "step", 0),  # ImageNet start
        (SCRATCH, 256, 1.6e-3, "cosine", 34),  # 4x16
        (SCRATCH | {"clip_len": 8, "frame_interval": 8}, 196, 1.6e-3, "cosine", 34),  # 8x8
    ],
)
def test_network_defaults__are_the_papers_for_the_kind(model, epochs, lr_per_sample, schedule, warmup_epochs):
    optim = network(model=model).optim
    assert (optim.epochs, optim.lr_per_sample) == (epochs, lr_per_sample)
    assert (optim.schedule, optim.warmup_epochs) == (schedule, warmup_epochs)


def test_network_defaults__milestones_of_both_kinds():
    assert network().optim.milestones == (40, 80)
    assert network(model={"arch": "slowonly"}).optim.milestones == (90, 130)


def test_network_defaults__test_protocols():
    assert (network().test.num_clips, network().test.crops, network().test.average) == (25, "ten", "features")
    test = network(model={"arch": "slowonly"}).test
    assert (test.num_clips, test.crops, test.crop_px, test.average) == (10, "three", 256, "probs")


def test_network_defaults__other_epochs_keep_the_schedules_shape():
    assert network(optim={"epochs": 10}).optim.milestones == (4, 8)
    assert network(model=SCRATCH, optim={"epochs": 64}).optim.warmup_epochs == 8.5  # 34 of 256


def test_network_defaults__what_a_study_sets_stays():
    set_by_hand = network(model={"arch": "slowonly"}, optim={"milestones": [3], "epochs": 5}, test={"num_clips": 2})
    assert set_by_hand.optim.milestones == (3,)
    assert (set_by_hand.test.num_clips, set_by_hand.test.crops) == (2, "three")


def test_network_defaults__a_saved_network_is_read_back_as_it_was():
    changed = network(model={"arch": "slowonly"}, optim={"epochs": 7})
    assert NetworkConfig.model_validate(changed.model_dump(mode="json")) == changed


def test_network_defaults__models_of_settings_count_as_set_where_they_are_set():
    built = NetworkConfig(model=ModelConfig(arch="slowonly"), optim=OptimConfig(batch_size=8))
    assert (built.optim.batch_size, built.optim.epochs) == (8, 150)


@pytest.mark.parametrize(
    ("model", "backbone", "clip", "lr_per_sample", "schedule"),
    [
        ({"arch": "ircsn"}, "resnet152", (32, 2), 5e-6, "step"),  # paper, appendix: IG-65M irCSN-152
        ({"arch": "i3d"}, "resnet50", (32, 2), 1.6e-4, "step"),
        ({"arch": "omni"}, "resnet50", (8, 8), 1.6e-3, "cosine"),  # from scratch
    ],
)
def test_network_defaults__shapes_of_the_other_kinds(model, backbone, clip, lr_per_sample, schedule):
    found = network(model=model)
    assert found.model.backbone == backbone
    assert (found.model.clip_len, found.model.frame_interval) == clip
    assert (found.optim.lr_per_sample, found.optim.schedule) == (lr_per_sample, schedule)


def test_network_defaults__ircsn_warms_up_for_16_of_58_epochs():
    optim = network(model={"arch": "ircsn"}).optim
    assert (optim.epochs, optim.milestones, optim.warmup_epochs) == (58, (32, 48), 16)


@pytest.mark.parametrize(("pretrained", "frozen"), [("ig65m", "all"), ("none", "none")])
def test_network_defaults__ircsn_freezes_its_norms_only_where_they_were_trained(pretrained, frozen):
    assert network(model={"arch": "ircsn", "pretrained": pretrained}).model.frozen_norms == frozen


def test_network_defaults__omni_is_tested_to_the_ends():
    assert network(model={"arch": "omni"}).test.positions == "ends"


@pytest.mark.parametrize(
    ("model", "num_channels"),
    [
        ({}, 3),
        ({"format": "flow"}, 10),  # five flows of x and y
        ({"format": "flow", "flow_frames": 3}, 6),
        ({"arch": "i3d", "format": "flow"}, 2),
    ],
)
def test_num_channels__of_pictures_and_of_flow(model, num_channels):
    assert network(model=model).model.num_channels == num_channels


def test_network_defaults__flow_is_centred():
    assert network(model={"format": "flow"}).input.mean == (128.0,)
    assert network(model={"format": "flow"}, input={"std": [1]}).input.std == (1.0,)


@pytest.mark.parametrize("arch", ["tsn", "slowonly", "i3d", "ircsn", "omni"])
@pytest.mark.parametrize("format", ["rgb", "flow"])
def test_leave_open__a_network_is_read_back_as_it_was(arch, format):
    made = network(model={"arch": arch, "format": format}, optim={"batch_size": 7})
    assert network(**leave_open(made.model_dump(mode="json"))) == made
