"""`predict` as a person meets it."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import get_args, get_type_hints

import pytest

from omnisource.commands.predict import Protocol, Timeline
from omnisource.pipeline.predicting import Options
from tests import micro_world
from tests.commands.conftest import Answer


def test_choices__are_those_of_the_pipeline():
    choices = get_type_hints(Options)
    assert {choice.value for choice in Timeline} == set(get_args(choices["timeline"]))
    assert {choice.value for choice in Protocol} == set(get_args(choices["protocol"]))


def test_predict__a_table_for_people(here: Callable[..., Answer], labelled: Path, world: Path):
    files = [str(world / "web/video/red_right"), str(world / "web/image/red_right/0.png")]
    result = here("predict", *files, "-n", "tsn-baseline", "-w", str(labelled), "--timeline-over", "10")
    assert result.returncode == 0, result.stderr
    assert "What they show" in result.stdout
    assert "0:11.0" in result.stdout  # the long video's length


def test_predict__json_for_scripts(here: Callable[..., Answer], labelled: Path, world: Path):
    files = [str(world / "web/clip/green_down/*.mp4"), str(world / "gone.mp4")]
    options = ["--json", "--top", "2", "--timeline", "always", "--protocol", "fast"]
    result = here("predict", *files, "-n", "slowonly-baseline", "-w", str(labelled), *options)
    assert result.returncode == 0, result.stderr
    document = json.loads(result.stdout)
    assert [Path(answer["path"]).name for answer in document["predictions"]] == ["0.mp4", "1.mp4"]
    assert [len(answer["top"]) for answer in document["predictions"]] == [2, 2]
    assert all(answer["timeline"] for answer in document["predictions"])
    assert [left["reason"] for left in document["unreadable"]] == ["missing_file"]


def test_predict__a_network_alone_with_a_list_of_classes(
    here: Callable[..., Answer], labelled: Path, world: Path, tmp_path: Path
):
    shutil.copy(labelled / "runs/tsn-baseline/network.pt", tmp_path / "best.pt")
    (tmp_path / "classes.txt").write_text("A\nB\nC\n")
    arguments = ["predict", str(world / "web/image/red_right/0.png"), "-n", "best.pt", "--json"]
    bare = json.loads(here(*arguments, cwd=tmp_path).stdout)
    named = json.loads(here(*arguments, "--classes", "classes.txt", cwd=tmp_path).stdout)
    assert {guess["class_name"] for guess in bare["predictions"][0]["top"]} == set(micro_world.CLASSES)
    assert {guess["class_name"] for guess in named["predictions"][0]["top"]} == {"A", "B", "C"}


def test_predict__nothing_could_be_read(here: Callable[..., Answer], labelled: Path, world: Path):
    result = here("predict", str(world / "gone.mp4"), "-n", "tsn-baseline", "-w", str(labelled))
    assert result.returncode == 1
    assert "missing_file" in result.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["x.mp4", "-n", "tsn-baseline", "-w", "nowhere"], "is no workspace: it has no study.yaml"),
        (["*.mkv", "-n", "tsn-baseline"], "*.mkv holds no picture and no video"),
        (["x.mp4", "-n", "best"], "best"),
    ],
)
def test_predict__errors_are_one_line(here: Callable[..., Answer], tmp_path: Path, arguments: list[str], message: str):
    result = here("predict", *arguments, cwd=tmp_path)
    assert result.returncode == 1
    assert message in result.stderr.replace("\n", " ")
    assert "Traceback" not in result.stderr
