"""The demo in small: a third of its world and of its training, so that every notebook can build what it needs."""

from pathlib import Path

from filelock import FileLock

from omnisource import config
from omnisource.demo.plan import WorldSize
from omnisource.pipeline import demonstration, stages
from omnisource.workspace import Workspace

SMALL = WorldSize(
    train_clips=10, val_clips=12, images=40, fewest_clips=3, most_clips=16, videos=1, empty_videos=3, copies=4, broken=8
)
EPOCHS = 45
RECIPE = "omnisource"
"""Of the demo's two recipes, the one that is applied and trained with here."""


def prepare(folder: Path, *, until: str, say: stages.Say = print, size: WorldSize = SMALL) -> Workspace:
    """The workspace of the small demo in `folder`, with every stage up to `until` done; what is there is kept.

    Two that ask for the same folder at once wait for each other. Raises WorkspaceError where the folder holds a demo
    of another seed, ConfigError for a stage that does not exist.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with FileLock(folder / ".preparing.lock"):
        workspace = demonstration.build(folder, seed=0, dims=2, say=say, size=size)
        study = workspace.study()
        if study.networks["tsn"].optim.epochs != EPOCHS and not workspace.runs():
            config.save_study(config.override(study, [f"networks.tsn.optim.epochs={EPOCHS}"]), workspace.study_path)
        stages.run(workspace, stages.Options(recipes=(RECIPE,), progress=False), say, stop=until)
        return workspace
