"""A network is found by the name of its run, by its file, or by its release, with its classes."""

import shutil
from pathlib import Path

import pytest
import torch

from omnisource import config
from omnisource.errors import CheckpointError, DataError, WorkspaceError
from omnisource.models import checkpoints, downloads, released_models, zoo
from omnisource.models.released import to_released
from omnisource.pipeline.named_network import find_network, read_class_names
from omnisource.pipeline.run_names import weights_fingerprint
from omnisource.workspace import Workspace
from tests import micro_world

NAMES = tuple(sorted(micro_world.CLASSES))


def test_find_network__of_a_run(labelled: Workspace):
    found = find_network("slowonly-baseline", labelled)
    assert (found.name, found.network.dims, found.network.training) == ("slowonly-baseline", 3, False)
    assert found.config == labelled.study().networks["slowonly"]
    assert found.class_names == NAMES
    assert found.weights == weights_fingerprint(labelled.run("slowonly-baseline"))
    assert found.folder == labelled.root


@pytest.mark.parametrize("name", ["runs/tsn-baseline", "runs/tsn-baseline/network.pt"])
def test_find_network__a_file_in_a_workspace_is_its_run(
    labelled: Workspace, monkeypatch: pytest.MonkeyPatch, name: str
):
    workspace_study = config.override(labelled.study(), ["networks.tsn.test.num_clips=7"])
    config.save(workspace_study, labelled.study_path)
    monkeypatch.chdir(labelled.root)
    found = find_network(name, None)
    assert (found.name, found.config.test.num_clips, found.class_names) == ("tsn-baseline", 7, NAMES)


def test_find_network__a_file_alone_has_its_own_settings(labelled: Workspace, tmp_path: Path):
    alone = tmp_path / "alone" / "best.pt"
    alone.parent.mkdir()
    shutil.copy(labelled.run("tsn-baseline") / "network.pt", alone)
    found = find_network(str(alone), None)
    assert (found.name, found.class_names) == ("best", labelled.taxonomy().names)
    assert found.config == labelled.study().networks["tsn"]
    assert found.study == config.Study()
    assert found.weights == weights_fingerprint(labelled.run("tsn-baseline"))
    saved = torch.load(alone, weights_only=True)["state_dict"]
    assert all(torch.equal(tensor.cpu(), saved[key]) for key, tensor in found.network.state_dict().items())


def test_find_network__a_file_may_keep_its_classes(tmp_path: Path):
    values = {"model": {"backbone": "resnet10", "width": 0.1, "pretrained": "none"}}
    settings = config.parse(config.NetworkConfig, values, where="test")
    network = zoo.build(settings.model, 2)
    extra = {"num_classes": 2, "class_names": ["kick", "yoyo"]}
    checkpoints.save_network(tmp_path / "network.pt", network, settings.model_dump(mode="json"), extra)
    found = find_network(str(tmp_path), None)
    assert (found.name, found.class_names) == (tmp_path.name, ("kick", "yoyo"))


def test_find_network__classes_from_a_list(labelled: Workspace, tmp_path: Path):
    (tmp_path / "classes.txt").write_text("a\nb\nc\n")
    assert find_network("tsn-baseline", labelled, classes=tmp_path / "classes.txt").class_names == ("a", "b", "c")


def test_find_network__a_list_of_another_length(labelled: Workspace, tmp_path: Path):
    (tmp_path / "classes.txt").write_text("a\nb\n")
    message = "there are 2 class names, but tsn-baseline tells 3 classes apart; give --classes the list"
    with pytest.raises(DataError, match=message):
        find_network("tsn-baseline", labelled, classes=tmp_path / "classes.txt")


def test_find_network__a_run_that_is_not_trained(labelled: Workspace):
    (labelled.run("tsn-baseline") / "network.pt").unlink()
    with pytest.raises(WorkspaceError, match="run 'tsn-baseline' has no trained network yet"):
        find_network("tsn-baseline", labelled)


@pytest.mark.parametrize(
    ("lines", "names"),
    [
        (["kick", "ride a bike", "yoyo"], ("kick", "ride a bike", "yoyo")),
        (["0 kick", "2 yoyo", "1 ride a bike"], ("kick", "ride a bike", "yoyo")),
        (["1 kick", "2 ride a bike", "3 yoyo"], ("kick", "ride a bike", "yoyo")),  # as UCF101 counts
        (["ride a bike 1", "kick 0"], ("kick", "ride a bike")),
        (["kick, 0", "ride a bike, 1"], ("kick", "ride a bike")),
        (["round 1", "round 2"], ("round 1", "round 2")),  # no numbering: all would be called the same
        (["kick 5", "yoyo"], ("kick 5", "yoyo")),
        (["3 kick", "7 yoyo"], ("3 kick", "7 yoyo")),  # gaps
    ],
)
def test_read_class_names__by_line_or_by_number(tmp_path: Path, lines: list[str], names: tuple[str, ...]):
    (tmp_path / "classes.txt").write_text("\n".join(lines) + "\n")
    assert read_class_names(tmp_path / "classes.txt") == names


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is no list of classes; give --classes a file with one class name a line"),
        ("kick\nKick\n", "are the same name; rename one of them"),
    ],
)
def test_read_class_names__what_is_no_list(tmp_path: Path, text: str, message: str):
    (tmp_path / "classes.txt").write_text(text)
    with pytest.raises(DataError, match=message):
        read_class_names(tmp_path / "classes.txt")
    with pytest.raises(DataError, match="gone.txt is no list of classes"):
        read_class_names(tmp_path / "gone.txt")


@pytest.mark.parametrize(
    ("name", "in_workspace", "message"),
    [
        (
            "tsn-basline",
            True,
            r"no network 'tsn-basline': it is no run \(.*slowonly-baseline, tsn-baseline.*\), no file",
        ),
        ("tsn-baseline", False, "it is no run .give their workspace by -w., no file and no released model"),
        ("slowonly-r50-4x16-k40", False, "did you mean slowonly-r50-4x16-k400"),
        ("ig65m", False, "is no recogniser"),
    ],
)
def test_find_network__unknown_names(
    labelled: Workspace, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str, in_workspace: bool, message: str
):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(CheckpointError, match=message):
        find_network(name, labelled if in_workspace else None)


def test_find_network__a_released_model_that_lies_in_the_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    entry = released_models.find_recogniser("tsn-r50-3seg-k400-omnisource")
    model = entry.network.model.model_copy(update={"pretrained": "none"})
    network = zoo.build(model, entry.num_classes)
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    file = released_models.cache_folder() / downloads.file_name(entry.url)
    file.parent.mkdir(parents=True)
    torch.save({"state_dict": to_released(network.state_dict(), "tsn"), "meta": {}}, file)
    found = find_network("tsn-r50-3seg-k400-omnisource", None)
    assert (found.network.num_classes, found.class_names) == (400, None)
    assert found.config == entry.network
    assert torch.equal(found.network.classifier.weight.cpu(), network.classifier.weight)
