"""Verdicts from a CSV: all or none, once, by token or path."""

from pathlib import Path

import pytest

from omnisource.clean.verdict_lists import MADE_IN, apply_verdicts
from omnisource.errors import DataError
from omnisource.previews import clip_token
from omnisource.reviews import Reviews, Subject, Verdict
from omnisource.workspace import Workspace
from tests.similar_tables import small_workspace
from tests.workspaces import key


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return small_workspace(tmp_path / "w")


def listed(folder: Path, *lines: str, header: str = "item,target,verdict") -> Path:
    path = folder / "verdicts.csv"
    path.write_text("\n".join([header, *lines]) + "\n", encoding="utf-8")
    return path


def in_force(workspace: Workspace) -> dict[Subject, Verdict]:
    return {review.subject: review.verdict for review in Reviews(workspace.reviews_path).current()}


def test_apply_verdicts__by_token_or_path_about_a_pair_or_the_whole_item(workspace: Workspace, tmp_path: Path):
    path = listed(
        tmp_path,
        f"{key(1).hex()},/target/a.mp4,duplicate",
        f"/web/2.jpg,{clip_token('/target/b.mp4')},Not duplicate",
        "/web/3.jpg,,duplicate",
        "/web/4.jpg,/target/c.mp4,",
    )
    applied = apply_verdicts(workspace, path, author="me")
    assert (len(applied.made), applied.known, applied.empty) == (3, 0, 1)
    assert in_force(workspace) == {
        Subject(key=key(1), target_path="/target/a.mp4"): Verdict.DUPLICATE,
        Subject(key=key(2), target_path="/target/b.mp4"): Verdict.NOT_DUPLICATE,
        Subject(key=key(3)): Verdict.DUPLICATE,
    }
    assert {review.made_in for review in Reviews(workspace.reviews_path).current()} == {MADE_IN}


def test_apply_verdicts__twice_changes_nothing_and_a_changed_mind_counts(workspace: Workspace, tmp_path: Path):
    apply_verdicts(workspace, listed(tmp_path, "/web/1.jpg,/target/a.mp4,duplicate"))
    again = apply_verdicts(workspace, listed(tmp_path, "/web/1.jpg,/target/a.mp4,duplicate"))
    assert (again.made, again.known) == ((), 1)
    changed = apply_verdicts(workspace, listed(tmp_path, "/web/1.jpg,/target/a.mp4,not_duplicate"))
    assert (len(changed.made), list(in_force(workspace).values())) == (1, [Verdict.NOT_DUPLICATE])


def test_apply_verdicts__what_is_said_twice_is_recorded_once(workspace: Workspace, tmp_path: Path):
    applied = apply_verdicts(workspace, listed(tmp_path, *["/web/1.jpg,/target/a.mp4,duplicate"] * 2))
    assert (len(applied.made), applied.known) == (1, 0)


def test_apply_verdicts__the_target_may_be_left_out(workspace: Workspace, tmp_path: Path):
    applied = apply_verdicts(workspace, listed(tmp_path, "/web/1.jpg,duplicate", header="item,verdict"))
    assert len(applied.made) == 1


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (["/web/1.jpg,,maybe"], "verdicts.csv:2: verdict 'maybe' is neither duplicate nor not_duplicate"),
        (
            ["/web/1.jpg,,duplicate", "/web/7.jpg,,duplicate"],
            "verdicts.csv:3: '/web/7.jpg' is no item of .*; write its",
        ),
        (
            ["/web/1.jpg,/target/a.mp4,duplicate", f"{key(1).hex()},/target/a.mp4,not_duplicate"],
            "verdicts.csv:3: not_duplicate contradicts an earlier line about '0101.*'; remove one",
        ),
        (["/web/1.jpg,/target/z.mp4,duplicate"], "verdicts.csv:2: '/target/z.mp4' is no labelled clip"),
    ],
)
def test_apply_verdicts__a_bad_line_is_named_and_nothing_is_recorded(
    workspace: Workspace, tmp_path: Path, lines: list[str], message: str
):
    with pytest.raises(DataError, match=message):
        apply_verdicts(workspace, listed(tmp_path, *lines))
    assert in_force(workspace) == {}


def test_apply_verdicts__files_that_are_no_list(workspace: Workspace, tmp_path: Path):
    with pytest.raises(DataError, match="no.csv is not a file; `omnisource duplicates --contact-sheet"):
        apply_verdicts(workspace, tmp_path / "no.csv")
    with pytest.raises(DataError, match="has no column item, verdict; its first line names item, target, verdict"):
        apply_verdicts(workspace, listed(tmp_path, "x", header="something"))
    (tmp_path / "bad.csv").write_bytes(b"item,verdict\n\xff\xfe,duplicate\n")
    with pytest.raises(DataError, match="bad.csv is no CSV in UTF-8"):
        apply_verdicts(workspace, tmp_path / "bad.csv")
