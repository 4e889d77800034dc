"""Results: every state of a workspace, links, what lies behind a change, decisions, and names that would do harm."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from app import result_tables, result_words
from omnisource import config
from omnisource.catalog import Catalog
from omnisource.pipeline.gains import Kind, Scope
from omnisource.pipeline.web_behind import Certainty
from omnisource.previews import clip_token
from omnisource.reviews import Reviews, Subject, Verdict
from omnisource.types import Taxonomy
from omnisource.workspace import Workspace
from tests.app.conftest import OpenPage
from tests.evaluated_runs import BASELINE, STUDENT, write_run
from tests.feature_tables import add_features
from tests.workspaces import apply_recipe, key, workspace_with

HOSTILE = "<img src=x onerror=alert(1)> **bold** [a](b) \u202e $x$ :red[y] " + "long " * 60


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """A student that gained two clips and loses none, beside its baseline; see evaluated_runs."""
    scored = [{"number": n, "top": 0, "confidence": 0.9, "query": 0} for n in (1, 2)]
    made = workspace_with(tmp_path / "w", scored=scored)
    write_run(made, "tsn-baseline", BASELINE)
    write_run(made, "tsn-default", STUDENT)
    apply_recipe(made, "default", config.Recipe(), kept=[1, 2])
    return made


def wall(page: AppTest, name: str) -> list[dict]:
    """The tiles of a wall; none where it is not drawn."""
    for drawn in page.get("bidi_component"):
        if drawn.proto.component_name.endswith("wall"):
            data = json.loads(drawn.proto.mixed.json if drawn.proto.HasField("mixed") else drawn.proto.json)
            is_web = any(action["name"] == "drop" for action in data["actions"])
            if is_web == (name == "web"):
                return data["tiles"]
    return []


def said(page: AppTest) -> str:
    return "\n".join(element.value for element in (*page.markdown, *page.caption, *page.error, *page.subheader))


def test_results__on_an_empty_workspace(open_page: OpenPage, empty: Workspace):
    page = open_page("results", empty)
    assert not page.exception
    assert "No results yet" in said(page)


def test_results__on_a_half_done_workspace(open_page: OpenPage, half_done: Workspace):
    page = open_page("results", half_done)
    assert not page.exception
    assert "No results yet" in said(page)


def test_results__on_a_finished_workspace(open_page: OpenPage, finished: Workspace):
    page = open_page("results", finished)
    assert not page.exception
    assert page.selectbox(key="res_baseline").value == "slowonly-baseline"
    assert page.selectbox(key="res_run").value in ("slowonly-omnisource", "slowonly-unfiltered")
    assert "Behind the change" in said(page)


def test_results__trained_but_not_evaluated_is_offered(open_page: OpenPage, workspace: Workspace):
    write_run(workspace, "tsn-new", STUDENT)
    (workspace.run("tsn-new") / "metrics.json").unlink()
    page = open_page("results", workspace)
    assert "not tested on the validation clips: tsn\\-new" in said(page)
    assert page.button(key="res_evaluate").label == "Evaluate"


def test_results__a_baseline_alone(open_page: OpenPage, tmp_path: Path):
    workspace = workspace_with(tmp_path / "w", scored=[])
    write_run(workspace, "tsn-baseline", BASELINE)
    page = open_page("results", workspace)
    assert not page.exception
    assert "Nothing to compare with yet" in said(page)


def test_results__numbers_of_the_run(open_page: OpenPage, workspace: Workspace):
    page = open_page("results", workspace)
    assert not page.exception
    numbers = {metric.label: (metric.value, metric.delta) for metric in page.metric}
    assert numbers["Top-1"] == ("87.5%", "+25.0 points")
    assert numbers["Clips"] == ("+2", "of 8")
    assert "**2** wrong before and right now, **0** right before and wrong now, 1 taken" in said(page)


@pytest.mark.parametrize(
    ("link", "clips", "web"),
    [
        ({}, ["2", "7"], []),
        ({"res_kind": "Wrong in another way"}, ["3"], []),
        ({"res_a": "boxing"}, ["2"], ["/web/1", "/web/2"]),
        ({"res_a": "boxing", "res_b": "kick"}, ["2"], ["/web/1", "/web/2"]),
        ({"res_a": "yoyo"}, ["7"], []),
        ({"res_a": "kick"}, [], []),
        ({"res_baseline": "tsn-default", "res_kind": "Now wrong"}, ["2", "7"], []),
    ],
)
def test_results__a_view_is_a_link(
    open_page: OpenPage, workspace: Workspace, link: dict[str, str], clips: list[str], web: list[str]
):
    page = open_page("results", workspace, **link)
    assert not page.exception
    assert [tile["token"] for tile in wall(page, "clips")] == [clip_token(f"/val/{place}.mp4") for place in clips]
    assert [tile["title"] for tile in wall(page, "web")] == web


def test_results__a_pair_has_its_counts_in_both_runs(open_page: OpenPage, workspace: Workspace):
    page = open_page("results", workspace, res_a="boxing", res_b="yoyo")
    assert "confusion score **0.375**" in said(page)
    assert "confusion score **0.000** (-0.375)" in said(page)
    tables = [frame.value.to_dict("list") for frame in page.dataframe]
    assert {"c0": ["boxing", "yoyo"], "c1": [2, 1], "c2": [2, 3]} in tables
    assert {"c0": ["boxing", "yoyo"], "c1": [3, 0], "c2": [0, 4]} in tables


def test_results__all_clips_again(open_page: OpenPage, workspace: Workspace):
    page = open_page("results", workspace, res_a="boxing", res_b="yoyo")
    page.button(key="res_all").click().run()
    assert not page.exception
    assert (page.selectbox(key="res_a").value, page.selectbox(key="res_b").value) == (None, None)


def test_results__decisions_show_on_the_web_data(open_page: OpenPage, workspace: Workspace):
    Reviews(workspace.reviews_path).decide(Subject(key=key(2)), Verdict.DROP, made_in="app")
    page = open_page("results", workspace, res_a="boxing")
    assert [tile["verdict"] for tile in wall(page, "web")] == ["", "drop"]
    assert "counts when the recipe is applied again" in said(page)


def test_results__a_clip_with_what_both_runs_say(open_page: OpenPage, workspace: Workspace):
    page = open_page("results", workspace, clip="2")
    assert not page.exception
    tops = [frame.value["c0"].tolist() for frame in page.dataframe if "c1" in frame.value and len(frame.value) == 3]
    assert ["yoyo", "boxing ✓", "kick"] in tops and ["boxing ✓", "yoyo", "kick"] in tops


@pytest.mark.parametrize("clip", ["99", "-1", "9" * 5000, "<b>"])
def test_results__a_link_to_no_clip(open_page: OpenPage, workspace: Workspace, clip: str):
    page = open_page("results", workspace, clip=clip)
    assert not page.exception
    assert "No such clip" in said(page)


def test_results__web_data_of_a_recipe_that_is_gone(open_page: OpenPage, workspace: Workspace):
    (workspace.auxiliary("default") / "done.json").unlink()
    page = open_page("results", workspace, res_a="boxing")
    assert not page.exception
    assert "has no examples yet" in said(page)


def test_results__a_run_on_other_clips_says_so(open_page: OpenPage, workspace: Workspace):
    write_run(workspace, "tsn-old", STUDENT, clips="others")
    page = open_page("results", workspace)
    assert not page.exception
    assert "tested on other clips than tsn" in said(page)
    assert "tsn-old" not in page.selectbox(key="res_run").options


@pytest.mark.parametrize("file", ["predictions.parquet", "metrics.json"])
def test_results__a_damaged_file_is_told(open_page: OpenPage, workspace: Workspace, file: str):
    (workspace.run("tsn-default") / file).write_bytes(b"neither Parquet nor JSON")
    page = open_page("results", workspace)
    assert not page.exception
    assert "cannot be read" in said(page)


def test_results__hostile_names_stay_text(open_page: OpenPage, tmp_path: Path):
    workspace = workspace_with(tmp_path / "w", scored=[])
    workspace.taxonomy_path.unlink()
    workspace.save_taxonomy(Taxonomy(names=(HOSTILE, "yoyo", "kick")))
    write_run(workspace, "tsn-baseline", BASELINE)
    write_run(workspace, "tsn-<b>x", STUDENT)
    page = open_page("results", workspace, res_a=HOSTILE, res_b="yoyo", clip="2")
    assert not page.exception
    assert "<img" not in said(page).replace("\\<img", "")
    assert "<b>" not in said(page).replace("\\<b", "")


def test_web__nearest_to_the_clips_above(open_page: OpenPage, workspace: Workspace):
    link = {"res_a": "boxing", "res_first": "Nearest to these clips"}
    page = open_page("results", workspace, **link)  # no network has seen anything yet: the link falls back
    assert not page.exception
    assert "is known once a network has seen both" in said(page)
    clips = [tile["title"].split("\n")[0] for tile in wall(page, "clips")]
    add_features(workspace, "net", {1: [[1.0, 0.0]], 2: [[0.0, 1.0]]})
    add_features(workspace, "net", {clip: [[0.0, 1.0]] for clip in clips})
    page = open_page("results", workspace, **link)
    assert not page.exception
    assert [(tile["title"], tile["note"]) for tile in wall(page, "web")] == [
        ("/web/2", "1.00 alike"),
        ("/web/1", "0.00 alike"),
    ]


def test_export__a_report_that_cannot_be_written_says_why_as_text(workspace: Workspace):
    said = result_tables._report(workspace, "tsn-baseline", ["<b>gone"])
    assert said.startswith("No report could be written: ") and "&lt;b&gt;gone" in said


def test_copy_as__cells_work(workspace: Workspace):
    root, scope = str(workspace.root), Scope(a=0, b=1)
    add_features(workspace, "net", {1: [[1.0, 0.0]]})
    add_features(workspace, "net", {"/clips/a.mp4": [[1.0, 0.0]]})
    for cell in (
        result_words.overall_cell(root, "tsn-baseline", "tsn-default"),
        result_words.flips_cell(root, "tsn-baseline", "tsn-default", Kind.GAINED, scope),
        result_words.web_cell(root, "default", [0, 1], Certainty.LEAST_SURE),
        result_words.web_cell(root, "default", [0, 1], Certainty.NEAREST, ["/clips/a.mp4"]),
    ):
        exec(cell, {"Catalog": Catalog})


def test_copy_as__commands_work(workspace: Workspace, tmp_path: Path, run_command: Callable[[str], str]):
    where = f"-w {workspace.root}"
    commands = [
        *result_words.overall_command(where, "tsn-baseline", "tsn-default").splitlines(),
        result_words.flips_command(where, "tsn-baseline", "tsn-default", Kind.GAINED, ["boxing", "yoyo"]),
        *result_words.web_command(where, "default", ["boxing"]).splitlines(),
    ]
    printed = [run_command(command) for command in commands]  # where this test is, in tmp_path
    assert printed[-1].count("/web/") == 2
    assert (tmp_path / "report.html").is_file()
