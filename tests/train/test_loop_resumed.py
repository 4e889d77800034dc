"""A run that was stopped or killed goes on as if nothing had been; a finished one is left alone."""

import time
from dataclasses import replace
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest
import torch
from lightning_fabric import Fabric
from lightning_fabric.plugins import MixedPrecision

from omnisource.errors import CheckpointError, DataError
from omnisource.train import setup
from omnisource.train.journal import dropped_examples
from omnisource.train.loop import fit
from tests.train.runs import Interrupting, config, lines, same_weights, state
from tests.two_processes import CONTEXT, one_thread


@pytest.mark.parametrize("arch", ["tsn", "slowonly"])
def test_fit__stopped_and_resumed_equals_undisturbed(world, tiny, tmp_path, arch):
    network, whole = tiny(arch)
    web = {"images": world.images + [world.broken] * 3, "clips": world.clips}
    settings = config(network, joint={"mixup_across": True})
    fit(tmp_path / "whole", whole, world.target, web, settings)

    run, (_, stopped), (_, resumed) = tmp_path / "cut", tiny(arch), tiny(arch)
    interrupted = config(network, joint={"mixup_across": True}, validate_every=1)
    result = fit(run, stopped, world.target, web, interrupted, validate=Interrupting(run))
    assert (result.state, result.num_updates, state(run)["state"]) == ("stopped", 3, "stopped")
    assert not (run / "STOP").exists() and not (run / "network.pt").exists()
    torch.nn.init.zeros_(next(resumed.parameters()))  # the checkpoint, not the caller's start, decides
    assert fit(run, resumed, world.target, web, settings).state == "done"
    assert same_weights(whole, resumed)
    assert lines(run) == lines(tmp_path / "whole")
    assert (run / "dropped.jsonl").read_text() == (tmp_path / "whole" / "dropped.jsonl").read_text() != ""


def test_fit__resumes_the_scale_of_half_precision(world, tiny, tmp_path, monkeypatch):
    # Fabric has no 16-mixed on a CPU, torch does
    half = MixedPrecision("16-mixed", device="cpu")
    monkeypatch.setattr(setup, "Fabric", lambda precision, **settings: Fabric(plugins=[half], **settings))
    network, module = tiny("tsn", precision="16-mixed")
    interrupted = config(network, validate_every=1)
    fit(tmp_path, module, world.target, {}, interrupted, validate=Interrupting(tmp_path))
    stopped = torch.load(tmp_path / "checkpoints" / "update-00000003.pt", weights_only=True)["scaler"]
    assert stopped["_growth_tracker"] == 3  # steps since the scale changed

    half.scaler = torch.amp.GradScaler("cpu")  # as in a new process
    fit(tmp_path, module, world.target, {}, config(network))
    resumed = torch.load(tmp_path / "checkpoints" / "update-00000004.pt", weights_only=True)["scaler"]
    assert resumed == stopped | {"_growth_tracker": 4}


def test_fit__goes_on_undisturbed_once_the_target_is_back(world, tiny, tmp_path):
    (network, whole), (_, before), (_, after) = tiny("tsn"), tiny("tsn"), tiny("tsn")
    settings = config(network, checkpoint_every=1)
    fit(tmp_path / "whole", whole, world.target, {}, settings)
    run, lost = tmp_path / "cut", [replace(example, path=tmp_path / "unmounted") for example in world.target]
    with pytest.raises(DataError, match="epoch 1: 6 of 6 target examples"):
        fit(run, before, lost, {}, settings)
    fit(run, after, world.target, {}, settings)  # no checkpoint was made of the first update, which saw nothing
    assert same_weights(whole, after)
    assert lines(run) == lines(tmp_path / "whole")
    assert dropped_examples(run) == []


def test_fit__killed_and_resumed_equals_undisturbed(world, tiny, tmp_path):
    network, whole = tiny("tsn", epochs=3)
    web = {"images": world.images + [world.broken] * 3}
    settings = config(network, validate_every=1)
    run, (_, killed), (_, resumed) = tmp_path / "killed", tiny("tsn", epochs=3), tiny("tsn", epochs=3)
    child = CONTEXT.Process(target=fit_and_pause, args=(run, killed, world.target, web, settings))
    child.start()
    wait_for(lambda: (run / "metrics.jsonl").exists() and len(lines_so_far(run)) == 3, child)
    child.kill()  # during update 4, or while it pauses in the validation after it
    child.join()
    assert [path.name for path in (run / "checkpoints").iterdir()] == ["update-00000002.pt"]
    assert fit(run, resumed, world.target, web, settings).num_updates == 6

    fit(tmp_path / "whole", whole, world.target, web, settings)
    assert same_weights(whole, resumed)
    assert lines(run) == lines(tmp_path / "whole")
    assert (run / "dropped.jsonl").read_text() == (tmp_path / "whole" / "dropped.jsonl").read_text() != ""


class Pausing:
    """A validation that does not end the second time."""

    calls = 0

    def __call__(self, network: torch.nn.Module) -> dict[str, float]:
        self.calls += 1
        if self.calls == 2:
            time.sleep(600)
        return {}


def fit_and_pause(*arguments) -> None:
    one_thread()
    fit(*arguments, validate=Pausing())


def lines_so_far(run: Path) -> list[str]:
    return (run / "metrics.jsonl").read_text().splitlines()


def wait_for(condition, child: BaseProcess) -> None:
    for _ in range(6000):
        if condition():
            return
        assert child.is_alive()
        time.sleep(0.01)
    child.kill()
    raise AssertionError("the child did not get there in a minute")


def test_fit__a_finished_run_is_not_trained_again(world, tiny, tmp_path):
    network, module = tiny("tsn", epochs=1)
    fit(tmp_path, module, world.target, {}, config(network))
    before = lines(tmp_path)
    _, fresh = tiny("tsn", epochs=1)
    assert fit(tmp_path, fresh, world.target, {}, config(network)).num_updates == 2
    assert lines(tmp_path) == before and same_weights(module, fresh)


def test_fit__refuses_to_resume_with_other_settings(world, tiny, tmp_path):
    network, module = tiny("tsn", epochs=1)
    fit(tmp_path, module, world.target, {}, config(network))
    other, module = tiny("tsn", epochs=2)
    with pytest.raises(CheckpointError, match="was made with other settings"):
        fit(tmp_path, module, world.target, {}, config(other))


def test_fit__keeps_the_newest_checkpoints(world, tiny, tmp_path):
    network, module = tiny("tsn", epochs=3)
    fit(tmp_path, module, world.target, {}, config(network, checkpoint_every=1, keep_checkpoints=1))
    assert [path.name for path in (tmp_path / "checkpoints").iterdir()] == ["update-00000006.pt"]


def test_fit__pretraining_stopped_and_resumed_equals_undisturbed(world, tiny, tmp_path):
    (network, whole), (_, stopped), (_, resumed) = (tiny("tsn") for _ in range(3))
    web, run = {"images": world.images, "clips": world.clips}, tmp_path / "cut"
    fit(tmp_path / "whole", whole, [], web, replace(config(network), epoch_size=6))
    interrupted = replace(config(network, validate_every=1), epoch_size=6)
    assert fit(run, stopped, [], web, interrupted, validate=Interrupting(run)).num_updates == 3
    fit(run, resumed, [], web, replace(config(network), epoch_size=6))
    assert same_weights(whole, resumed)
    assert lines(run) == lines(tmp_path / "whole")


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@pytest.mark.parametrize("arch", ["tsn", "slowonly"])
@pytest.mark.parametrize("precision", ["32-true", "16-mixed"])
def test_fit__stopped_and_resumed_equals_undisturbed_on_cuda(world, tiny, tmp_path, arch, precision):
    (network, whole), (_, stopped), (_, resumed) = (tiny(arch, precision=precision) for _ in range(3))
    web, run = {"images": world.images, "clips": world.clips}, tmp_path / "cut"
    settings = replace(config(network), device="cuda")
    interrupted = replace(config(network, validate_every=1), device="cuda")
    fit(tmp_path / "whole", whole, world.target, web, settings)
    fit(run, stopped, world.target, web, interrupted, validate=Interrupting(run))
    fit(run, resumed, world.target, web, settings)
    assert same_weights(whole, resumed)
    assert lines(run) == lines(tmp_path / "whole")
