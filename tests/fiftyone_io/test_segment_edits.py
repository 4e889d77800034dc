"""Which segments of long videos were edited."""

import fiftyone as fo
import pytest

from omnisource.fiftyone_io.edits import Said
from omnisource.fiftyone_io.pushing import push
from omnisource.fiftyone_io.segment_edits import edited_segments, segment_edits
from omnisource.filters import Filters
from omnisource.types import Format
from omnisource.workspace import Workspace

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
def video(workspace: Workspace) -> fo.Sample:
    push(workspace, filters=Filters(formats=(Format.UNTRIMMED,)))
    return fo.load_dataset("w-videos").first()


def test_segment_edits__none_after_a_push(video: fo.Sample):
    assert list(segment_edits(fo.load_dataset("w-videos"))) == []


def test_segment_edits__tags_and_labels(video: fo.Sample):
    detections = video["segments"].detections
    detections[0].tags.append("keep")
    detections[1].label = "blue"
    detections[3].tags += ["keep", "drop"]
    video.save()
    found = {edit.start_s: edit for edit in segment_edits(fo.load_dataset("w-videos"))}
    assert {start: edit.wanted for start, edit in found.items()} == {
        0.0: Said(use="keep"),
        2.0: Said(use="relabel:blue"),
        6.0: None,
    }
    assert found[6.0].detail == "tagged keep and drop at once; take one of them back"
    assert (found[2.0].base, found[2.0].end_s, found[2.0].item_key) == ("red", 4.0, "07" * 16)


def test_edited_segments__of_one_video(video: fo.Sample):
    videos = fo.load_dataset("w-videos")
    assert edited_segments(videos, video.id) == []
    video["segments"].detections[2].tags.append("irrelevant")
    video.save()
    assert [edit.wanted for edit in edited_segments(videos, video.id)] == [Said(relevance="irrelevant")]


def test_segment_edits__a_segment_that_a_person_drew_is_left_aside(video: fo.Sample):
    video["segments"].detections.append(fo.TemporalDetection(label="red", support=[1, 4], tags=["keep"]))
    video.save()
    assert list(segment_edits(fo.load_dataset("w-videos"))) == []


def test_segment_edits__a_dataset_without_long_videos(workspace: Workspace):
    push(workspace, filters=Filters(formats=(Format.TRIMMED, Format.IMAGE)))
    assert list(segment_edits(fo.load_dataset("w-videos"))) == []
    images = fo.load_dataset("w-images")
    assert edited_segments(images, images.first().id) == []
