"""Tables of features: complete, resumable, and read back block by block."""

import numpy as np
import pyarrow as pa
import pytest

from omnisource.errors import WorkspaceError
from omnisource.pipeline import frame_features
from omnisource.pipeline.feature_blocks import blocks_of, vectors_of
from omnisource.pipeline.frame_features import measure_features
from omnisource.pipeline.similar_state import target_features, web_features
from omnisource.tables import Table
from omnisource.types import Format
from omnisource.workspace import Workspace
from tests import workspaces

DIMS = 16 * 2 * 2  # 64 channels x 1/8 in stage 1, doubled in stage 2; 2 x 2 places


def contents(table: Table) -> list[tuple]:
    rows = table.read().to_pylist()
    return [(row["key"] or row["target_path"], row["time_s"], row["crop"], row["vector"]) for row in rows]


def test_measure_features__every_valid_item_and_clip_once(labelled: Workspace):
    web, target = web_features(labelled).read(), target_features(labelled).read()
    fine = {row["key"] for row in labelled.table("validity").read().to_pylist() if row["ok"]}
    assert set(web["key"].to_pylist()) == fine
    assert web.num_rows == 12 + 6 + 3 * 11  # pictures; clips of 1.5 s; videos of 11 s
    crops = target["crop"].to_numpy()
    assert (np.sum(crops == 0), np.sum(crops > 0)) == (24 * 8, 24 * 4)  # 2 s at 4 a second; one frame's corners
    first = labelled.table("target").read().to_pylist()
    of_val = {row["path"] for row in first if row["split"] == "val"}
    assert set(target["target_path"].to_pylist()[: 12 * 12]) == of_val  # validation first
    vectors = np.concatenate([vectors_of(block) for block in blocks_of(web_features(labelled).parts(), ["vector"])])
    assert vectors.shape == (51, DIMS)
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(np.ones(51), abs=2e-3)


def test_measure_features__goes_on_where_it_stopped(labelled: Workspace, monkeypatch: pytest.MonkeyPatch):
    whole = contents(web_features(labelled)), contents(target_features(labelled))
    for table in (web_features(labelled), target_features(labelled)):
        table.clear()
    monkeypatch.setattr(frame_features, "ROWS_PER_PART", 1)
    monkeypatch.setattr(frame_features, "ITEMS_PER_CHUNK", dict.fromkeys(Format, 5))
    measure_features(labelled, progress=False)
    for table in (web_features(labelled), target_features(labelled)):
        for part in table.parts()[2:]:  # what a killed stage would not have written
            part.unlink()
            (table.dropped().folder / part.name).unlink(missing_ok=True)
    measure_features(labelled, progress=False)
    for table, expected in zip((web_features(labelled), target_features(labelled)), whole):
        found = contents(table)
        assert [row[:3] for row in found] == [row[:3] for row in expected]
        # seen in other batches: the same but for rounding
        assert np.abs(np.array([r[3] for r in found]) - np.array([r[3] for r in expected])).max() < 2e-3


def test_measure_features__a_clip_that_cannot_be_read_is_dropped_once(labelled: Workspace):
    table = target_features(labelled)
    path = labelled.table("target").read()["path"].to_pylist()[0]
    rows = labelled.table("target").read()
    broken = rows.set_column(0, "path", pa.array([path + ".gone", *rows["path"].to_pylist()[1:]]))
    labelled.table("target").clear()
    with labelled.table("target").writer(rows_per_part=100) as writer:
        writer.add(broken)
    table.clear()
    for _ in range(2):
        measure_features(labelled, progress=False)
        assert table.dropped_counts() == {"missing_file": 1}
    assert len(set(table.read()["target_path"].to_pylist())) == 23


def test_measure_features__other_settings_need_a_redo(labelled: Workspace):
    workspaces.change(labelled, "features.grid=1")
    with pytest.raises(WorkspaceError, match="was made with grid = 2, now it is 1; set it back, or make it anew with"):
        measure_features(labelled, progress=False)
    measure_features(labelled, progress=False, redo=True)
    (block,) = blocks_of(web_features(labelled).parts(), ["vector"])
    assert vectors_of(block).shape == (51, 16)
