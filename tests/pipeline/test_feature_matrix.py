"""The matrix of features is made once, mapped, and multiplied block by block."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from omnisource import config
from omnisource.errors import WorkspaceError
from omnisource.pipeline import feature_blocks
from omnisource.pipeline.feature_matrix import feature_matrix, matrix_version
from omnisource.workspace import Workspace
from tests.feature_tables import add_features
from tests.workspaces import key


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    made = Workspace.create(tmp_path / "work", config.Study())
    add_features(made, "net", {1: [[1.0, 0.0]], 2: [[0.0, 1.0], [0.6, 0.8]]})
    add_features(made, "net", {3: [[-1.0, 0.0]]})
    return made


def test_feature_matrix__frames_of_an_item_are_neighbours(workspace: Workspace):
    matrix = feature_matrix(workspace, workspace.table("features/net/web"))
    assert [one.tobytes() for one in matrix.keys] == [key(1), key(2), key(3)]
    assert matrix.starts.tolist() == [0, 1, 3]
    assert matrix.times_s.tolist() == [0.0, 0.0, 1.0, 0.0]
    np.testing.assert_allclose(matrix.frames_of(key(2)), [[0, 1], [0.6, 0.8]], atol=1e-3)
    assert matrix.frames_of(key(9)).shape == (0, 2)


def test_feature_matrix__an_item_may_go_on_in_the_next_block(workspace: Workspace, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(feature_blocks, "ROWS_AT_ONCE", 1)  # the second frame of the second item begins a block
    matrix = feature_matrix(workspace, workspace.table("features/net/web"))
    assert [one.tobytes() for one in matrix.keys] == [key(1), key(2), key(3)]
    assert (matrix.starts.tolist(), matrix.times_s.tolist()) == ([0, 1, 3], [0.0, 0.0, 1.0, 0.0])


def test_feature_matrix__is_mapped_and_not_loaded(workspace: Workspace):
    matrix = feature_matrix(workspace, workspace.table("features/net/web"))
    assert isinstance(matrix.vectors, np.memmap) and matrix.vectors.dtype == np.float16


def test_similarities__the_best_of_several_that_ask(workspace: Workspace):
    matrix = feature_matrix(workspace, workspace.table("features/net/web"))
    asked = np.array([[1, 0], [0, 1]], dtype=np.float32)
    found = matrix.similarities(asked)
    np.testing.assert_allclose(found, [1, 1, 0.8, 0], atol=1e-3)
    np.testing.assert_allclose(matrix.best_of_items(found), [1, 1, 0], atol=1e-3)


def test_best_time_s__of_the_best_frame(workspace: Workspace):
    matrix = feature_matrix(workspace, workspace.table("features/net/web"))
    assert matrix.best_time_s(1, np.array([0.0, 0.1, 0.9, 0.0], dtype=np.float32)) == 1.0


def test_feature_matrix__is_made_once_for_a_state_of_the_table(workspace: Workspace):
    table = workspace.table("features/net/web")
    feature_matrix(workspace, table)
    file = workspace.root / "feature_search" / "net" / matrix_version(table) / "vectors.npy"
    made_ns = file.stat().st_mtime_ns
    feature_matrix(workspace, table)
    assert file.stat().st_mtime_ns == made_ns
    add_features(workspace, "net", {4: [[1.0, 0.0]]})
    assert len(feature_matrix(workspace, table).keys) == 4
    assert not file.exists()


def test_feature_matrix__what_a_killed_process_left_goes(workspace: Workspace):
    leftover = workspace.root / "feature_search" / "net" / "matrix-0123.partial"
    leftover.mkdir(parents=True)
    (leftover / "vectors.npy").write_bytes(b"half")
    table = workspace.table("features/net/web")
    with ThreadPoolExecutor(2) as pool:  # and two that ask at once get the same
        matrices = list(pool.map(lambda _: feature_matrix(workspace, table), range(2)))
    assert [len(one.keys) for one in matrices] == [3, 3]
    assert [path.name for path in leftover.parent.glob("matrix-*")] == [matrix_version(table)]


def test_feature_matrix__a_table_whose_rows_were_all_forgotten(workspace: Workspace):
    import pyarrow.parquet as pq

    table = workspace.table("features/net/web")
    for part in table.parts():
        pq.write_table(table.schema.empty_table(), part)
    matrix = feature_matrix(workspace, table)
    found = matrix.similarities(np.zeros((1, 1), dtype=np.float32))
    assert (len(found), len(matrix.best_of_items(found))) == (0, 0)


def test_feature_matrix__without_features_it_says_how_they_come(workspace: Workspace):
    with pytest.raises(WorkspaceError, match="'features/other/web' is empty; `omnisource search-items --measure`"):
        feature_matrix(workspace, workspace.table("features/other/web"))
