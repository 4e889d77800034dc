"""The web examples of some classes, from an auxiliary file written by hand."""

import json
from pathlib import Path

import pyarrow as pa
import pytest

from omnisource.catalog import Catalog
from omnisource.errors import WorkspaceError
from omnisource.examples import write_examples
from omnisource.pipeline.web_behind import Certainty, WebBehind
from omnisource.schemas import SCHEMAS
from omnisource.workspace import Workspace
from tests.workspaces import key, workspace_with

ROWS = [(1, 0, 0.5, "image"), (2, 1, 0.9, "image"), (3, 0, 0.7, "image"), (4, 2, 0.8, "image"), (5, 0, None, "video")]
"""(number, class, confidence, source)."""


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    made = workspace_with(tmp_path / "w", scored=[])
    folder = made.auxiliary("default")
    folder.mkdir(parents=True)
    for source in ("image", "video"):
        rows = [
            {
                "path": f"/web/{number}",
                "format": "untrimmed" if source == "video" else "image",
                "source": source,
                "class_index": class_index,
                "confidence": confidence,
                "segments": [{"start_s": 3.0, "end_s": 4.0}] if source == "video" else [],
                "negatives": [],
                "key": key(number),
            }
            for number, class_index, confidence, of_source in ROWS
            if of_source == source
        ]
        batch = pa.RecordBatch.from_pylist(rows, schema=SCHEMAS["auxiliary"])
        write_examples(folder / f"{source}.arrow", [batch])
    (folder / "done.json").write_text(json.dumps({"funnel": [], "files": {}}))
    return made


def numbers(behind: WebBehind, certainty: Certainty, **page: int) -> list[int]:
    return [one.key[0] for one in behind.page(certainty, **page)]


def test_page__surest_or_least_sure_first_and_those_without_confidence_last(workspace: Workspace):
    behind = WebBehind(Catalog(workspace), "default", [0, 1])
    assert behind.count() == 4
    assert numbers(behind, Certainty.SUREST, limit=9) == [2, 3, 1, 5]
    assert numbers(behind, Certainty.LEAST_SURE, limit=9) == [1, 3, 2, 5]
    assert numbers(behind, Certainty.SUREST, offset=1, limit=2) == [3, 1]


def test_page__a_long_video_begins_at_its_first_segment(workspace: Workspace):
    (video,) = WebBehind(Catalog(workspace), "default", [0]).page(Certainty.SUREST, offset=2, limit=1)
    assert (video.source, video.start_s, video.confidence) == ("video", 3.0, None)


def test_page__of_a_recipe_that_keeps_nothing(workspace: Workspace):
    for path in workspace.auxiliary("default").glob("*.arrow"):
        path.unlink()
    behind = WebBehind(Catalog(workspace), "default", [0])
    assert (behind.count(), behind.page(Certainty.SUREST, limit=1)) == (0, [])


def test_web_behind__a_recipe_that_was_not_applied(workspace: Workspace):
    with pytest.raises(WorkspaceError, match="recipe 'other' has no examples yet; `omnisource label --recipe other`"):
        WebBehind(Catalog(workspace), "other", [0])


def test_page__nearest_first_and_what_was_not_seen_last(workspace: Workspace):
    nearest = pa.table(
        [pa.array([key(1), key(3), key(9)], pa.binary(16)), pa.array([0.9, 0.4, 1.0], pa.float32())],
        schema=pa.schema([("key", pa.binary(16)), ("similarity", pa.float32())]),
    )
    behind = WebBehind(Catalog(workspace), "default", [0, 1])
    found = behind.page(Certainty.NEAREST, limit=9, nearest=nearest)
    assert [one.key[0] for one in found] == [1, 3, 2, 5]
    assert [one.similarity for one in found] == [pytest.approx(0.9), pytest.approx(0.4), None, None]


def test_page__nearest_to_nothing_is_refused(workspace: Workspace):
    with pytest.raises(WorkspaceError, match="'nearest' needs clips that the examples are to be like"):
        WebBehind(Catalog(workspace), "default", [0]).page(Certainty.NEAREST, limit=1)
