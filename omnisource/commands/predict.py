"""`predict`: a trained network says what files show."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from omnisource.commands.options import HERE, AsJson, Where, print_json
from omnisource.workspace import Workspace

NetworkName = Annotated[
    str, typer.Option("--network", "-n", help="A run, a network.pt or its folder, or a released model.")
]
ClassList = Annotated[
    Path | None, typer.Option("--classes", help="Class names, one a line; default: the workspace's, or none.")
]


class Timeline(StrEnum):
    """Which videos get a timeline."""

    AUTO = "auto"
    ALWAYS = "always"
    NEVER = "never"


class Protocol(StrEnum):
    """How much of a file is looked at."""

    PUBLISHED = "published"
    FAST = "fast"


def predict(
    videos: Annotated[list[str], typer.Argument(help="Videos, pictures, folders of them, or patterns.")],
    network: NetworkName,
    workspace: Where = HERE,
    classes: ClassList = None,
    top: Annotated[int, typer.Option(min=1, help="Classes a file, best first.")] = 5,
    timeline: Annotated[
        Timeline, typer.Option(help="What happens when; auto: in videos longer than --timeline-over.")
    ] = Timeline.AUTO,
    timeline_over_s: Annotated[float, typer.Option("--timeline-over", min=0, help="Seconds.")] = 30.0,
    protocol: Annotated[
        Protocol, typer.Option(help="published: the views that `evaluate` averages; fast: one.")
    ] = Protocol.PUBLISHED,
    as_json: AsJson = False,
) -> None:
    """Say what videos and pictures show, and when in long videos.

    Files that cannot be read are listed with the reason; the exit status is 1 only if none could be read.

    Example: `omnisource predict holiday/*.mp4 --network slowonly-omnisource -w work`
    """
    from omnisource.console import print_answers
    from omnisource.pipeline import given_files, predicting
    from omnisource.pipeline.named_network import find_network

    paths = given_files.media_files(videos)
    named = find_network(network, workspace_at(workspace), classes=classes)
    options = predicting.Options(
        top=top, timeline=timeline.value, timeline_over_s=timeline_over_s, protocol=protocol.value
    )
    answers = predicting.predict(named, paths, options)
    if as_json:
        print_json(predicting.as_document(answers, named))
    else:
        print_answers(answers)
    if not answers.predictions:
        raise typer.Exit(1)


def workspace_at(folder: Path) -> Workspace | None:
    """The workspace in a folder; None where none was asked for and none is here. Raises WorkspaceError."""
    return None if folder == HERE and not (HERE / "study.yaml").is_file() else Workspace(folder)
