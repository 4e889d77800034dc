"""Duplicates: every state of a workspace, links, verdicts, the threshold, and names that would do harm as markup."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from app import pair_words
from omnisource.clean.pair_filters import Order, PairFilter, State
from omnisource.previews import clip_token, item_token
from omnisource.reviews import Reviews, Subject, Verdict
from omnisource.types import Taxonomy
from omnisource.workspace import Workspace
from tests.app.conftest import OpenPage
from tests.similar_tables import small_workspace, write_similar
from tests.workspaces import CLASSES, key


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """Six pairs; see similar_tables."""
    return small_workspace(tmp_path / "w")


def viewer(page: AppTest) -> dict:
    """What the pair viewer was given."""
    (drawn,) = (one for one in page.get("bidi_component") if one.proto.component_name.endswith("pair"))
    return json.loads(drawn.proto.mixed.json if drawn.proto.HasField("mixed") else drawn.proto.json)


def alike(page: AppTest) -> list[float]:
    return [round(pair["similarity"], 2) for pair in viewer(page)["pairs"]]


def said(page: AppTest) -> str:
    return "\n".join(element.value for element in (*page.markdown, *page.caption, *page.error))


def verdicts(workspace: Workspace) -> dict[tuple[int, str | None], str]:
    current = Reviews(workspace.reviews_path).current()
    return {(one.subject.key[0], one.subject.target_path): str(one.verdict) for one in current}


def test_duplicates__without_similarities_says_what_is_missing(open_page: OpenPage, empty: Workspace):
    page = open_page("duplicates", empty)
    assert not page.exception
    assert "No similarities yet" in said(page)


def test_duplicates__half_done_offers_the_stages_up_to_the_comparison(open_page: OpenPage, half_done: Workspace):
    page = open_page("duplicates", half_done)
    assert not page.exception
    assert page.button(key="dup_stages").label == "Run the stages up to the comparison"


def test_duplicates__compared_and_nothing_alike(open_page: OpenPage, empty: Workspace):
    empty.table("similar").folder.mkdir(parents=True, exist_ok=True)
    (empty.table("similar").folder / "crop_threshold.json").write_text('{"threshold": 0.8}')
    text = said(open_page("duplicates", empty))
    assert "Nothing looks alike" in text
    assert "two crops of the same frame are, which is 0.800. There is nothing to review." in text


def test_duplicates__no_suspect_at_the_threshold(open_page: OpenPage, workspace: Workspace):
    (workspace.table("similar").folder / "crop_threshold.json").write_text('{"threshold": 0.995}')
    page = open_page("duplicates", workspace)
    assert not page.exception
    assert "There is no suspect: no web item is as like a labelled clip as the threshold asks for." in said(page)
    assert "Every suspect has been judged" not in said(page)


def test_duplicates__what_was_set_aside_before_is_told(open_page: OpenPage, empty: Workspace):
    Reviews(empty.reviews_path).decide(Subject(key=key(1)), Verdict.DUPLICATE, made_in="demo")
    assert "1 duplicate is already set aside by hand" in said(open_page("duplicates", empty))


def test_duplicates__suspects_most_alike_first(open_page: OpenPage, workspace: Workspace):
    page = open_page("duplicates", workspace)
    assert not page.exception
    assert alike(page) == [0.99, 0.95, 0.92, 0.83]
    first = viewer(page)["pairs"][0]
    assert first["id"] == f"{item_token(key(1))}.{clip_token('/target/a.mp4')}"
    assert (first["target"]["time_s"], first["target"]["lines"][1]) == (0.5, "labelled: boxing")
    assert "path" not in first["web"]


@pytest.mark.parametrize(
    ("link", "expected"),
    [
        ({"dup_order": "Near the threshold"}, [0.83, 0.71, 0.92, 0.66, 0.95, 0.99]),
        ({"dup_source": "other"}, [0.83]),
        ({"dup_class": "yoyo"}, [0.95, 0.92]),
        ({"dup_band": "0.65 to 0.7"}, [0.66]),
        ({"dup_state": "Duplicates"}, []),
        ({"dup_state": "All pairs", "dup_threshold_default": "0.9"}, [0.99, 0.95, 0.92]),
    ],
)
def test_duplicates__a_view_is_a_link(
    open_page: OpenPage, workspace: Workspace, link: dict[str, str], expected: list[float]
):
    page = open_page("duplicates", workspace, **link)
    assert not page.exception
    assert alike(page) == expected


def test_duplicates__verdicts_are_counted_and_settle_other_pairs(open_page: OpenPage, workspace: Workspace):
    reviews = Reviews(workspace.reviews_path)
    reviews.decide(Subject(key=key(1), target_path="/target/a.mp4"), Verdict.DUPLICATE, made_in="app")
    reviews.decide(Subject(key=key(3), target_path="/target/c.mp4"), Verdict.NOT_DUPLICATE, made_in="app")
    page = open_page("duplicates", workspace)
    assert alike(page) == [0.92]
    assert page.metric[1].label == "Still to find"
    text = page.get("progress")[0].proto.text
    assert text == "**2** of **3** suspects judged: 1 duplicate, 1 not; 1 more settled, as their item is out already"


def test_duplicates__a_cluster_is_decided_and_undone_at_once(open_page: OpenPage, workspace: Workspace):
    page = open_page("duplicates", workspace)
    page.button(key="dup_decide_0_not_duplicate").click().run()
    assert verdicts(workspace) == {
        (1, "/target/a.mp4"): "not_duplicate",
        (1, "/target/b.mp4"): "not_duplicate",
        (2, "/target/b.mp4"): "not_duplicate",
    }
    assert alike(page) == [0.83]
    page.button(key="undo_button").click().run()
    assert verdicts(workspace) == {}
    assert alike(page) == [0.99, 0.95, 0.92, 0.83]


def test_duplicates__the_threshold_is_saved_and_taken_back(open_page: OpenPage, workspace: Workspace):
    page = open_page("duplicates", workspace)
    (name,) = workspace.recipes()
    assert page.button(key="dup_save").disabled
    page.slider(key=f"dup_threshold_{name}").set_value(0.7).run()
    assert alike(page) == [0.99, 0.95, 0.92, 0.83, 0.71]
    assert workspace.recipe(name).duplicate_similarity is None  # only tried
    page.button(key="dup_save").click().run()
    assert workspace.recipe(name).duplicate_similarity == 0.7
    assert f"Recipe {name} uses 0.700, which somebody saved" in said(page)
    page.button(key="undo_button").click().run()
    assert workspace.recipe(name).duplicate_similarity is None


def test_duplicates__without_a_measured_threshold(open_page: OpenPage, workspace: Workspace):
    (workspace.table("similar").folder / "crop_threshold.json").unlink()
    page = open_page("duplicates", workspace)
    assert not page.exception
    assert "has no threshold yet, so it drops only what people call duplicates" in said(page)


def test_duplicates__without_classes_and_target(open_page: OpenPage, workspace: Workspace):
    workspace.taxonomy_path.unlink()
    workspace.table("target").clear()
    page = open_page("duplicates", workspace)
    assert not page.exception
    assert viewer(page)["pairs"][0]["target"]["lines"] == ["not in the target table · at 0:00.5", "labelled: no class"]


def test_duplicates__a_damaged_part_is_told(open_page: OpenPage, workspace: Workspace):
    (workspace.table("similar").folder / "part-000007.parquet").write_bytes(b"not Parquet")
    page = open_page("duplicates", workspace)
    assert not page.exception
    assert "is damaged" in page.error[0].value


def test_duplicates__hostile_names_stay_text(open_page: OpenPage, tmp_path: Path):
    workspace = small_workspace(tmp_path / "w")
    hostile = "/target/<img src=x onerror=alert(1)> **bold** " + "long " * 60 + "\u202e.mp4"
    row = {"key": key(2), "time_s": 0.0, "target_path": hostile, "target_time_s": 0.0, "similarity": 0.999}
    write_similar(workspace, [row], threshold=None)
    page = open_page("duplicates", workspace)
    assert not page.exception
    title = viewer(page)["pairs"][0]["target"]["title"]
    assert title.startswith("<img src=x") and len(title) < 62
    page.button(key="dup_decide_0_duplicate").click().run()
    assert not page.exception
    assert "<img" not in said(page)


def test_copy_as__command_and_cells_work(workspace: Workspace, run_command: Callable[[str], str]):
    wanted, root = PairFilter(low=0.8, state=None, source="other"), str(workspace.root)
    command = pair_words.as_command(f"-w {root}", wanted, Order.RANDOM, CLASSES, threshold=0.8, limit=5)
    options = "--threshold 0.8 --order random --limit 5 -f said=any -f source=other -f least=0.8"
    assert command == f"omnisource suspects -w {root} {options}"
    (listed,) = (line for line in run_command(command).splitlines() if line.startswith("0.830\topen\t"))
    assert "/web/3.jpg" in listed
    cell = pair_words.as_cell(root, wanted, Order.RANDOM, threshold=0.8, limit=5)
    names: dict[str, object] = {}
    exec(cell.replace("suspects.next", "found = suspects.next"), names)
    assert [pair.target_path for pair in names["found"]] == ["/target/c.mp4"]
    exec(pair_words.as_saving_cell(root, "default", 0.91), {})
    assert workspace.recipe("default").duplicate_similarity == 0.91


@pytest.mark.parametrize(
    ("taxonomy", "index", "name"),
    [(CLASSES, 1, "yoyo"), (CLASSES, None, "no class"), (None, 4, "class 4"), (Taxonomy(names=("a",)), 7, "class 7")],
)
def test_class_name(taxonomy: Taxonomy | None, index: int | None, name: str):
    assert pair_words.class_name(taxonomy, index) == name


def test_states__every_one_has_a_name():
    assert {*State} < {*pair_words.STATES}
