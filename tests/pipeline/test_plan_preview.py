"""What a search would ask, counted by hand."""

from datetime import date
from pathlib import Path

import pytest

from omnisource.pipeline.plan_preview import SourcePlan, preview
from omnisource.pipeline.queries import propose_queries, save
from omnisource.types import Format
from omnisource.workspace import Workspace
from tests.search_tables import searched_workspace
from tests.workspaces import change

TODAY = date(2020, 1, 1)


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return searched_workspace(tmp_path / "w")


def test_preview__without_queries_asks_nothing(workspace: Workspace):
    (one,) = preview(workspace, today=TODAY)
    assert (one.num_texts, one.num_windows, one.num_waiting) == (0, 0, 0)


def test_preview__counts_what_was_asked(workspace: Workspace):
    # yoyo and kick in the years 2018 and 2019; boxing was asked in both, and hit the cap in one: its two halves
    propose_queries(workspace)
    assert preview(workspace, today=TODAY) == [
        SourcePlan(
            source="pictures",
            engine="page",
            format=Format.IMAGE,
            text_kind="query",
            num_texts=3,
            num_windows=2,
            num_asked=4,
            num_waiting=6,
            requests=6,
            max_requests=10_000,
        )
    ]


def test_preview__by_tag_and_with_a_spent_budget(workspace: Workspace):
    first = propose_queries(workspace)
    save(workspace, [one for one in first.queries if one.class_index == 0], based_on=1)
    search = "{engine: page, endpoint: 'https://search.example/?q={query}', text: tag, max_requests: 4}"
    change(workspace, f"sources=[{{name: pictures, format: image, search: {search}}}]")
    (one,) = preview(workspace, today=TODAY)
    # boxing and box, any time; six requests were made
    assert (one.text_kind, one.num_texts, one.num_windows, one.requests_left) == ("tag", 2, 1, 0)
