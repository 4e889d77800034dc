"""Suspected pairs are groups of two pictures."""

from collections import Counter
from pathlib import Path

import fiftyone as fo
import pytest
from fiftyone import ViewField as F
from PIL import Image

from omnisource.catalog import Catalog
from omnisource.fiftyone_io.datasets import SLICES
from omnisource.fiftyone_io.edits import Said
from omnisource.fiftyone_io.pairs import pair_edits, pair_key, pair_rows, push_pairs, settle_pairs
from omnisource.report import Report
from omnisource.reviews import Reviews, Subject, Verdict
from omnisource.workspace import Workspace
from tests.workspaces import key

pytestmark = pytest.mark.usefixtures("database")


def show(workspace: Workspace, *, line: float = 0.84, limit: int = 100) -> tuple[Counter[str], Report]:
    with Report("test", progress=False) as report:
        return push_pairs(Catalog(workspace), line, app_url="http://app", limit=limit, report=report), report


def target_of(workspace: Workspace, name: str) -> str:
    paths = workspace.table("target").read()["path"].to_pylist()
    return next(path for path in paths if path.endswith(f"{name}.mp4"))


def test_push_pairs__a_picture_and_a_frame(workspace: Workspace):
    assert show(workspace)[0]["changed"] == 2
    pairs = fo.load_dataset("w-pairs")
    web = pairs.match(F("item_key") == key(0).hex()).first()
    target = pairs.get_group(web["pair"].id)["target"]
    assert (web["similarity"], web["suspect"], web["state"]) == (pytest.approx(0.95), True, "open")
    assert web.filepath.endswith("0.png") and target["source"] == "target"
    with Image.open(target.filepath) as frame:
        assert (Path(target.filepath).parents[2].name, frame.format) == ("fiftyone", "JPEG")
    assert (target["time_s"], target["label"].label, target["split"]) == (0.5, "red", "val")


def test_push_pairs__again_only_what_changed(workspace: Workspace):
    show(workspace)
    assert show(workspace)[0]["changed"] == 0
    subject = Subject(key=key(0), target_path=target_of(workspace, "a"))
    Reviews(workspace.reviews_path).decide(subject, Verdict.DUPLICATE, made_in="app", author="ann")
    assert show(workspace)[0]["changed"] == 1
    web = fo.load_dataset("w-pairs").match(F("item_key") == key(0).hex()).first()
    assert (web.tags, web["state"], web["decided"].by) == (["duplicate"], "duplicate", "ann")


def test_push_pairs__judged_ones_below_the_line_too(workspace: Workspace):
    subject = Subject(key=key(4), target_path=target_of(workspace, "a"))
    Reviews(workspace.reviews_path).decide(subject, Verdict.NOT_DUPLICATE, made_in="app")
    assert show(workspace, line=0.9)[0]["changed"] == 2
    web = fo.load_dataset("w-pairs").match(F("item_key") == key(4).hex()).first()
    assert (web["suspect"], web["state"], web.tags) == (False, "not_duplicate", ["not_duplicate"])


def test_push_pairs__the_most_alike_within_the_limit(workspace: Workspace):
    show(workspace, limit=1)
    assert fo.load_dataset("w-pairs").values("item_key") == [key(0).hex()]


def test_push_pairs__a_picture_that_cannot_be_read_is_left_out(workspace: Workspace):
    Path(target_of(workspace, "b")).rename(workspace.root / "elsewhere.mp4")
    counts, report = show(workspace)
    assert (counts["changed"], sum(report.reasons.values())) == (1, 1)
    (workspace.root / "elsewhere.mp4").rename(target_of(workspace, "b"))


def test_push_pairs__nothing_was_measured(workspace: Workspace):
    workspace.table("similar").clear()
    assert show(workspace)[0]["changed"] == 0


def test_push_pairs__another_line_and_what_is_measured_no_longer(workspace: Workspace):
    show(workspace)
    assert show(workspace, line=0.9)[0]["changed"] == 1
    pairs = fo.load_dataset("w-pairs")
    assert dict(zip(*pairs.values(["item_key", "suspect"]))) == {key(0).hex(): True, key(1).hex(): False}
    pairs.match(F("item_key") == key(1).hex()).tag_samples("duplicate")
    workspace.table("similar").clear()
    counts, _ = show(workspace)
    assert (counts["removed"], counts["unpulled"]) == (1, 1)
    assert pairs.values("item_key") == [key(1).hex()]  # somebody has judged it, and nobody has pulled that yet
    assert len(pairs.select_group_slices(list(SLICES))) == 2


def test_pair_edits__a_tag_on_either_picture(workspace: Workspace):
    show(workspace)
    pairs = fo.load_dataset("w-pairs")
    assert list(pair_edits(pair_rows(pairs))) == []
    pairs.select_group_slices("target").match(F("item_key") == key(1).hex()).tag_samples("duplicate")
    pairs.match(F("item_key") == key(0).hex()).tag_samples(["duplicate", "not_duplicate", "keep"])
    found = {edit.subject.key: edit for edit in pair_edits(pair_rows(pairs))}
    assert (found[key(1)].wanted, found[key(0)].wanted) == (Said(pair="duplicate"), None)
    assert found[key(0)].detail == "tagged duplicate and not_duplicate at once; take one of them back"
    assert pair_key(key(1), found[key(1)].subject.target_path) in pair_rows(pairs)


def test_settle_pairs__what_was_edited_again_meanwhile_stays(workspace: Workspace):
    show(workspace)
    pairs = fo.load_dataset("w-pairs")
    pairs.tag_samples("duplicate")
    looked_at = list(pair_edits(pair_rows(pairs)))
    pairs.match(F("item_key") == key(1).hex()).untag_samples("duplicate")
    settle_pairs(pairs, looked_at, lambda subject: [])  # nothing is in force
    assert pairs.values("tags") == [[], []]
    pairs.tag_samples("duplicate")
    pairs.match(F("item_key") == key(1).hex()).tag_samples("mine")
    looked_at = list(pair_edits(pair_rows(pairs)))
    pairs.match(F("item_key") == key(1).hex()).tag_samples("not_duplicate")
    settle_pairs(pairs, looked_at, lambda subject: [])
    assert [sorted(tags) for tags in pairs.values("tags")] == [[], ["duplicate", "mine", "not_duplicate"]]


def test_push_pairs__an_edit_that_was_not_pulled_stays(workspace: Workspace):
    show(workspace)
    web = fo.load_dataset("w-pairs").match(F("item_key") == key(0).hex())
    web.tag_samples("duplicate")
    subject = Subject(key=key(0), target_path=target_of(workspace, "a"))
    Reviews(workspace.reviews_path).decide(subject, Verdict.NOT_DUPLICATE, made_in="app")
    show(workspace)
    assert web.first().tags == ["duplicate"]
