"""Verdicts on what is selected."""

import fiftyone as fo
import pytest
from fiftyone import ViewField as F

from omnisource.fiftyone_io import tagging
from omnisource.reviews import Verdict
from tests.workspaces import key

pytestmark = pytest.mark.usefixtures("pushed")


def ids(name: str, *numbers: int) -> list[str]:
    return fo.load_dataset(name).match(F("item_key").is_in([key(number).hex() for number in numbers])).values("id")


def test_tag_samples__the_opposite_is_taken_away():
    images = fo.load_dataset("w-images")
    images.select(ids("w-images", 2)).tag_samples(["drop", "mine", "relevant"])
    assert tagging.tag_samples(images, ids("w-images", 2, 3), Verdict.KEEP) == 2
    assert sorted(images[ids("w-images", 2)[0]].tags) == ["keep", "mine", "relevant"]


def test_tag_pairs__the_web_item_of_the_pair():
    pairs = fo.load_dataset("w-pairs")
    target = pairs.select_group_slices("target").match(F("item_key") == key(0).hex()).first()
    target.tags.append("duplicate")
    target.save()
    assert tagging.tag_pairs(pairs, [target.id], Verdict.NOT_DUPLICATE) == 1
    assert pairs[target.id].tags == [] and pairs[ids("w-pairs", 0)[0]].tags == ["not_duplicate"]


def test_tag_segments__selected_labels_and_clips():
    videos = fo.load_dataset("w-videos")
    sample = videos[ids("w-videos", 7)[0]]
    labels = [
        {"sample_id": sample.id, "label_id": sample["segments"].detections[n].id, "field": "segments"} for n in (0, 1)
    ]
    assert tagging.tag_segments(tagging.selected_segments(videos, labels), Verdict.DROP) == 2
    clips = videos.select(sample.id).to_clips("segments")
    assert tagging.tag_segments(clips.select(clips.values("id")[:1]), Verdict.KEEP) == 1
    sample.reload()
    said = [set(one.tags) & {"keep", "drop"} for one in sample["segments"].detections]
    assert said == [{"keep"}, {"drop"}, set(), set()]


def test_selected_segments__none_among_other_labels():
    assert tagging.selected_segments(fo.load_dataset("w-videos"), [{"field": "teacher"}]) is None


def test_relabel_samples__not_dropped_any_more():
    images = fo.load_dataset("w-images")
    images.select(ids("w-images", 4)).tag_samples("drop")
    assert tagging.relabel_samples(images, ids("w-images", 4), "green") == 1
    sample = images[ids("w-images", 4)[0]]
    assert (sample["label"].label, sample.tags, sample["teacher"].label) == ("green", [], "blue")


def test_relabel_segments__selected_labels_and_clips():
    videos = fo.load_dataset("w-videos")
    sample = videos[ids("w-videos", 7)[0]]
    label = {"sample_id": sample.id, "label_id": sample["segments"].detections[0].id, "field": "segments"}
    assert tagging.relabel_segments(tagging.selected_segments(videos, [label]), "green") == 1
    clips = videos.select(sample.id).to_clips("segments")
    assert tagging.relabel_segments(clips.select(clips.values("id")[-1:]), "blue") == 1
    sample.reload()
    assert [one.label for one in sample["segments"].detections] == ["green", "red", "red", "blue"]
