"""What two recipes have in common, counted by hand."""

import math
from pathlib import Path

import pytest

from omnisource.catalog import Catalog
from omnisource.config import Recipe
from omnisource.label.recipe_overlap import Overlap, overlap
from omnisource.types import Format
from omnisource.workspace import Workspace
from tests.workspaces import CLASSES, key, workspace_with

TEACHERS = dict.fromkeys(Format, "teacher")


def item(number: int, top: int, confidence: float, query_prob: float, **more: object) -> dict:
    return {"number": number, "top": top, "confidence": confidence, "query": 0, "query_prob": query_prob} | more


def second(start: float, top: int, confidence: float) -> dict:
    return item(9, top, confidence, 0.1, start=start, end=start + 1, format="untrimmed", source="video")


FACTS = [
    item(1, 0, 0.9, 0.9),
    item(2, 1, 0.6, 0.4),
    item(3, 0, 0.4, 0.4),
    item(4, 1, 0.2, 0.2),
    second(0, 0, 0.9),
    second(1, 1, 0.6),
]


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return workspace_with(tmp_path / "w", scored=FACTS)


def found(workspace: Workspace, first: dict, second: dict) -> dict[str, tuple[int, int, int, int]]:
    recipes = [Recipe(**({"teachers": TEACHERS} | values)) for values in (first, second)]
    answer = overlap(Catalog(workspace, threads=1), *recipes, CLASSES)
    return {one.source: (one.both, one.relabelled, one.only_first, one.only_second) for one in answer}


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        # 0.5 keeps items 1 and 2 and both seconds; 0.7 keeps item 1 and the first second, so one class less
        ({"confidence": 0.5}, {"confidence": 0.7}, {"web": (1, 0, 1, 0), "video": (1, 1, 0, 0)}),
        # by the query at 0.3: items 1, 2 (as class 0) and 3; no second
        (
            {"confidence": 0.5},
            {"confidence": 0.3, "label_source": "query"},
            {"web": (2, 1, 0, 1), "video": (0, 0, 1, 0)},
        ),
        (
            {"confidence": 0.5},
            {"confidence": 0.3, "label_source": "agreement"},
            {"web": (1, 0, 1, 1), "video": (1, 1, 0, 0)},
        ),
        ({"sources": ("web",)}, {"confidence_by_class": {"yoyo": 0.1}}, {"web": (2, 0, 0, 1), "video": (0, 0, 0, 1)}),
        ({"confidence": 0.95}, {"sources": ()}, {}),
    ],
)  # fmt: skip
def test_overlap__items_of_both_and_of_one(workspace: Workspace, first: dict, second: dict, expected: dict):
    assert found(workspace, first, second) == expected


def test_overlap__another_teacher_is_joined_by_item(workspace: Workspace):
    with workspace.table("scores/other").writer(rows_per_part=100) as writer:
        row = {"top_classes": [1], "top_probs": [0.9], "start_s": 0.0, "end_s": 0.0, "query_prob": 0.1}
        row |= {"source": "web", "format": "image", "query_class": 0, "top_class": 1, "confidence": 0.9}
        writer.add([row | {"key": key(number)} for number in (1, 3)])
    other = {"teachers": {Format.IMAGE: "other"}}  # which keeps items 1 and 3 as class 1
    assert found(workspace, {"confidence": 0.5}, other) == {"web": (1, 1, 1, 1), "video": (0, 0, 1, 0)}


def test_share__of_what_either_keeps():
    assert Overlap(source="web", both=1, relabelled=0, only_first=2, only_second=1).share == 0.25
    assert math.isnan(Overlap(source="web", both=0, relabelled=0, only_first=0, only_second=0).share)
