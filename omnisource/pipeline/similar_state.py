"""Where the duplicates stage keeps what it measured, and whether anything is left to do; without torch (paper 3.3)."""

import json
import re
from pathlib import Path

from omnisource.catalog import Catalog
from omnisource.config import ClipConfig, Study
from omnisource.pipeline.recipes import needs_teachers
from omnisource.tables import Table
from omnisource.types import Format
from omnisource.workspace import Workspace

CROP_THRESHOLD = "crop_threshold.json"
COMPARED = "compared.json"
"""Parts of the web features that were compared, and how many parts of `similar` they gave."""
WHITENING = "whitening.npz"
WHY_NOT_NEEDED = "no web data, no splits to compare with, or released lists that name the duplicates"


def encoder_name(study: Study) -> str:
    """What the features' tables are called: resnet50-imagenet, run-tsn-baseline, clip-ViT-B-32-laion2b_s34b_b79k."""
    settings = study.features
    if settings.run is not None:
        return f"run-{settings.run}"
    if settings.clip is not None:
        return clip_encoder_name(settings.clip)
    weights = Path(settings.pretrained).stem
    return _as_name(f"{settings.backbone}-{weights}")


def clip_encoder_name(clip: ClipConfig) -> str:
    """The same for a CLIP network; a folder brings its own weights and is called by its last part."""
    return _as_name(f"clip-{Path(clip.name).name}-{Path(clip.pretrained).stem}")


def web_features(workspace: Workspace) -> Table:
    """Features of web items by the study's encoder."""
    return workspace.table(f"features/{encoder_name(workspace.study())}/web")


def target_features(workspace: Workspace) -> Table:
    """Features of labelled clips by the study's encoder."""
    return workspace.table(f"features/{encoder_name(workspace.study())}/target")


def compared_parts(workspace: Workspace) -> tuple[list[str], int]:
    """Names of the compared parts of the web features, and parts of `similar` that were finished with them."""
    return finished_parts(workspace.table("similar"))


def finished_parts(table: Table) -> tuple[list[str], int]:
    """Names of the parts of the web features that a comparison has done, and parts of its table finished with them."""
    path = table.folder / COMPARED
    if not path.is_file():
        return [], 0
    saved = json.loads(path.read_text(encoding="utf-8"))
    return list(saved["compared"]), int(saved["parts"])


def needs_similar(workspace: Workspace) -> bool:
    """Whether there is web data to compare, and a recipe that does not take the released lists' word."""
    study = workspace.study()
    return bool(study.sources and study.duplicates.splits) and needs_teachers(workspace, workspace.recipes())


def what_was_not_compared(workspace: Workspace) -> str | None:
    """What a person must know of examples that are made now; None where every item was compared, or needs not be."""
    if not needs_similar(workspace) or not has_uncompared(workspace):
        return None
    which = "not every" if (workspace.table("similar").folder / CROP_THRESHOLD).is_file() else "no"
    return (
        f"{which} web item was compared, so copies of labelled clips may be among the examples; "
        "`omnisource duplicates` compares them, then label again"
    )


def wants_web_copies(workspace: Workspace) -> bool:
    """Whether a recipe leaves out near copies within the web data."""
    return any(workspace.recipe(name).web_copies == "leave_out" for name in workspace.recipes())


def has_uncompared(workspace: Workspace) -> bool:
    """Whether a valid web item has not been compared with the labelled clips, or with the others where that counts."""
    if wants_web_copies(workspace):
        parts = {part.name for part in web_features(workspace).parts()}
        if parts - set(finished_parts(workspace.table("alike"))[0]):
            return True
    similar, table = workspace.table("similar"), web_features(workspace)
    if similar.parts() and not (similar.folder / COMPARED).is_file():
        return False  # written by other means, such as a copy from another machine
    if not (similar.folder / CROP_THRESHOLD).is_file():
        return Catalog(workspace).count_items(tuple(Format)) > 0
    if {part.name for part in table.parts()} - set(compared_parts(workspace)[0]):
        return True
    return Catalog(workspace).has_pending(table, valid=True, formats=tuple(Format))


def _as_name(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9_.+-]+", "-", text)
