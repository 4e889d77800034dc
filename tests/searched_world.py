"""The micro world, found on a mini-web of its own instead of in folders."""

from pathlib import Path

from omnisource import config
from omnisource.demo.mini_web import MiniWeb
from omnisource.demo.web_study import quick_fetch, searched_sources
from omnisource.pipeline import queries
from omnisource.pipeline.collecting import collect_target
from omnisource.workspace import Workspace
from tests import micro_world


def searched_workspace(root: Path, world: Path, web: MiniWeb, *settings: str) -> Workspace:
    """A workspace that has the class names of the micro world, its queries accepted, and no web data."""
    changes = {"sources": searched_sources(), "fetch": quick_fetch(web.resolve)}
    study = config.override(micro_world.study(world).model_copy(update=changes), settings)
    workspace = Workspace.create(root, study)
    collect_target(workspace)
    queries.accept(workspace, queries.propose_queries(workspace).number)
    return workspace
