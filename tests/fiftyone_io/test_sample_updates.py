"""Samples are brought up to date; what FiftyOne cannot show is left out with its reason."""

from pathlib import Path

import cv2
import fiftyone as fo
import numpy as np
import pytest
from fiftyone import ViewField as F

from omnisource.catalog import Catalog
from omnisource.fiftyone_io.known_items import KnownItems
from omnisource.fiftyone_io.sample_edits import item_edits
from omnisource.fiftyone_io.sample_updates import SampleUpdates
from omnisource.report import Report
from omnisource.reviews import Reviews, Subject, Verdict
from omnisource.workspace import Workspace
from tests.workspaces import key

pytestmark = pytest.mark.usefixtures("database")


def updates(workspace: Workspace, report: Report) -> SampleUpdates:
    return SampleUpdates(workspace, KnownItems(Catalog(workspace), "omnisource"), report, app_url="http://app")


def add_item(workspace: Workspace, number: int, path: Path, item_format: str) -> None:
    with workspace.table("items").writer(rows_per_part=10) as writer:
        writer.add([{"key": key(number), "path": str(path), "source": "web_image", "format": item_format}])


def test_push__only_those_that_are_there_without_adds(workspace: Workspace):
    with Report("test", progress=False) as report:
        one = updates(workspace, report)
        one.push([key(2)], adds=False)
        assert (one.counts["added"], fo.load_dataset("w-images").count()) == (0, 0)


def test_push__an_edited_sample_keeps_its_edit_and_gets_new_facts(workspace: Workspace):
    with Report("test", progress=False) as report:
        updates(workspace, report).push([key(2)], adds=True)
        images = fo.load_dataset("w-images")
        images.tag_samples("drop")
        images.set_values("pushed.facts", ["older"])
        Reviews(workspace.reviews_path).decide(Subject(key=key(2)), Verdict.KEEP, made_in="app")
        again = updates(workspace, report)
        again.push([key(2)], adds=False)
    assert (again.counts["updated"], again.counts["unpulled"]) == (1, 1)
    assert images.first().tags == ["drop"] and images.first()["pushed"].facts != "older"
    with Report("test", progress=False) as report:
        looked_at = {key(2): list(item_edits(images))}
        images.tag_samples("irrelevant")  # between the pull's look and its end
        updates(workspace, report).push([key(2)], adds=False, looked_at=looked_at)
        assert sorted(images.values("tags")[0]) == ["drop", "irrelevant"]
        looked_at = {key(2): list(item_edits(images))}
        updates(workspace, report).push([key(2)], adds=False, looked_at=looked_at)
    assert images.values("tags") == [["keep"]]


def test_push__facts_that_changed_under_an_edit_are_shown_when_it_is_gone(workspace: Workspace):
    with Report("test", progress=False) as report:
        updates(workspace, report).push([key(2)], adds=True)
        images = fo.load_dataset("w-images")
        images.set_values("pushed.base", ["blue"])  # what the teacher of yesterday said
        images.set_values("label.label", ["blue"])
        images.set_values("pushed.facts", ["older"])
        images.tag_samples("keep")
        updates(workspace, report).push([key(2)], adds=False)
        assert images.values("label.label") == ["blue"]
        images.untag_samples("keep")
        updates(workspace, report).push([key(2)], adds=False)
        assert images.values("label.label") == ["green"]
        last = updates(workspace, report)
        last.push([key(2)], adds=False)
        assert last.counts["unchanged"] == 1


def test_push__returns_what_is_known(workspace: Workspace):
    with Report("test", progress=False) as report:
        assert updates(workspace, report).push([key(2), key(99)], adds=False) == {key(2)}


def test_push__a_name_that_no_viewer_knows(workspace: Workspace, tmp_path: Path):
    path = tmp_path / "picture"
    path.write_bytes(Path(workspace.table("items").read()["path"][0].as_py()).read_bytes())
    add_item(workspace, 20, path, "image")
    with Report("test", progress=False) as report:
        one = updates(workspace, report)
        one.push([key(20)], adds=True)
    assert (one.counts["added"], dict(report.reasons)) == (0, {"not_shown": 1})
    assert "FiftyOne takes it for unknown by its name" in report.dropped[0].detail


def test_push__a_video_that_no_browser_plays_is_copied(workspace: Workspace, tmp_path: Path):
    path = tmp_path / "old.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"MJPG"), 8, (48, 40))
    for _ in range(8):
        writer.write(np.zeros((40, 48, 3), np.uint8))
    writer.release()
    add_item(workspace, 21, path, "trimmed")
    with Report("test", progress=False) as report:
        updates(workspace, report).push([key(21)], adds=True)
    shown = fo.load_dataset("w-videos").match(F("item_key") == key(21).hex()).first()
    assert shown.filepath.endswith(f"{key(21).hex()}.mp4") and str(workspace.root / "previews") in shown.filepath


def test_refresh__keeps_what_earlier_pushes_left_up_to_date(workspace: Workspace):
    with Report("test", progress=False) as report:
        updates(workspace, report).push([key(number) for number in range(4)], adds=True)
        Reviews(workspace.reviews_path).decide(Subject(key=key(3)), Verdict.DROP, made_in="app")
        again = updates(workspace, report)
        again.push([key(2)], adds=True)  # a filter that names item 3 no longer
        again.refresh()
    assert (again.counts["updated"], again.counts["unchanged"], again.counts["removed"]) == (1, 3, 0)
    assert fo.load_dataset("w-images").match_tags("drop").values("item_key") == [key(3).hex()]


def test_datasets__those_that_are_there(workspace: Workspace):
    with Report("test", progress=False) as report:
        one = updates(workspace, report)
        assert one.datasets() == []
        one.push([key(6)], adds=True)
        assert [dataset.name for dataset in one.datasets()] == ["w-videos"]
