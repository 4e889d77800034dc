"""What a person says at the beginning becomes commands that the command line knows."""

from pathlib import Path

import typer.testing

from omnisource.__main__ import app
from omnisource.pipeline.beginning import READERS, NewDemo, NewSource, NewWorkspace, released_arguments
from omnisource.types import Format

ROOT = Path("/w")


def test_new_demo__is_built_beside_its_world():
    demo = NewDemo(folder=Path("/d"), dims=3)
    assert demo.root == Path("/d/workspace-3d")
    assert demo.arguments == ["demo", "/d", "--dims", "3"]


def test_new_workspace__names_only_what_was_said():
    assert NewWorkspace(root=ROOT, target=Path("/t")).arguments == [
        "init",
        "/w",
        "--target",
        "/t",
        "--reader",
        "folders",
    ]
    listed = NewWorkspace(root=ROOT, target=Path("/t"), reader="path_label", train="a b.txt", classes="c.txt")
    assert listed.arguments[4:] == ["--reader", "path_label", "--train", "a b.txt", "--classes", "c.txt"]


def test_new_source__names_only_what_was_said():
    source = NewSource(folder=Path("/f"), name="web", format=Format.UNTRIMMED)
    assert source.arguments(ROOT) == ["add", "/f", "--name", "web", "--format", "untrimmed", "-w", "/w"]
    classes = NewSource(folder=Path("/f"), name="web", format=Format.IMAGE, classes="/c.csv")
    assert classes.arguments(ROOT)[6:] == ["--classes", "/c.csv", "-w", "/w"]


def test_arguments__are_all_known_to_the_command_line():
    source = NewSource(folder=Path("/f"), name="web", format=Format.IMAGE, classes="/c.csv")
    workspace = NewWorkspace(root=ROOT, target=Path("/t"), train="a", val="b", classes="c")
    commands = [NewDemo(folder=Path("/d")).arguments, workspace.arguments, source.arguments(ROOT)]
    for arguments in [*commands, released_arguments(Path("/r"), ROOT)]:
        answer = typer.testing.CliRunner().invoke(app, [*arguments, "--help"])
        assert answer.exit_code == 0, answer.output


def test_readers__are_those_of_the_settings():
    assert READERS[0] == "folders"
    assert len(READERS) == 5
