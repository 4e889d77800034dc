"""The duplicates stage: a planted copy is found, exactly as a plain product says; a killed stage goes on."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from omnisource import config
from omnisource.errors import ConfigError, WorkspaceError
from omnisource.pipeline import collecting
from omnisource.pipeline.duplicates import measure, suspected_items
from omnisource.pipeline.feature_blocks import blocks_of, vectors_of
from omnisource.pipeline.similar_state import COMPARED, WHITENING, target_features, web_features
from omnisource.workspace import Workspace
from tests import workspaces


def rows_of(workspace: Workspace) -> set[tuple]:
    rows = workspace.table("similar").read().to_pylist()
    found = {(row["key"], row["time_s"], row["target_path"], row["target_time_s"]) for row in rows}
    assert len(found) == len(rows)  # nothing twice
    return found


def test_measure__all_pairs_that_a_plain_product_finds(labelled: Workspace):
    found = measure(labelled, progress=False)
    with np.load(labelled.table("similar").folder / WHITENING) as arrays:
        mean, projection = arrays["mean"], arrays["projection"]

    def directions(parts: list[Path]) -> np.ndarray:
        whole = [vectors_of(b)[b["crop"].to_numpy() == 0] for b in blocks_of(parts, ["crop", "vector"])]
        whitened = (np.concatenate(whole).astype(np.float64) - mean) @ projection
        return whitened / np.linalg.norm(whitened, axis=1, keepdims=True)

    web, target = directions(web_features(labelled).parts()), directions(target_features(labelled).parts())
    assert (len(web), len(target)) == (found.web_frames, found.target_frames) == (51, 192)
    products = web @ target.T
    assert found.floor == pytest.approx(0.8 * found.threshold)
    sure = (products >= found.floor + 1e-5).sum()
    assert sure <= found.pairs == len(rows_of(labelled)) <= (products >= found.floor - 1e-5).sum()
    said = labelled.table("similar").read()["similarity"].to_numpy()
    assert np.sort(said) == pytest.approx(np.sort(products[products >= found.floor])[-len(said) :], abs=1e-5)


def test_measure__a_copy_of_a_clip_is_the_most_alike(labelled: Workspace, tmp_path: Path):
    study = labelled.study()
    clip = labelled.table("target").read().to_pylist()[0]["path"]
    folder = tmp_path / "more" / "red_right"
    folder.mkdir(parents=True)
    shutil.copy(clip, folder / "copy.mp4")
    source = config.SourceConfig(name="more", format="trimmed", path=tmp_path / "more")
    config.save_study(study.model_copy(update={"sources": (*study.sources, source)}), labelled.study_path)
    collecting.add(labelled, progress=False)
    collecting.check(labelled, progress=False)
    before = len(rows_of(labelled))
    found = measure(labelled, progress=False)
    new = [r for r in labelled.table("similar").read().to_pylist()[before:] if r["target_path"] == clip]
    # the copy is seen at 0.5 s and 1.5 s, the clip at 0.125 s, 0.375 s, ...: frames 4 and 12 are seen on both sides
    assert max(row["similarity"] for row in new) > 0.99
    assert folder / "copy.mp4" in suspected_items(labelled)
    assert found.suspects == len(suspected_items(labelled))


def test_measure__a_killed_comparison_goes_on_without_doubles(labelled: Workspace):
    expected = rows_of(labelled)
    folder = labelled.table("similar").folder
    # killed after the pairs of a part were written, before the part was said to be compared
    (folder / COMPARED).write_text(json.dumps({"compared": [], "parts": 0, "floor": 0.0}))
    (folder / "target_directions.partial").write_bytes(b"half")
    measure(labelled, progress=False)
    assert rows_of(labelled) == expected
    assert not list(folder.glob("*.partial"))
    assert json.loads((folder / COMPARED).read_text())["compared"] == [p.name for p in web_features(labelled).parts()]


def test_measure__again_reads_no_weights(labelled: Workspace):
    (labelled.table("similar").folder / "pairs-old.parquet").write_bytes(b"")
    before = rows_of(labelled)
    (labelled.run("tsn-baseline") / "network.pt").touch()
    assert measure(labelled, progress=False).pairs == len(before)


def test_measure__keeps_the_numbers_behind_the_threshold(labelled: Workspace):
    saved = json.loads((labelled.table("similar").folder / "crop_threshold.json").read_text())
    assert saved["threshold"] == saved["crops"]["threshold"]
    assert (saved["encoder"], saved["features"], saved["target_frames"]) == ("run-tsn-baseline", 64, 192)
    assert (saved["crops"]["num_frames"], saved["crops"]["num_crops"]) == (24, 5)
    assert saved["crops"]["low"] <= saved["threshold"] <= saved["crops"]["high"]
    assert saved["dims"] == 24  # one for each labelled clip, though 192 frames span all 64


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_measure__the_same_pairs_with_any_precision(labelled: Workspace, precision: str):
    expected = rows_of(labelled)
    workspaces.change(labelled, f"duplicates.precision={precision}")
    (labelled.table("similar").folder / COMPARED).unlink()
    measure(labelled, progress=False)
    assert rows_of(labelled) == expected


def test_measure__other_settings_need_a_redo(labelled: Workspace):
    workspaces.change(labelled, "duplicates.dims=3")
    with pytest.raises(WorkspaceError, match="table 'similar' was made with dims = 256, now it is 3"):
        measure(labelled, progress=False)
    measure(labelled, progress=False, redo=True)
    assert json.loads((labelled.table("similar").folder / "crop_threshold.json").read_text())["dims"] == 3


def test_measure__a_floor_of_ones_own(labelled: Workspace):
    workspaces.change(labelled, "duplicates.floor=0.95")
    found = measure(labelled, progress=False, redo=True)
    assert found.floor == 0.95
    assert min(labelled.table("similar").read()["similarity"].to_pylist(), default=1) >= 0.95


def test_measure__says_what_is_missing(fresh: Workspace):
    with pytest.raises(WorkspaceError, match="has no labelled clips yet; `omnisource run --to target` reads them"):
        measure(fresh, progress=False)
    workspaces.change(fresh, "duplicates.splits=[]")
    with pytest.raises(ConfigError, match=r"duplicates.splits is empty: nothing is to be compared; set it to \[val"):
        measure(fresh, progress=False)


def test_suspected_items__none_before_it_was_measured(fresh: Workspace):
    assert suspected_items(fresh) == []
