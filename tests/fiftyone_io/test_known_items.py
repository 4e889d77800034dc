"""What is known of items, by the facts of tests/fiftyone_world.py."""

import pytest

from omnisource.catalog import Catalog
from omnisource.errors import WorkspaceError
from omnisource.fiftyone_io.known_items import KnownItem, KnownItems, chosen_recipe
from omnisource.reviews import Reviews, Subject, Verdict
from omnisource.types import Format
from omnisource.workspace import Workspace
from tests.fiftyone_world import BLUE, GREEN, RED, add_candidate
from tests.workspaces import key


def tell(workspace: Workspace, recipe: str | None = "omnisource") -> dict[int, KnownItem]:
    told = KnownItems(Catalog(workspace), recipe).tell([key(number) for number in range(8)])
    return {item.key[0]: item for item in told}


def test_tell__how_far_each_item_came(workspace: Workspace):
    stages = {number: item.stage for number, item in tell(workspace).items()}
    assert stages == {
        0: "left_out",  # it resembles a labelled clip
        1: "left_out",  # it too
        2: "kept",
        3: "left_out",
        4: "left_out",
        5: "dropped",
        6: "kept",
        7: "kept",
    }
    assert tell(workspace)[5].reason == "not_media"


def test_tell__without_a_recipe_nothing_is_kept(workspace: Workspace):
    told = tell(workspace, None)
    assert (told[2].stage, told[2].margin, told[0].is_suspect) == ("scored", None, True)  # 0.95 against the crops' 0.8


def test_tell__teachers_and_the_one_that_decides(workspace: Workspace):
    clip = tell(workspace)[6]
    assert {name: (top, round(prob, 2)) for name, (top, prob) in clip.teachers.items()} == {
        "flat": (GREEN, 0.5),
        "deep": (RED, 0.8),
    }
    assert (clip.teacher, clip.tested_class, round(clip.query_prob, 2)) == ("deep", RED, 0.8)


@pytest.mark.parametrize(("number", "margin"), [(0, 0.56), (1, 0.06), (3, -0.04), (4, -0.14), (7, 0.56)])
def test_tell__margin_from_the_line(workspace: Workspace, number: int, margin: float):
    assert tell(workspace)[number].margin == pytest.approx(margin, abs=1e-5)


def test_tell__what_it_resembles(workspace: Workspace):
    told = tell(workspace)
    assert [(told[n].is_suspect, round(told[n].similarity, 2)) for n in (0, 1, 4)] == [
        (True, 0.95),
        (True, 0.85),
        (False, 0.6),
    ]
    assert told[0].similar_to.endswith("a.mp4") and told[2].is_suspect is False and told[2].similarity is None


def test_tell__segments_of_a_long_video_with_their_sides(workspace: Workspace):
    told = tell(workspace)
    assert [(s.start_s, s.end_s, s.top_class, s.side) for s in told[7].segments] == [
        (0.0, 2.0, BLUE, "negative"),
        (2.0, 4.0, RED, "positive"),
        (4.0, 6.0, RED, "positive"),
        (6.0, 8.0, GREEN, "negative"),
    ]
    assert told[6].segments == ()


def test_tell__where_it_came_from(workspace: Workspace):
    assert tell(workspace)[0].origin["licence"] is None
    add_candidate(workspace)
    origin = tell(workspace)[0].origin
    assert (origin["url"], origin["licence"], origin["author"]) == ("https://example.org/0", "CC BY 4.0", "A. Uthor")
    assert (origin["query"], origin["fetched_utc"]) == ("red", "2026-01-02T03:04:05Z")


def test_tell__unknown_keys_are_left_out(workspace: Workspace):
    assert KnownItems(Catalog(workspace), None).tell([key(99)]) == []


def test_tell__decisions_are_told_by_the_reviews_alone(workspace: Workspace):
    before = tell(workspace)
    Reviews(workspace.reviews_path).decide(Subject(key=key(2)), Verdict.DROP, made_in="app")
    assert tell(workspace) == before


def test_known_items__a_recipe_that_was_not_applied(workspace: Workspace):
    with pytest.raises(WorkspaceError, match="recipe 'unfiltered' has no examples yet"):
        KnownItems(Catalog(workspace), "unfiltered")


def test_chosen_recipe__the_first_that_was_applied(workspace: Workspace):
    catalog = Catalog(workspace)
    assert (chosen_recipe(catalog, None), chosen_recipe(catalog, "other")) == ("omnisource", "other")


def test_decider__the_recipes_else_the_first_that_is_for_the_format(workspace: Workspace):
    catalog = Catalog(workspace)
    by_recipe, without = KnownItems(catalog, "omnisource"), KnownItems(catalog, None)
    assert [by_recipe.decider(one) for one in Format] == ["flat", "deep", "deep"]
    assert [without.decider(one) for one in Format] == ["flat", "flat", "deep"]  # flat is for clips too
