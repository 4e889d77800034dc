"""Saved views hold what their names say."""

import fiftyone as fo
import pytest

from omnisource.fiftyone_io.pushing import push
from omnisource.fiftyone_io.views import save_pair_views, save_views
from omnisource.reviews import Reviews, Subject, Verdict
from omnisource.workspace import Workspace
from tests.fiftyone_world import NAMES
from tests.workspaces import key


@pytest.fixture
def workspace(pushed: Workspace) -> Workspace:
    """All of it was pushed."""
    return pushed


def numbers(name: str, view: str) -> list[int]:
    return [int(one[:2], 16) for one in fo.load_dataset(name).load_saved_view(view).values("item_key")]


def test_save_views__what_they_hold(workspace: Workspace):
    Reviews(workspace.reviews_path).decide(Subject(key=key(3)), Verdict.KEEP, made_in="app")
    push(workspace)
    assert numbers("w-images", "suspects") == [0, 1]  # the most alike first
    assert numbers("w-images", "rejected-near-threshold") == [3]  # 4 lies 0.14 below the line
    assert numbers("w-images", "teacher-disagrees") == [2]
    assert numbers("w-images", "overruled-by-a-person") == [3]
    assert numbers("w-images", "kept-low-confidence") == []
    assert numbers("w-images", "class: red") == [0, 1, 5]  # 5 was never scored: its query
    assert numbers("w-videos", "class: red") == [7, 6]


def test_save_views__again_keeps_a_persons_own(workspace: Workspace):
    images = fo.load_dataset("w-images")
    images.save_view("mine", images.limit(1))
    before = images.list_saved_views()
    save_views(images, NAMES)
    assert images.list_saved_views() == before


def test_save_pair_views__by_verdict(workspace: Workspace):
    pairs = fo.load_dataset("w-pairs")
    assert save_pair_views(pairs) == ["open-suspects", "duplicates", "not-duplicates"]
    assert (numbers("w-pairs", "open-suspects"), numbers("w-pairs", "duplicates")) == ([0, 1], [])
