"""The sorted pairs of a workspace."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from omnisource.catalog import Catalog
from omnisource.clean.pair_index import crop_threshold, index_pairs, index_state
from omnisource.errors import WorkspaceError
from omnisource.workspace import Workspace
from tests.similar_tables import small_workspace, write_similar
from tests.workspaces import key


@pytest.fixture
def workspace(tmp_path) -> Workspace:
    return small_workspace(tmp_path / "w")


def test_index_pairs__one_row_a_pair_where_it_is_most_alike(workspace: Workspace):
    index = index_pairs(workspace)
    rows = Catalog(workspace).table(f"SELECT * FROM {index.sql} ORDER BY pair").to_pylist()
    assert [row["pair"] for row in rows] == [0, 1, 2, 3, 4, 5]
    assert [round(row["similarity"], 2) for row in rows] == [0.99, 0.95, 0.92, 0.83, 0.71, 0.66]
    assert (bytes(rows[0]["key"]), rows[0]["target_path"], rows[0]["target_time_s"]) == (key(1), "/target/a.mp4", 0.5)
    assert (rows[3]["source"], rows[3]["path"], rows[3]["target_class"]) == ("other", "/web/3.jpg", 2)
    assert (rows[5]["source"], rows[5]["path"], rows[5]["target_class"]) == (None, None, 0)  # item 9 is in no table


def test_index_pairs__describes_them(workspace: Workspace):
    index = index_pairs(workspace)
    assert (index.num_pairs, index.num_items, index.floor) == (6, 5, 0.66)
    assert (index.first_bin, len(index.counts), sum(index.counts)) == (66, 34, 6)  # 0.66 up to 1
    assert (index.counts[0], index.counts[5], index.counts[17], index.counts[33]) == (1, 1, 1, 1)
    assert np.allclose(index.edges[[0, -1]], [0.66, 1.0])
    assert (index.sources, index.target_classes) == (("web", "other"), (0, 1, 2))
    # 0.99 and 0.95; 0.92; 0.83; 0.71; 0.66
    assert index.bands == [(0.95, 1.0), (0.9, 0.95), (0.8, 0.85), (0.7, 0.75), (0.65, 0.7)]


def test_index_pairs__is_made_anew_when_the_table_grows(workspace: Workspace):
    first, state = index_pairs(workspace), index_state(workspace)
    assert index_pairs(workspace).path == first.path
    row = {"key": key(2), "time_s": 0.0, "target_path": "/target/c.mp4", "target_time_s": 0.0, "similarity": 1.0}
    write_similar(workspace, [row], threshold=None)
    second = index_pairs(workspace)
    assert (second.num_pairs, second.counts[-1]) == (7, 2)  # a similarity of 1 lies in the last bin, with 0.99
    assert index_state(workspace) != state
    assert not first.path.exists()


def test_index_pairs__follows_items_that_were_found_elsewhere(workspace: Workspace):
    index_pairs(workspace)
    workspace.table("items").clear()
    with workspace.table("items").writer(rows_per_part=100) as writer:
        writer.add([{"key": key(1), "path": "/moved/1.jpg", "source": "web", "format": "image", "class_index": 1}])
    rows = Catalog(workspace).table(f"SELECT * FROM {index_pairs(workspace).sql} ORDER BY pair").to_pylist()
    assert rows[0]["path"] == "/moved/1.jpg"


def test_index_pairs__many_at_once_make_one(workspace: Workspace):
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: index_pairs(workspace), range(8)))
    assert {index.num_pairs for index in found} == {6}
    assert len(list(found[0].path.parent.glob("pairs-*"))) == 1


def test_index_pairs__none_without_similarities(tmp_path):
    workspace = small_workspace(tmp_path / "w")
    workspace.table("similar").clear()
    assert index_pairs(workspace) is None


def test_index_pairs__a_damaged_part_is_named(workspace: Workspace):
    (workspace.table("similar").folder / "part-000009.parquet").write_bytes(b"PAR1 but not really PAR1")
    with pytest.raises(WorkspaceError, match="is damaged .*; move it away and run its stage again"):
        index_pairs(workspace)


def test_crop_threshold__as_measured_or_none(workspace: Workspace):
    assert crop_threshold(workspace) == 0.8
    (workspace.table("similar").folder / "crop_threshold.json").unlink()
    assert crop_threshold(workspace) is None
