import pytest
import torch

from omnisource.errors import CheckpointError
from omnisource.train.checkpoint import Checkpoint, load_newest, save

CPU = torch.device("cpu")


def checkpoint(update: int, fingerprint: str = "f") -> Checkpoint:
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.ones(1))], lr=0.1, momentum=0.9).state_dict()
    return Checkpoint(
        network={"w": torch.full((2,), float(update))},
        optimizer=optimizer,
        scaler={"scale": 1024.0},
        update=update,
        epoch=0,
        fingerprint=fingerprint,
    )


def test_save__keeps_the_newest(tmp_path):
    for update in (1, 2, 10, 9):
        save(tmp_path, checkpoint(update), keep=2)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["update-00000009.pt", "update-00000010.pt"]


def test_load_newest__returns_what_was_saved(tmp_path):
    save(tmp_path, checkpoint(1), keep=2)
    save(tmp_path, checkpoint(2), keep=2)
    loaded = load_newest(tmp_path, fingerprint="f", device=CPU)
    assert loaded.update == 2
    assert loaded.network["w"].tolist() == [2.0, 2.0]
    assert loaded.optimizer["param_groups"][0]["momentum"] == 0.9
    assert loaded.scaler == {"scale": 1024.0}


def test_load_newest__takes_a_checkpoint_from_before_there_was_a_scaler(tmp_path):
    path = save(tmp_path, checkpoint(1), keep=2)
    content = torch.load(path, weights_only=True)
    del content["scaler"]
    torch.save(content, path)
    assert load_newest(tmp_path, fingerprint="f", device=CPU).scaler == {}


def test_load_newest__is_none_in_a_new_run(tmp_path):
    assert load_newest(tmp_path / "checkpoints", fingerprint="f", device=CPU) is None


def test_load_newest__ignores_a_partial_file(tmp_path):
    save(tmp_path, checkpoint(1), keep=2)
    (tmp_path / "update-00000002.pt.partial").write_bytes(b"half")
    assert load_newest(tmp_path, fingerprint="f", device=CPU).update == 1


@pytest.mark.parametrize("content", [b"", b"noise", b"PK\x03\x04 cut"])
def test_load_newest__falls_back_from_a_damaged_file(tmp_path, content):
    save(tmp_path, checkpoint(1), keep=2)
    (tmp_path / "update-00000002.pt").write_bytes(content)
    assert load_newest(tmp_path, fingerprint="f", device=CPU).update == 1


def test_load_newest__refuses_a_run_with_other_settings(tmp_path):
    save(tmp_path, checkpoint(1, fingerprint="old"), keep=2)
    with pytest.raises(CheckpointError, match="update-00000001.pt was made with other settings.*a new run folder"):
        load_newest(tmp_path, fingerprint="new", device=CPU)
