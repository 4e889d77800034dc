"""The demo in small, for notebooks: less than half of its files, a third of its epochs, built as far as is needed."""

import shutil
from collections.abc import Callable
from pathlib import Path

from filelock import FileLock

from omnisource import config
from omnisource.clean.pair_index import index_pairs
from omnisource.demo.plan import WorldSize
from omnisource.errors import ConfigError, WorkspaceError
from omnisource.pipeline.progress import STAGES
from omnisource.workspace import Workspace

SMALL = WorldSize(
    train_clips=10, val_clips=12, images=40, fewest_clips=3, most_clips=16, videos=1, empty_videos=3, copies=4, broken=8
)
EPOCHS = 30
RECIPE = "omnisource"
"""Of the demo's two recipes, the one that is applied and trained with here."""
_WORLD = "world"
_NOT_COPIED = (".*", "*.partial", "reviews.sqlite*", "runs", "thumbnails", "previews", "answers")


def prepare(folder: Path, *, until: str, say: Callable[[str], None] = print, size: WorldSize = SMALL) -> Workspace:
    """The workspace of the small demo in `folder`, with every stage up to `until` done; none is done a second time.

    Several processes may ask for the same folder at once: each waits for the stages that it needs and for no other.
    Raises ConfigError for a stage that does not exist, WorkspaceError where the folder holds a demo of another seed.
    """
    if until not in STAGES:
        raise ConfigError(f"no stage {until!r}; stages: {', '.join(STAGES)}")
    folder.mkdir(parents=True, exist_ok=True)
    for step in (_WORLD, *STAGES[: STAGES.index(until) + 1]):
        with FileLock(folder / f".{step}.lock"):
            done = folder / f".{step}.done"  # asked instead of the stage, since labelling is always done anew
            if not done.exists():
                _take(step, folder, say, size)
                done.touch()
    return _opened(folder)


def own_copy(workspace: Workspace, root: Path) -> Workspace:
    """Tables and settings of a workspace in the folder `root`, to be changed; without its runs and people's decisions.

    Others may be at work in the workspace: what they are about to write is left out.
    """
    return Workspace(Path(shutil.copytree(workspace.root, root, ignore=shutil.ignore_patterns(*_NOT_COPIED))))


def _take(step: str, folder: Path, say: Callable[[str], None], size: WorldSize) -> None:
    from omnisource.pipeline import demonstration, stages  # with torch, which who finds everything done need not import

    if step == _WORLD:
        workspace = demonstration.build(folder, seed=0, dims=2, say=say, size=size)
        if not workspace.runs():
            shorter = config.override(workspace.study(), [f"networks.tsn.optim.epochs={EPOCHS}"])
            config.save_study(shorter, workspace.study_path)
        return
    workspace = _opened(folder)
    options = stages.Options(recipes=(RECIPE,), progress=False)
    if stages.run(workspace, options, say, start=step, stop=step) == "stopped":
        raise WorkspaceError(f"the stage {step} of {workspace.root} was stopped; run this again and it goes on")
    if step == "similar":
        index_pairs(workspace)  # whoever looks at pairs first would sort them, and two at once would collide


def _opened(folder: Path) -> Workspace:
    return Workspace(folder / "workspace-2d")
