"""The command line as a person meets it: help, errors in one line, JSON."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from omnisource import config
from omnisource.__main__ import main
from omnisource.pipeline.stages import STAGES
from omnisource.workspace import Workspace
from tests import micro_world

STAGE_COMMANDS = ("init", "add", "check", "teach", "score", "motion", "label", "train", "evaluate", "compare")
COMMANDS = (*STAGE_COMMANDS, "run", "status", "demo", "doctor")


def omnisource(*arguments: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "omnisource", *arguments]
    return subprocess.run(command, capture_output=True, text=True, cwd=cwd, check=False)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("world")
    micro_world.build(root)
    return root


@dataclass(frozen=True)
class Answer:
    """What a command printed, and its exit status."""

    returncode: int
    stdout: str
    stderr: str


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Answer]:
    """The command line in this process: `import torch` is not paid for again by every command."""

    def run(*arguments: str, cwd: Path | None = None) -> Answer:
        monkeypatch.setattr(sys, "argv", ["omnisource", *arguments])
        if cwd is not None:
            monkeypatch.chdir(cwd)
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        printed = capsys.readouterr()
        return Answer(returncode=ended.value.code, stdout=printed.out, stderr=printed.err)

    return run


@pytest.fixture(scope="module")
def labelled(world: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace whose stages up to the labels ran, with the shortest training."""
    epochs = [f"networks.{name}.optim.epochs=1" for name in ("tsn", "slowonly")]
    study = config.override(micro_world.study(world), epochs)
    root = Workspace.create(tmp_path_factory.mktemp("labelled") / "w", study).root
    result = omnisource("run", "--to", "label", "-w", str(root))
    assert result.returncode == 0, result.stderr
    return root


def test_help__names_every_command():
    shown = omnisource("--help").stdout
    commands = "init add check teach score label motion train evaluate compare run status demo doctor"
    assert all(f" {command} " in shown for command in commands.split())


@pytest.mark.parametrize("command", COMMANDS)
def test_help__has_an_example(here: Callable[..., Answer], command: str):
    shown = here(command, "--help").stdout
    assert f"omnisource {command}" in shown.partition("Usage:")[2].partition("\n")[2] or "torchrun" in shown


def test_help__of_run_names_every_stage(here: Callable[..., Answer]):
    shown = " ".join(here("run", "--help").stdout.split())
    assert ", ".join(STAGES) in shown


def test_version():
    assert omnisource("--version").stdout.strip().count(".") == 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["status"], "is no workspace: it has no study.yaml; `omnisource init` makes one"),
        (["init", "w", "--target", "nowhere"], "nowhere"),
        (["init", "w", "--target", ".", "--reader", "csv"], "target.reader = 'csv': Input should be 'folders', "),
        (["init", "w", "--target", ".", "--set", "sed=1"], "unknown setting 'sed'; did you mean 'seed'?"),
        (["init", "w", "--target", ".", "--set", "seed"], "'seed' is not KEY=VALUE"),
    ],
)
def test_error__one_line_and_status_1(here: Callable[..., Answer], arguments: list[str], message: str, tmp_path: Path):
    result = here(*arguments, cwd=tmp_path)
    assert result.returncode == 1
    assert message in result.stderr.replace("\n", " ")
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["bogus"], "No such command 'bogus'"),
        (["compare", "one"], "Missing argument 'student'"),
        (["add", ".", "--name", "x", "--format", "gif"], "'gif' is not one of"),
    ],
)
def test_error__a_wrong_command_line_has_status_2(
    here: Callable[..., Answer], arguments: list[str], message: str, tmp_path: Path
):
    result = here(*arguments, cwd=tmp_path)
    assert result.returncode == 2
    assert message in result.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["teach", "--network", "tns"], "no network 'tns'; known: slowonly, tsn"),
        (["score", "--teacher", "dep"], "no teacher 'dep'; known: deep, flat"),
        (["label", "--recipe", "strict"], "no recipe 'strict'; known: unfiltered, omnisource"),
        (["evaluate", "tsn-strict"], "run 'tsn-strict' has no trained network yet"),
        (["evaluate", "../tsn"], "'../tsn' is not a name for something in a workspace"),
        (["compare", "tsn-baseline", "x"], "has no predictions yet; `omnisource evaluate "),
    ],
)
def test_error__unknown_names_are_answered_with_the_known(
    here: Callable[..., Answer], labelled: Path, arguments: list[str], message: str
):
    result = here(*arguments, "-w", str(labelled))
    assert result.returncode == 1
    assert message in result.stderr
    assert "Traceback" not in result.stderr


def test_init__a_failed_one_can_be_corrected(here: Callable[..., Answer], world: Path, tmp_path: Path):
    assert here("init", "w", "--target", "nowhere", cwd=tmp_path).returncode == 1
    result = here("init", "w", "--target", str(world / "target"), cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    assert "24 labelled clips in 3 classes" in result.stdout


def test_add_check_status__from_a_folder_to_what_is_next(here: Callable[..., Answer], world: Path, tmp_path: Path):
    here("init", "w", "--target", str(world / "target"), "--set", "validity.min_side_px=16", cwd=tmp_path)
    where = ["-w", str(tmp_path / "w")]
    folder = str(world / "web" / "image")
    added = here("add", folder, "--name", "web_image", "--format", "image", *where)
    assert "web_image: 13 new items; nothing left out" in added.stdout
    assert json.loads(here("status", "--json", *where).stdout)["next"] == "omnisource check"
    checked = json.loads(here("check", "--json", *where).stdout)
    assert checked == {"ok": 12, "not_media": 1}
    found = here("status", *where).stdout
    assert "next: omnisource teach" in found
    assert "not_media 1" in found


def test_add__unknown_class_folders_are_an_error_with_the_nearest(
    here: Callable[..., Answer], world: Path, tmp_path: Path
):
    here("init", "w", "--target", str(world / "target"), cwd=tmp_path)
    (tmp_path / "web" / "red_rigth").mkdir(parents=True)
    (tmp_path / "web" / "red_rigth" / "a.jpg").write_bytes(b"x")
    result = here("add", "web", "--name", "w", "--format", "image", "-w", "w", cwd=tmp_path)
    assert result.returncode == 1
    assert "red_right" in result.stderr.replace("\n", "")


@pytest.mark.parametrize(
    ("start", "stop", "message"), [("x", "train", "no stage 'x'"), ("train", "add", "comes after")]
)
def test_run__stages_are_named(
    here: Callable[..., Answer], world: Path, tmp_path: Path, start: str, stop: str, message: str
):
    here("init", "w", "--target", str(world / "target"), cwd=tmp_path)
    result = here("run", "--from", start, "--to", stop, "-w", "w", cwd=tmp_path)
    assert result.returncode == 1
    assert message in result.stderr


def test_label__json_is_the_funnel_of_each_recipe(here: Callable[..., Answer], labelled: Path):
    funnels = json.loads(here("label", "--json", "-w", str(labelled), "-r", "unfiltered").stdout)
    assert funnels.keys() == {"unfiltered"}
    # pictures without the page, clips without the empty file, long videos; confidence 0 keeps all
    counts = {step["source"]: (step["valid"], step["examples"]) for step in funnels["unfiltered"]}
    assert counts == {"web_image": (12, 12), "web_clip": (6, 6), "web_video": (3, 3)}


def test_evaluate_compare__json_and_tables(here: Callable[..., Answer], labelled: Path):
    where = ["-w", str(labelled)]
    results = json.loads(here("evaluate", "--json", *where).stdout)
    assert results.keys() == {"slowonly-baseline", "tsn-baseline"}
    assert all(row["num_examples"] == 12 for row in results.values())
    table = here("evaluate", "tsn-baseline", *where).stdout
    assert f"{results['tsn-baseline']['top1']:.1%}" in table
    assert max(map(len, table.splitlines())) <= 80
    compared = json.loads(here("compare", "--json", "tsn-baseline", "slowonly-baseline", *where).stdout)
    change = results["slowonly-baseline"]["top1"] - results["tsn-baseline"]["top1"]
    assert compared["overall"]["top1_change"] == pytest.approx(change)
    assert {row["class_name"] for row in compared["classes"]} == set(micro_world.CLASSES)
    shown = here("compare", "tsn-baseline", "slowonly-baseline", *where).stdout
    assert "slowonly-baseline against tsn-baseline: top-1" in shown


def test_evaluate__without_a_trained_run(here: Callable[..., Answer], world: Path, tmp_path: Path):
    here("init", "w", "--target", str(world / "target"), cwd=tmp_path)
    result = here("evaluate", "-w", "w", cwd=tmp_path)
    assert result.returncode == 1
    assert "has no evaluated run yet; `omnisource teach`, then `evaluate`" in result.stderr


@pytest.mark.parametrize("command", [["train"], ["run", "--from", "train", "--to", "train"]])
def test_train__asked_to_stop_it_has_status_3(
    here: Callable[..., Answer], labelled: Path, tmp_path: Path, command: list[str]
):
    shutil.copytree(labelled, tmp_path / "w")
    folder = tmp_path / "w" / "runs" / "slowonly-unfiltered"
    folder.mkdir()
    (folder / "STOP").touch()
    result = here(*command, "-w", str(tmp_path / "w"))
    assert result.returncode == 3, result.stderr
    assert "stopped" in result.stdout
    assert "slowonly-omnisource" not in result.stdout  # the recipe after it


@pytest.mark.slow
def test_train__several_processes_of_torchrun_share_a_run(labelled: Path, tmp_path: Path):
    shutil.copytree(labelled, tmp_path / "w")
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    command += ["-m", "omnisource", "train", "-w", str(tmp_path / "w"), "-r", "unfiltered"]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    assert result.stdout.count("slowonly-unfiltered: done") == 2
    lines = (tmp_path / "w" / "runs" / "slowonly-unfiltered" / "metrics.jsonl").read_text().splitlines()
    assert [json.loads(line)["update"] for line in lines] == [1, 2, 3]


def test_doctor__json_has_every_check_and_nothing_is_broken(here: Callable[..., Answer], tmp_path: Path):
    result = here("doctor", "--json", str(tmp_path))
    findings = {finding["name"]: finding for finding in json.loads(result.stdout)}
    assert result.returncode == 0, result.stdout
    assert findings["H.264 write, read by pyav"]["state"] == "ok"
    assert findings["OpenCV"]["state"] == "ok"
    assert all(finding["remedy"] for finding in findings.values() if finding["state"] != "ok")
