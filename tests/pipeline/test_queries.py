"""Proposals, revisions and acceptance of what is searched."""

from dataclasses import replace
from pathlib import Path

import pytest

from omnisource import config
from omnisource.collect.queries import Query
from omnisource.errors import DataError, WorkspaceError
from omnisource.pipeline.queries import (
    accept,
    accepted_queries,
    current,
    propose_queries,
    restore,
    save,
    used_texts,
    withdraw,
)
from omnisource.types import Taxonomy
from omnisource.workspace import Workspace


def workspace_of(folder: Path, *names: str) -> Workspace:
    workspace = Workspace.create(folder, config.Study())
    workspace.save_taxonomy(Taxonomy(names=names))
    return workspace


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return workspace_of(tmp_path / "w", "beekeeping", "yoga")


def texts(queries: tuple[Query, ...]) -> list[str]:
    return [one.text for one in queries]


def test_propose_queries__writes_the_first_revision(workspace: Workspace):
    assert current(workspace).number == 0
    revision = propose_queries(workspace)
    assert (revision.number, revision.accepted) == (1, None)
    assert texts(revision.queries) == ["beekeeping", "beekeeping", "beekeep", "keepingbee", "keepbee", "yoga", "yoga"]
    assert propose_queries(workspace) == revision  # and no other


def test_propose_queries__never_touches_an_edit(workspace: Workspace):
    first = propose_queries(workspace)
    # "keepbee" is off, "keepingbee" gone, the query is another
    kept = [replace(one, use=one.text != "keepbee") for one in first.queries if one.text != "keepingbee"]
    edited = save(workspace, [replace(kept[0], text="apiary", rule="person"), *kept[1:]], based_on=first.number)
    assert propose_queries(workspace) == edited
    assert propose_queries(workspace, anew=True) == edited  # each text that the rules give was there once


def test_propose_queries__anew_adds_what_was_never_there(workspace: Workspace):
    rows = [Query(class_index=index, text_kind=kind, text=f"own{index}", rank=1, rule="person")
            for index in (0, 1) for kind in ("query", "tag")]  # fmt: skip
    first = save(workspace, rows, based_on=0)
    assert propose_queries(workspace) == first
    revision = propose_queries(workspace, anew=True)
    assert texts(revision.queries) == [
        *["own0", "beekeeping", "own0", "beekeeping", "beekeep", "keepingbee", "keepbee"],
        *["own1", "yoga", "own1", "yoga"],
    ]


def test_propose_queries__anew_does_not_use_what_an_edit_uses_for_another_class(workspace: Workspace):
    own = Query(class_index=1, text_kind="tag", text="beekeep", rank=1, rule="person")
    save(workspace, [own], based_on=0)
    revision = propose_queries(workspace)
    assert [one.use for one in revision.queries if one.text == "beekeep"] == [False, True]
    assert [one.text for one in revision.queries if one.class_index == 1] == ["yoga", "beekeep"]


def test_propose_queries__refuses_numbers(tmp_path: Path):
    with pytest.raises(WorkspaceError, match="knows its classes by number only, and numbers cannot be searched; name"):
        propose_queries(workspace_of(tmp_path / "w", "0", "1"))


def test_save__the_last_revision_counts(workspace: Workspace):
    first = propose_queries(workspace)
    second = save(workspace, first.queries[:1], based_on=1)
    assert (second.number, texts(second.queries)) == (2, ["beekeeping"])
    assert save(workspace, second.queries, based_on=2).number == 2  # nothing changed
    assert len(workspace.table("queries").parts()) == 2


def test_save__refuses_what_overlooks_another_edit(workspace: Workspace):
    first = propose_queries(workspace)
    save(workspace, first.queries[:1], based_on=1)
    with pytest.raises(WorkspaceError, match="revision 2 of the queries was written since you began from 1; load it"):
        save(workspace, first.queries[:2], based_on=1)


def test_save__refuses_what_cannot_be_searched(workspace: Workspace):
    first = propose_queries(workspace)
    same = [replace(one, text="yoga") for one in first.queries[:1]]
    with pytest.raises(DataError, match="yoga, query 1: query 'yoga' is used for 'beekeeping' too"):
        save(workspace, [*same, *first.queries[5:]], based_on=1)
    with pytest.raises(WorkspaceError, match="a revision without any text would leave nothing to search"):
        save(workspace, [], based_on=1)
    assert current(workspace) == first


def test_accept__lets_the_revision_be_searched(workspace: Workspace):
    propose_queries(workspace)
    said = accept(workspace, 1, author="ada").accepted
    assert (said.revision, said.author) == (1, "ada")
    assert current(Workspace(workspace.root)).accepted == said
    assert accepted_queries(workspace) == {
        "query": [(0, "beekeeping"), (1, "yoga")],
        "tag": [(0, "beekeeping"), (0, "beekeep"), (0, "keepingbee"), (0, "keepbee"), (1, "yoga")],
    }


def test_accepted_queries__without_what_is_not_used(workspace: Workspace):
    first = propose_queries(workspace)
    accept(workspace, save(workspace, [replace(one, use=one.rank == 1) for one in first.queries], based_on=1).number)
    assert accepted_queries(workspace)["tag"] == [(0, "beekeeping"), (1, "yoga")]


def test_accepted_queries__an_edit_waits_to_be_accepted(workspace: Workspace):
    with pytest.raises(WorkspaceError, match="has no queries yet; `omnisource queries` proposes them"):
        accepted_queries(workspace)
    first = propose_queries(workspace)
    with pytest.raises(WorkspaceError, match="revision 1 of the queries was not accepted; look through it with"):
        accepted_queries(workspace)
    accept(workspace, 1)
    save(workspace, first.queries[:1], based_on=1)
    with pytest.raises(WorkspaceError, match="revision 2 of the queries was not accepted"):
        accepted_queries(workspace)


def test_accept__only_the_last_revision(workspace: Workspace):
    with pytest.raises(WorkspaceError, match="has no queries yet; `omnisource queries` proposes them"):
        accept(workspace, 0)
    first = propose_queries(workspace)
    save(workspace, first.queries[:1], based_on=1)
    with pytest.raises(WorkspaceError, match="revision 1 of the queries is not the last one, 2; look at that before"):
        accept(workspace, 1)


def test_current__says_where_an_acceptance_is_damaged(workspace: Workspace):
    propose_queries(workspace)
    accept(workspace, 1)
    path = workspace.table("queries").folder / "accepted.json"
    path.write_text("{")
    with pytest.raises(WorkspaceError, match="accepted.json is damaged; remove it and accept the queries again"):
        current(workspace)


def test_restore__writes_an_earlier_revision_again(workspace: Workspace):
    first = propose_queries(workspace)
    save(workspace, first.queries[:1], based_on=1)
    assert restore(workspace, 1, based_on=2) == replace(first, number=3)
    with pytest.raises(WorkspaceError, match="has no revision 7 of the queries; the last one stays"):
        restore(workspace, 7, based_on=3)


def test_withdraw__takes_an_acceptance_back(workspace: Workspace):
    propose_queries(workspace)
    accept(workspace, 1)
    assert withdraw(workspace, 1).accepted is None
    with pytest.raises(WorkspaceError, match="revision 1 of the queries is not the accepted one; there is nothing"):
        withdraw(workspace, 1)


def test_used_texts__of_a_revision_that_waits(workspace: Workspace):
    assert used_texts(propose_queries(workspace))["query"] == [(0, "beekeeping"), (1, "yoga")]
