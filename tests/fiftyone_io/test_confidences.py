"""The histogram of confidences, and both sides of a threshold."""

import fiftyone as fo
import pytest
from fiftyone import ViewField as F

from omnisource.fiftyone_io.confidences import Histogram, bars, histogram, is_scored, layout, side_of
from omnisource.workspace import Workspace
from tests.workspaces import key


@pytest.fixture
def workspace(pushed: Workspace) -> Workspace:
    """All of it was pushed."""
    return pushed


@pytest.fixture
def images(workspace: Workspace) -> fo.Dataset:
    return fo.load_dataset("w-images")


def test_histogram__agreeing_and_others(images: fo.Dataset):
    counted = histogram(images, None)
    filled = {round(edge, 3): (a, o) for edge, a, o in zip(counted.edges, counted.agreeing, counted.others) if a or o}
    # 0.9 and 0.4 red, 0.3 green, 0.2 blue agree with their queries; 0.6 green was searched as red; bins of 0.025
    assert sum(counted.agreeing) == 4 and sum(counted.others) == 1
    assert (0, 1) in (filled.get(0.6), filled.get(0.575))  # a float32 of 0.6 lies on one side of it


def test_histogram__of_one_class(images: fo.Dataset):
    counted = histogram(images, "green")
    assert (sum(counted.agreeing), sum(counted.others)) == (1, 1)


def test_histogram__a_certain_teacher_counts(images: fo.Dataset):
    sample = images.match(F("item_key") == key(0).hex()).first()
    sample["teacher"].confidence = 1.0
    sample.save()
    counted = histogram(images, None)
    assert sum(counted.agreeing) + sum(counted.others) == 5
    assert counted.agreeing[-1] + counted.others[-1] == 1


def test_is_scored__by_what_it_shows(images: fo.Dataset):
    assert is_scored(images) and not is_scored(fo.Dataset("theirs"))
    images.clear_sample_field("teacher")
    assert not is_scored(images)


def test_side_of__nearest_first(images: fo.Dataset):
    above = side_of(images, None, 0.35, above=True).values("teacher.confidence")
    below = side_of(images, None, 0.35, above=False).values("teacher.confidence")
    assert above == pytest.approx([0.4, 0.6, 0.9]) and below == pytest.approx([0.3, 0.2])
    assert side_of(images, "blue", 0.1, above=True).count() == 1


def test_bars__one_trace_each_in_the_middle_of_its_bin():
    traces = bars(Histogram(edges=(0.0, 0.5, 1.0), agreeing=(1, 2), others=(3, 4)))
    assert [(one["x"], one["y"]) for one in traces] == [([0.25, 0.75], [1, 2]), ([0.25, 0.75], [3, 4])]
    assert layout(0.3)["shapes"][0]["x0"] == 0.3
