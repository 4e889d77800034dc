"""The whole job from class names: queries, search, downloads from the mini-web, training, a table of results (3.3)."""

from dataclasses import asdict, dataclass
from pathlib import Path

from omnisource.catalog import Catalog, source
from omnisource.demo import truth as demo_truth
from omnisource.demo.mini_web import MiniWeb
from omnisource.demo.plan import WorldSize
from omnisource.demo.web_study import web_study
from omnisource.demo.world import USUAL_SIZE
from omnisource.pipeline import demonstration, queries, stages
from omnisource.pipeline.mini_web import open_web, point_to
from omnisource.pipeline.planted import Planted, compare_planted
from omnisource.workspace import Workspace


@dataclass(frozen=True, kw_only=True, slots=True)
class WebDemo:
    """What came out of it."""

    grades: list[dict[str, object]]
    """Each stage against the known truth."""
    planted: list[Planted]
    """Each kind of trap, planted and found."""
    downloads: int
    """Requests for media that the mini-web was asked this time."""


def build(folder: Path, *, seed: int, dims: int, say: stages.Say, size: WorldSize = USUAL_SIZE) -> Workspace:
    """Generate the world and a workspace that has its class names and no web data; both are kept if they are there.

    Raises WorkspaceError where the folder holds a demo of another seed.
    """
    world = demonstration.make_world(folder, seed=seed, say=say, size=size)
    root = folder.resolve() / ("workspace-web" if dims == 2 else "workspace-web-3d")
    if (root / "study.yaml").is_file():
        return Workspace(root)
    return Workspace.create(root, web_study(world, dims=dims, resolve={}))


def run(workspace: Workspace, folder: Path, *, say: stages.Say) -> WebDemo | None:
    """Every stage with both students, served by a mini-web of its own; None if it was stopped.

    The demo accepts the proposed queries itself, and says so: in your own work that is for a person to do.
    """
    world = folder.resolve() / "world"
    web = open_web(world)
    collect(workspace, web, say=say)
    if stages.run(workspace, stages.Options(recipes=demonstration.RECIPES), say, start="add") == "stopped":
        return None
    truth = demo_truth.read_truth(world / "truth.json")
    return WebDemo(
        grades=grade(workspace, web, world),
        planted=compare_planted(workspace, web.plan, truth),
        downloads=len(web.media_requests()),
    )


def collect(workspace: Workspace, web: MiniWeb, *, say: stages.Say, recipes: tuple[str, ...] = ()) -> None:
    """From class names to downloaded items: the stages target, search and fetch, while `web` is served."""
    options = stages.Options(recipes=recipes)
    stages.run(workspace, options, say, stop="target")
    if queries.current(workspace).accepted is None:
        queries.accept(workspace, queries.propose_queries(workspace).number, author="the demo")
        say("queries: proposed from the class names, and accepted by the demo; in your own work you do that")
    with web.serving():
        point_to(workspace, web.resolve)
        stages.run(workspace, options, say, start="search", stop="fetch")
    asked = len(web.requests())
    say(f"mini-web: {asked} requests in all, {len(web.media_requests())} of them for media")


def grade(workspace: Workspace, web: MiniWeb, world: Path) -> list[dict[str, object]]:
    """The stages against the truth about the files behind the addresses."""
    by_key = web.plan.files_by_key()
    items = Catalog(workspace).table(f"SELECT key, path FROM {source(workspace.table('items'))}").to_pylist()
    names = {Path(row["path"]): by_key[row["key"]] for row in items if row["key"] in by_key}
    return demonstration.grade(workspace, world, demonstration.RECIPES, names=names)


def as_document(workspace: Workspace, demo: WebDemo) -> dict[str, object]:
    """Results, grades and traps, for a script."""
    told = demonstration.as_document(workspace, demo.grades)
    return {**told, "planted": [asdict(row) for row in demo.planted], "downloads": demo.downloads}
