"""Names of what the duplicates stage keeps, and whether it has anything to do."""

from pathlib import Path

import pytest

from omnisource import config
from omnisource.pipeline import progress
from omnisource.pipeline.similar_state import (
    COMPARED,
    CROP_THRESHOLD,
    compared_parts,
    encoder_name,
    has_uncompared,
    needs_similar,
    web_features,
    what_was_not_compared,
)
from omnisource.workspace import Workspace
from tests import workspaces
from tests.similar_tables import small_workspace


@pytest.mark.parametrize(
    ("settings", "name"),
    [
        ({}, "resnet50-imagenet"),
        ({"run": "tsn-baseline"}, "run-tsn-baseline"),
        ({"backbone": "my.nets:small", "pretrained": "weights/mine.v2.pth"}, "my.nets-small-mine.v2"),
        ({"clip": {}}, "clip-ViT-B-32-laion2b_s34b_b79k"),
        ({"clip": {"name": "nets/my clip", "pretrained": "w/mine.pt"}}, "clip-my-clip-mine"),
    ],
)
def test_encoder_name__is_a_name_for_a_table(settings: dict[str, object], name: str):
    assert encoder_name(config.parse(config.Study, {"features": settings}, where="test")) == name


def test_has_uncompared__until_every_valid_item_was_compared(labelled: Workspace):
    assert not has_uncompared(labelled)
    folder = labelled.table("similar").folder
    saved = (folder / COMPARED).read_text()
    (folder / COMPARED).write_text('{"compared": [], "parts": 0}')  # a part of the features is new
    assert has_uncompared(labelled)
    (folder / COMPARED).write_text(saved)
    web_features(labelled).clear()  # items without features
    assert has_uncompared(labelled)
    assert progress.next_step(labelled).command == "omnisource duplicates"


def test_has_uncompared__before_and_without_web_data(labelled: Workspace, tmp_path: Path):
    (labelled.table("similar").folder / CROP_THRESHOLD).unlink()
    assert has_uncompared(labelled)
    assert not has_uncompared(Workspace.create(tmp_path / "empty", config.Study()))


def test_has_uncompared__a_table_made_elsewhere_is_believed(tmp_path: Path):
    workspace = small_workspace(tmp_path / "w")
    assert compared_parts(workspace) == ([], 0)
    assert not has_uncompared(workspace)


@pytest.mark.parametrize("change", ["sources=[]", "duplicates.splits=[]", "recipes={listed: {label_source: listed}}"])
def test_needs_similar__not_where_nothing_is_to_be_compared(fresh: Workspace, change: str):
    assert needs_similar(fresh)
    workspaces.change(fresh, change)
    assert not needs_similar(fresh)


def test_what_was_not_compared__says_so_until_everything_was(labelled: Workspace):
    assert what_was_not_compared(labelled) is None
    web_features(labelled).clear()
    assert what_was_not_compared(labelled) == (
        "not every web item was compared, so copies of labelled clips may be among the examples; "
        "`omnisource duplicates` compares them, then label again"
    )
    (labelled.table("similar").folder / CROP_THRESHOLD).unlink()
    assert what_was_not_compared(labelled).startswith("no web item was compared, so copies")
    workspaces.change(labelled, "duplicates.splits=[]")
    assert what_was_not_compared(labelled) is None
