"""What changed between two runs, with counts that can be read off their eight answers.

clip      0 1 2 3 4 5 6 7
truth     0 0 0 0 1 1 1 1
baseline  0 0 1 1 1 1 1 0
student   0 0 0 2 1 1 1 1
"""

from pathlib import Path

import pytest

from omnisource.errors import DataError, WorkspaceError
from omnisource.pipeline.gains import EVERYTHING, Gains, Kind, PairCounts, PairGain, Scope
from omnisource.workspace import Workspace
from tests.evaluated_runs import BASELINE, STUDENT, TRUTH, write_run
from tests.workspaces import workspace_with


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    made = workspace_with(tmp_path / "w", scored=[])
    write_run(made, "tsn-baseline", BASELINE)
    write_run(made, "tsn-default", STUDENT, sure=(1.0, 1.0, 0.8, 0.7, 1.0, 1.0, 1.0, 0.9))
    return made


@pytest.fixture
def gains(workspace: Workspace) -> Gains:
    return Gains(workspace, "tsn-baseline", "tsn-default")


def test_classes__with_clips_most_improved_first(workspace: Workspace, gains: Gains):
    rows = [(one.class_index, one.num_examples, one.before, one.after, one.change) for one in gains.classes()]
    assert rows == [(0, 4, 0.5, 0.75, 0.25), (1, 4, 0.75, 1.0, 0.25)]
    back = Gains(workspace, "tsn-default", "tsn-baseline")
    assert [one.change for one in back.classes()] == [-0.25, -0.25]


def test_pairs__change_by_eq_3(gains: Gains):
    improved, worsened = gains.pairs(5)
    assert improved == [PairGain(a=0, b=1, before=3 / 8, after=0.0)]  # (2 + 1) / (2 + 1 + 2 + 3), then nothing
    assert worsened == [PairGain(a=0, b=2, before=0.0, after=1 / 4)]  # nothing, then 1 / (1 + 3 + 0)
    assert (improved[0].change, worsened[0].change) == (-3 / 8, 1 / 4)
    assert gains.num_pairs() == (1, 1)


def test_counts__of_a_pair_in_both_runs(gains: Gains):
    before, after = gains.counts(0, 1)
    assert before == PairCounts(a_as_a=2, a_as_b=2, b_as_a=1, b_as_b=3)
    assert after == PairCounts(a_as_a=3, a_as_b=0, b_as_a=0, b_as_b=4)
    assert (before.score, after.score) == (3 / 8, 0.0)


def test_counts__of_classes_without_clips():
    assert PairCounts(a_as_a=0, a_as_b=0, b_as_a=0, b_as_b=0).score == 0.0


def places(gains: Gains, kind: Kind, scope: Scope = EVERYTHING) -> list[int]:
    return [clip.example_index for clip in gains.flips(kind, scope, limit=10)]


@pytest.mark.parametrize(
    ("scope", "gained", "moved"),
    [
        (EVERYTHING, [7, 2], [3]),  # the student is surer of clip 7
        (Scope(a=0), [2], [3]),
        (Scope(a=1), [7], []),
        (Scope(a=2), [], []),
        (Scope(a=0, b=1), [7, 2], [3]),  # clip 3 was taken for the other class, and is so no longer
        (Scope(a=0, b=2), [2], [3]),  # clip 2 adds to n_00
        (Scope(a=1, b=2), [7], []),
    ],
)
def test_flips__of_a_scope(gains: Gains, scope: Scope, gained: list[int], moved: list[int]):
    assert (places(gains, Kind.GAINED, scope), places(gains, Kind.MOVED, scope)) == (gained, moved)
    assert gains.num_flips(scope) == {Kind.GAINED: len(gained), Kind.LOST: 0, Kind.MOVED: len(moved)}


def test_flips__lost_are_those_that_the_other_way_round_are_gained(workspace: Workspace):
    back = Gains(workspace, "tsn-default", "tsn-baseline")
    assert sorted(places(back, Kind.LOST)) == [2, 7]
    assert places(back, Kind.GAINED) == []


def test_flips__say_what_both_runs_said(gains: Gains):
    clip = gains.flips(Kind.MOVED, limit=1)[0]
    assert (clip.path, clip.class_index, clip.before, clip.after) == ("/val/3.mp4", 0, 1, 2)
    assert (clip.confidence_before, clip.confidence_after) == pytest.approx((1.0, 0.7))


def test_flips__mistaken_within_the_pair_come_first(workspace: Workspace):
    write_run(workspace, "a-baseline", (2, 1), (0, 0))
    write_run(workspace, "a-default", (0, 0), (0, 0), sure=(0.9, 0.6))
    gains = Gains(workspace, "a-baseline", "a-default")
    assert places(gains, Kind.GAINED) == [0, 1]  # surest first
    assert places(gains, Kind.GAINED, Scope(a=0, b=1)) == [1, 0]  # the second was taken for class 1


def test_flips__page_by_page(gains: Gains):
    pages = [gains.flips(Kind.GAINED, offset=offset, limit=1) for offset in range(3)]
    assert [[clip.example_index for clip in page] for page in pages] == [[7], [2], []]


def test_clip__by_its_place(gains: Gains):
    clip = gains.clip(0)
    assert clip is not None and (clip.before, clip.after) == (0, 0)
    assert gains.clip(8) is None


def test_gains__only_over_clips_that_both_runs_predicted(workspace: Workspace):
    write_run(workspace, "tsn-short", STUDENT[:4], TRUTH[:4])
    gains = Gains(workspace, "tsn-baseline", "tsn-short")
    assert gains.overall.num_examples == 4
    assert gains.counts(0, 1)[0] == PairCounts(a_as_a=2, a_as_b=2, b_as_a=0, b_as_b=0)


def test_gains__runs_that_cannot_be_compared(workspace: Workspace):
    write_run(workspace, "tsn-moved", STUDENT, tuple(reversed(TRUTH)))
    with pytest.raises(DataError, match="different classes"):
        Gains(workspace, "tsn-baseline", "tsn-moved")
    with pytest.raises(WorkspaceError, match="no predictions yet"):
        Gains(workspace, "tsn-baseline", "tsn-none")
