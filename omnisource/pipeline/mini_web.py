"""A generated world's mini-web, and the workspace that shall find it (paper 3.3); without torch, so it is quick."""

from collections.abc import Mapping
from pathlib import Path

from omnisource import config
from omnisource.demo.mini_web import MiniWeb
from omnisource.demo.mini_web_plan import plan_mini_web, scan_files
from omnisource.tables import sole_writer
from omnisource.workspace import Workspace


def open_web(world: Path, *, port: int = 0) -> MiniWeb:
    """The mini-web of a world, not serving yet; it is the same for the same files.

    Raises DataError where there are none, ConfigError where the port is taken.
    """
    return MiniWeb(world, plan_mini_web(scan_files(world), seed=0), port=port)


def point_to(workspace: Workspace, resolve: Mapping[str, str]) -> None:
    """Tell the study where the mini-web is served now."""
    with sole_writer(workspace.root, what="study.yaml"):
        study = workspace.study()
        fetch = study.fetch.model_copy(update={"resolve": dict(resolve)})
        config.save_study(study.model_copy(update={"fetch": fetch}), workspace.study_path)
