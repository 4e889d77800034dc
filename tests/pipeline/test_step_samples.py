"""The items on both sides of a step."""

from pathlib import Path

import pytest

from omnisource.errors import WorkspaceError
from omnisource.pipeline.overview import Reached
from omnisource.pipeline.step_samples import samples
from omnisource.reviews import Reviews, Subject, Verdict
from omnisource.workspace import Workspace
from tests.workspaces import change, key, workspace_with

TEACHERS = "{image: teacher, trimmed: teacher, untrimmed: teacher}"


@pytest.fixture
def judged(tmp_path: Path) -> Workspace:
    """Pictures of which two are sure and one of these a known copy; a long video with one sure second."""
    scored = [
        {"number": 1, "top": 0, "confidence": 0.9},
        {"number": 2, "top": 0, "confidence": 0.8},
        {"number": 3, "top": 1, "confidence": 0.2},
        {"number": 4, "top": 2, "confidence": 0.3},
    ]
    video = {"number": 5, "source": "tube", "format": "untrimmed"}
    scored += [
        video | {"start": 0.0, "end": 1.0, "top": 1, "confidence": 0.4},
        video | {"start": 1.0, "end": 2.0, "top": 2, "confidence": 0.7},
    ]
    workspace = workspace_with(tmp_path / "w", scored=scored)
    change(workspace, "recipes={strict: {confidence: 0.5, teachers: " + TEACHERS + "}}")
    reviews = Reviews(workspace.reviews_path)
    reviews.decide(Subject(key=key(2), target_path="/t.mp4"), Verdict.DUPLICATE, made_in="test", author="me")
    reviews.decide(Subject(key=key(3)), Verdict.KEEP, made_in="test", author="me")
    return workspace


def numbers(workspace: Workspace, source: str | None, step: Reached, passed: bool, **more: int) -> list[int]:
    return [one.key[0] for one in samples(workspace, "strict", source, step, passed=passed, **more)]


@pytest.mark.parametrize(
    ("step", "passed", "expected"),
    [
        (Reached.SCORED, True, [1, 2, 4, 3]),  # the surest first
        (Reached.SCORED, False, []),
        (Reached.NOT_DUPLICATE, True, [1, 4, 3]),
        (Reached.NOT_DUPLICATE, False, [2]),
        (Reached.CONFIDENT, True, [1]),
        (Reached.CONFIDENT, False, [4, 3]),
        (Reached.KEPT, True, [1, 3]),  # a person kept the third
        (Reached.KEPT, False, []),
    ],
)
def test_samples__on_both_sides_of_a_step(judged: Workspace, step: Reached, passed: bool, expected: list[int]):
    assert numbers(judged, "web", step, passed) == expected


def test_samples__a_long_video_at_its_surest_second(judged: Workspace):
    (video,) = samples(judged, "strict", "tube", Reached.CONFIDENT, passed=True)
    assert (video.path, video.source, video.start_s, video.class_index) == (Path("/web/5"), "tube", 1.0, 2)
    assert video.confidence == pytest.approx(0.7)
    assert numbers(judged, "tube", Reached.CONFIDENT, False) == []


def test_samples__of_all_sources_and_no_more_than_asked_for(judged: Workspace):
    assert numbers(judged, None, Reached.CONFIDENT, True) == [1, 5]
    assert numbers(judged, None, Reached.CONFIDENT, True, limit=1) == [1]


def test_samples__of_a_recipe_whose_teacher_has_scored_nothing(judged: Workspace):
    change(judged, "recipes={strict: {confidence: 0.5, teachers: {image: nobody, trimmed: nobody, untrimmed: nobody}}}")
    with pytest.raises(WorkspaceError, match="teacher 'nobody' has scored nothing yet"):
        numbers(judged, "web", Reached.CONFIDENT, True)
