"""One run of `fit`: what it learns, writes, drops, refuses; stopping and going on are in test_loop_resumed.py."""

import copy
import json
from dataclasses import replace

import pytest
import torch

from omnisource.config import InflationConfig, SnippetConfig, TrainConfig
from omnisource.errors import DataError, OmniSourceError
from omnisource.models.checkpoints import load_network
from omnisource.report import Report
from omnisource.train.journal import dropped_examples
from omnisource.train.loop import FitConfig, FitResult, fit
from tests.train.runs import config, lines, same_weights, state
from tests.two_processes import in_two_processes


def test_fit__leaves_a_run_behind(world, tiny, tmp_path):
    network, module = tiny("tsn")
    start = [p.detach().clone() for p in module.parameters()]
    result = fit(tmp_path / "run", module, world.target, {"images": world.images}, config(network))
    assert result == FitResult(state="done", num_updates=4, total_updates=4, num_dropped=0)
    assert any(not torch.equal(a, b) for a, b in zip(start, module.parameters()))
    saved = load_network(tmp_path / "run" / "network.pt")
    assert saved.config == network.model_dump(mode="json") and saved.extra == {"num_classes": 2, "class_names": []}
    assert all(torch.equal(saved.state_dict[name], tensor) for name, tensor in module.state_dict().items())
    written = state(tmp_path / "run")
    assert (written["state"], written["update"], written["epoch"], written["total_updates"]) == ("done", 4, 2, 4)
    assert any((tmp_path / "run" / "tensorboard").iterdir())


def test_fit__writes_one_line_an_update(world, tiny, tmp_path):
    network, module = tiny("tsn", milestones=(1,))
    fit(tmp_path, module, world.target, {"images": world.images}, config(network))
    rows = [json.loads(line) for line in (tmp_path / "metrics.jsonl").read_text().splitlines()]
    assert [(row["update"], row["epoch"]) for row in rows] == [(1, 0), (2, 0), (3, 1), (4, 1)]
    assert [row["lr"] for row in rows] == pytest.approx([0.009, 0.009, 0.0009, 0.0009])
    names = {"update", "epoch", "lr", "loss", "loss/target", "loss/images", "top1/target", "top1/images"}
    assert all(row.keys() == names | {"num_dropped", "grad_norm", "seconds", "data_seconds"} for row in rows)
    assert all(row["loss"] == pytest.approx(row["loss/target"] + row["loss/images"]) for row in rows)  # 3 and 3 of 3


def test_fit__teacher_is_the_same_fit_without_web_data(world, tiny, tmp_path):
    network, module = tiny("slowonly")
    result = fit(tmp_path, module, world.target, {}, config(network))
    assert result.state == "done"
    assert "loss/target" in lines(tmp_path)[0]


def test_fit__learns_what_tells_the_classes_apart(world, tiny, tmp_path):
    network, _ = tiny("tsn", epochs=12, batch_size=6, lr_per_sample=0.05)
    colours = torch.nn.Sequential(torch.nn.AdaptiveAvgPool3d(1), torch.nn.Flatten(), torch.nn.Linear(3, 2))
    fit(tmp_path, colours, world.target, {"images": world.images}, config(network))
    last = lines(tmp_path)[-1]
    assert last["top1/target"] == last["top1/images"] == 1.0  # red or green


@pytest.mark.parametrize("update", ["summed", "per_source"])
@pytest.mark.parametrize("within", [False, True])
@pytest.mark.parametrize("across", [False, True])
def test_fit__every_way_of_mixing_runs(world, tiny, tmp_path, update, within, across):
    network, module = tiny("tsn", epochs=1, batch_size=6)
    joint = {"update": update, "mixup_within": within, "mixup_across": across}
    web = {"images": world.images, "clips": world.clips, "untrimmed": world.untrimmed}
    assert fit(tmp_path, module, world.target, web, config(network, joint=joint)).state == "done"
    assert {"loss/images", "loss/clips", "loss/untrimmed"} < lines(tmp_path)[0].keys()


@pytest.mark.parametrize(
    "mode", ["replicate", "translate_random", "translate_constant", "perspective", "perspective_class"]
)
def test_fit__every_inflation_runs(world, tiny, tmp_path, mode):
    network, module = tiny("slowonly", epochs=1, batch_size=6)
    settings = config(network, inflation=InflationConfig(mode=mode))
    web = {"images": world.images, "untrimmed": world.untrimmed}
    assert fit(tmp_path, module, world.target, web, settings, motions=world.motions).state == "done"


@pytest.mark.parametrize("composition", ["random", "positive", "2_positive_1_negative", "1_positive_2_negative"])
def test_fit__every_composition_runs(world, tiny, tmp_path, composition):
    network, module = tiny("tsn", epochs=1, batch_size=6)
    settings = config(network, snippets=SnippetConfig(composition=composition))
    assert fit(tmp_path, module, world.target, {"untrimmed": world.untrimmed}, settings).state == "done"


def test_fit__counts_and_writes_down_what_it_cannot_read(world, tiny, tmp_path):
    network, module = tiny("tsn", epochs=2)
    web = {"images": [world.broken, *world.images]}
    with Report("train", progress=False) as report:
        result = fit(tmp_path, module, world.target, web, config(network, joint={"resampling": "none"}), report=report)
    assert result.num_dropped == 2  # six draws of six examples, twice
    found = [json.loads(line) for line in (tmp_path / "dropped.jsonl").read_text().splitlines()]
    assert [(drop["source"], drop["path"], drop["reason"]) for drop in found] == [
        ("images", str(world.broken.path), "not_media")
    ] * 2
    assert [drop["update"] for drop in found] == [row["update"] for row in lines(tmp_path) if row["num_dropped"]]
    assert [dropped.path for dropped in dropped_examples(tmp_path)] == [world.broken.path]
    assert report.dropped == []  # would grow with every draw


def test_fit__goes_on_when_a_source_is_unreadable(world, tiny, tmp_path):
    network, module = tiny("tsn", epochs=1)
    result = fit(tmp_path, module, world.target, {"images": [world.broken]}, config(network))
    assert (result.state, result.num_dropped) == ("done", 6)
    assert "loss/images" not in lines(tmp_path)[0]


LOST = (
    r"epoch 1: 3 of 3 target examples \(100%\) could not be read, which is more than half of the epoch; for example "
    r".*target\d.mp4 \(missing_file: .*\). Mount the folder of the target set or restore its files, and train again"
)


def test_fit__ends_where_the_target_cannot_be_read(world, tiny, tmp_path):
    network, module = tiny("tsn", batch_size=1)
    unmounted = [replace(example, path=tmp_path / "unmounted" / example.path.name) for example in world.target[:5]]
    with pytest.raises(DataError, match=LOST):  # the third of five is more than half
        fit(tmp_path, module, unmounted, {"images": world.images}, config(network, checkpoint_every=1))
    assert not (tmp_path / "network.pt").exists()
    assert len((tmp_path / "dropped.jsonl").read_text().splitlines()) == 3


def test_fit__goes_on_with_half_of_the_target(world, tiny, tmp_path):
    network, module = tiny("tsn", epochs=2)
    half = [replace(world.broken, source="target")] * 3 + world.target[:3]
    assert fit(tmp_path, module, half, {}, config(network)).num_dropped == 6  # three in each epoch


def test_fit__workers_change_nothing(world, tiny, tmp_path):
    web = {"images": world.images}
    modules = []
    for workers in (0, 2):
        network, module = tiny("tsn")
        fit(tmp_path / str(workers), module, world.target, web, config(network, workers=workers))
        modules.append(module)
    assert same_weights(*modules)


def test_fit__two_processes_train_what_one_does(world, tiny, tmp_path):
    # batches of 4 and 2 targets; a network without batch norm sees no difference but in rounding
    network, _ = tiny("tsn", batch_size=4)
    network = network.model_copy(update={"model": network.model.model_copy(update={"dropout": 0.0})})
    web = {"images": [world.broken, *world.images[:2]]}
    settings = config(network, joint={"target_share": 4, "resampling": "none"})  # one, none: a process has no image
    torch.manual_seed(0)
    colours = torch.nn.Sequential(torch.nn.AdaptiveAvgPool3d(1), torch.nn.Flatten(), torch.nn.Linear(3, 2))
    in_two_processes(fit, tmp_path / "shared", copy.deepcopy(colours), world.target, web, settings)
    fit(tmp_path / "alone", colours, world.target, web, settings)

    together = load_network(tmp_path / "shared" / "network.pt").state_dict
    assert list(together) == list(colours.state_dict())
    for name, tensor in colours.state_dict().items():
        torch.testing.assert_close(together[name], tensor)
    for ours, theirs in zip(lines(tmp_path / "shared"), lines(tmp_path / "alone"), strict=True):
        assert ours == pytest.approx(theirs, rel=1e-4)


def test_fit__validates_in_evaluation_mode_and_writes_the_numbers(world, tiny, tmp_path):
    network, module = tiny("tsn", epochs=4)
    modes = []

    def validate(validated: torch.nn.Module) -> dict[str, float]:
        modes.append(validated.training)
        return {"top1": 0.5}

    fit(tmp_path, module, world.target, {}, config(network, validate_every=2), validate=validate)
    assert modes == [False, False] and module.training
    assert [row["update"] for row in lines(tmp_path) if row.get("val/top1") == 0.5] == [4, 8]


def test_fit__stops_where_the_loss_is_not_finite(world, tiny, tmp_path):
    network, module = tiny("tsn", lr_per_sample=1e30)
    with pytest.raises(OmniSourceError, match="update 2: the loss is .* lower optim.lr_per_sample or raise"):
        fit(tmp_path, module, world.target, {}, config(network, checkpoint_every=1))
    assert [row["update"] for row in lines(tmp_path)] == [1]


def test_fit__bf16_runs(world, tiny, tmp_path):
    network, module = tiny("tsn", epochs=1, precision="bf16-mixed")
    assert fit(tmp_path, module, world.target, {"images": world.images}, config(network)).state == "done"
    assert all(p.dtype == torch.float32 for p in module.parameters())


def test_fit__leaves_torchs_settings_as_they_were(world, tiny, tmp_path):
    network, module = tiny("tsn", epochs=1)
    before = torch_settings()
    fit(tmp_path, module, world.target, {}, config(network))
    assert torch_settings() == before


def test_fit__asks_for_deterministic_kernels(world, tiny, tmp_path):
    network, module = tiny("tsn", epochs=1)
    seen = []

    def validate(_: torch.nn.Module) -> dict[str, float]:
        seen.append(torch_settings())
        return {}

    fit(tmp_path, module, world.target, {}, config(network, validate_every=1), validate=validate)
    assert seen == [(True, True, True, False)]


def test_fit__pretraining_reads_the_web_alone(world, tiny, tmp_path):
    network, module = tiny("tsn")
    settings = replace(config(network, joint={"target_share": 2}), epoch_size=6)
    assert fit(tmp_path, module, [], {"images": world.images, "clips": world.clips}, settings).state == "done"
    rows = lines(tmp_path)
    assert [row["update"] for row in rows] == [1, 2, 3, 4]  # as with six target clips in batches of three
    assert all("loss/target" not in row and {"loss/images", "loss/clips"} <= row.keys() for row in rows)


def test_fit__pretraining_ends_where_the_web_cannot_be_read(world, tiny, tmp_path):
    network, module = tiny("tsn", batch_size=2)
    settings = replace(config(network, checkpoint_every=1), epoch_size=6)
    with pytest.raises(DataError, match=r"epoch 1: 4 of 4 web examples \(100%\) could not be read, which is more than"):
        fit(tmp_path, module, [], {"images": [world.broken] * 3}, settings)
    assert not (tmp_path / "checkpoints").exists()


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@pytest.mark.parametrize("precision", ["32-true", "bf16-mixed", "16-mixed"])
def test_fit__runs_on_cuda(world, tiny, tmp_path, precision):
    network, module = tiny("slowonly", precision=precision)
    settings = FitConfig(network=network, train=TrainConfig(workers=2), num_classes=2, device="cuda")
    web = {"images": world.images, "clips": world.clips, "untrimmed": world.untrimmed}
    assert fit(tmp_path, module, world.target, web, settings, motions=world.motions).state == "done"


def torch_settings() -> tuple[bool, ...]:
    """Those that decide whether a result can be had twice."""
    cudnn = torch.backends.cudnn
    enabled, warn_only = torch.are_deterministic_algorithms_enabled, torch.is_deterministic_algorithms_warn_only_enabled
    return enabled(), warn_only(), cudnn.deterministic, cudnn.benchmark
