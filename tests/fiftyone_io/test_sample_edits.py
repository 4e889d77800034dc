"""Which items, and which segments of long videos, were edited."""

import fiftyone as fo
import pytest
from fiftyone import ViewField as F

from omnisource.fiftyone_io.edits import Said
from omnisource.fiftyone_io.pushing import push
from omnisource.fiftyone_io.sample_edits import is_scored, item_edit, item_edits, rows_of, segment_edits
from omnisource.filters import Filters
from omnisource.reviews import Subject
from omnisource.types import Format
from omnisource.workspace import Workspace
from tests.workspaces import key


@pytest.fixture
def images(pushed: Workspace) -> fo.Dataset:
    return fo.load_dataset("w-images")


@pytest.fixture
def video(pushed: Workspace) -> fo.Sample:
    return fo.load_dataset("w-videos").match(F("format") == "untrimmed").first()


def test_item_edits__none_after_a_push(images: fo.Dataset):
    assert list(item_edits(images)) == []
    assert len(rows_of(images)) == 6 and all(item_edit(row) is None for row in rows_of(images))


def test_item_edits__tags_and_labels(images: fo.Dataset):
    images.match(F("item_key") == key(2).hex()).tag_samples(["irrelevant", "mine"])
    sample = images.match(F("item_key") == key(4).hex()).first()
    sample["label"].label = "red"
    sample.save()
    images.match(F("item_key") == key(0).hex()).tag_samples("duplicate")  # of whatever labelled clip
    found = {edit.subject: (edit.wanted, edit.tested) for edit in item_edits(images)}
    assert found == {
        Subject(key=key(0)): (Said(pair="duplicate"), "red"),
        Subject(key=key(2)): (Said(relevance="irrelevant"), "green"),
        Subject(key=key(4)): (Said(use="relabel:red"), "blue"),
    }


def test_segment_edits__none_after_a_push(video: fo.Sample):
    assert list(segment_edits(fo.load_dataset("w-videos"))) == []


def test_segment_edits__tags_and_labels(video: fo.Sample):
    detections = video["segments"].detections
    detections[0].tags.append("keep")
    detections[1].label = "blue"
    detections[2].tags.append("duplicate")  # means nothing of a segment
    detections[3].tags += ["keep", "drop"]
    video.save()
    found = {edit.subject.start_s: edit for edit in segment_edits(fo.load_dataset("w-videos"))}
    assert {start: edit.wanted for start, edit in found.items()} == {
        0.0: Said(use="keep"),
        2.0: Said(use="relabel:blue"),
        6.0: None,
    }
    assert found[6.0].detail == "tagged keep and drop at once; take one of them back"
    assert (found[2.0].tested, found[2.0].subject) == ("red", Subject(key=key(7), start_s=2.0, end_s=4.0))


def test_segment_edits__a_segment_that_a_person_drew_is_left_aside(video: fo.Sample):
    drawn = fo.TemporalDetection(label="red", support=[1, 4], tags=["keep"])
    video["segments"].detections.append(drawn)
    video.save()
    assert list(segment_edits(fo.load_dataset("w-videos"))) == []
    assert [is_scored(one) for one in video["segments"].detections] == [True] * 4 + [False]


@pytest.mark.usefixtures("database")
def test_segment_edits__a_dataset_without_long_videos(workspace: Workspace):
    push(workspace, filters=Filters(formats=(Format.TRIMMED, Format.IMAGE)))
    assert list(segment_edits(fo.load_dataset("w-videos"))) == []
    assert list(segment_edits(fo.load_dataset("w-images"))) == []
