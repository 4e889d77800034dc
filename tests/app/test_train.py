"""Train: every state of a workspace, the form and its draft, the start, runs that are watched, stopped and cloned."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from omnisource.pipeline.measured import costs_of
from omnisource.tables import sole_writer
from omnisource.workspace import Workspace
from tests.app.conftest import OpenPage

NEW = {"train_view": "New run"}


def said(page: AppTest) -> str:
    texts = (*page.markdown, *page.caption, *page.error, *page.warning, *page.info, *page.code, *page.text)
    return "\n".join(str(element.value) for element in texts)


def field(place: str) -> str:
    return f"train_set_{place}"


def change(page: AppTest, place: str, value: object) -> AppTest:
    """Use the widget of a setting, whatever it is."""
    kinds = (page.number_input, page.selectbox, page.text_input, page.toggle)
    widget = next(widget for kind in kinds for widget in kind if widget.key == field(place))
    return widget.set_value(value).run()


def test_train__without_a_workspace(open_page: OpenPage):
    page = open_page("train", None)
    assert not page.exception
    assert "No workspace is open" in said(page)


def test_train__an_empty_workspace_begins_with_the_form(open_page: OpenPage, empty: Workspace):
    page = open_page("train", empty)
    assert not page.exception
    assert "The labelled clips have not been read yet" in said(page)
    assert page.button(key="train_start").disabled


def test_train__runs_of_an_empty_workspace(open_page: OpenPage, empty: Workspace):
    page = open_page("train", empty, train_view="Runs")
    assert not page.exception
    assert "No run yet" in said(page)


def test_train__half_done_names_the_stages_that_are_missing(open_page: OpenPage, half_done: Workspace):
    page = open_page("train", half_done, **NEW)
    assert not page.exception
    assert "The recipe unfiltered has no examples yet" in said(page)
    assert page.button(key="train_missing_run_True").label == "Run the stages up to the labels"
    assert page.button(key="train_start").disabled
    alone = page.selectbox(key="train_recipe").select("labelled clips alone").run()
    assert not alone.exception
    assert not alone.button(key="train_start").disabled


def test_train__what_is_drawn_is_the_plan(open_page: OpenPage, finished: Workspace):
    page = open_page("train", finished, **NEW, train_network="tsn", train_recipe="unfiltered")
    assert not page.exception
    rows = {row["source"]: row for row in page.dataframe[0].value.to_dict("records")}
    assert list(rows) == ["target", "web_image", "web_clip", "web_video"]
    assert (rows["target"]["examples"], rows["web_video"]["drawn"]) == (12, 6)  # 2:1 of 12 clips
    assert "Batches of 4 labelled clips: 3 updates an epoch, 3 in all." in said(page)
    assert "Time and memory are not known yet" in said(page)


def test_train__a_changed_setting_stands_out_and_is_not_written(open_page: OpenPage, finished: Workspace):
    before = finished.study_path.read_text()
    page = change(open_page("train", finished, **NEW, train_network="tsn"), "network.optim.epochs", 7)
    assert not page.exception
    assert page.number_input(key=field("network.optim.epochs")).label == ":orange[Epochs · was 1]"
    assert "networks.tsn.optim.epochs\n- 1\n+ 7" in said(page)
    assert "omnisource set networks.tsn.optim.epochs=7" in said(page)
    assert finished.study_path.read_text() == before


def test_train__settings_that_follow_move_along(open_page: OpenPage, finished: Workspace):
    page = open_page("train", finished, **NEW, train_network="tsn", **{"train_section_network.model": "true"})
    page.session_state["train_section_network.model"] = True
    page = change(page.run(), "network.optim.warmup_epochs", 2.0)
    assert page.number_input(key=field("network.optim.warmup_epochs")).value == 2.0
    reset = page.button(key="train_reset").click().run()
    assert reset.number_input(key=field("network.optim.warmup_epochs")).value == 0.0
    assert reset.button(key="train_save").disabled


def test_train__a_mistake_is_said_where_it_was_made_and_stops_the_start(open_page: OpenPage, finished: Workspace):
    page = open_page("train", finished, **NEW, train_network="tsn", train_recipe="labelled clips alone")
    wrong = change(page, "network.optim.milestones", "[1, ")
    assert not wrong.exception
    assert "cannot be read; write a list like" in said(wrong)
    assert wrong.text_input(key=field("network.optim.milestones")).value == "[1, "
    assert wrong.button(key="train_start").disabled and wrong.button(key="train_save").disabled
    refused = change(wrong, "network.optim.milestones", "[a]")
    assert "milestones" in said(refused)
    mended = change(refused, "network.optim.milestones", "[1, 2]")
    assert "cannot be read" not in said(mended)
    assert not mended.button(key="train_save").disabled


def test_train__saving_writes_the_file_and_undo_restores_it(open_page: OpenPage, finished: Workspace):
    before = finished.study_path.read_text()
    page = change(open_page("train", finished, **NEW, train_network="tsn"), "network.optim.epochs", 7)
    page = page.button(key="train_save").click().run()
    assert not page.exception
    assert finished.study().networks["tsn"].optim.epochs == 7
    assert page.number_input(key=field("network.optim.epochs")).label == "Epochs"
    undone = page.button(key="undo_button").click().run()
    assert finished.study_path.read_text() == before
    assert undone.number_input(key=field("network.optim.epochs")).value == 1


def test_train__another_name_makes_another_network_and_starts_it(
    open_page: OpenPage, finished: Workspace, started: list
):
    page = open_page("train", finished, **NEW, train_network="tsn", train_recipe="unfiltered")
    page = page.text_input(key="train_name").set_value("quick").run()
    page = change(page, "network.optim.epochs", 2)
    start = page.button(key="train_start")
    assert (start.label, start.disabled) == ("Save and start training", False)
    after = start.click().run()
    assert not after.exception
    chosen = ["--recipe", "unfiltered", "--network", "quick", "--procedure", "joint"]
    assert started == [(finished.root, ["train", "-w", str(finished.root), *chosen])]
    networks = finished.study().networks
    assert (networks["quick"].optim.epochs, networks["tsn"].optim.epochs) == (2, 1)
    assert after.session_state["train_view"] == "Runs"


def test_train__a_taken_name_is_refused(open_page: OpenPage, finished: Workspace):
    page = open_page("train", finished, **NEW, train_network="tsn")
    page = page.text_input(key="train_name").set_value("slowonly").run()
    assert not page.exception
    assert "no network can be saved as" in said(page)


def test_train__a_finished_run_is_only_made_anew_when_asked(open_page: OpenPage, finished: Workspace, started: list):
    page = open_page("train", finished, **NEW, train_network="slowonly", train_recipe="unfiltered")
    assert "slowonly\\-unfiltered is trained with these settings" in said(page)
    assert page.button(key="train_start").disabled
    page = page.checkbox(key="train_redo").check().run()
    assert page.button(key="train_start").label == "Train anew"
    page.button(key="train_start").click().run()
    assert started[0][1][-1] == "--redo"


def test_train__other_settings_than_the_runs_are_a_conflict(open_page: OpenPage, finished: Workspace):
    page = open_page("train", finished, **NEW, train_network="slowonly", train_recipe="unfiltered")
    page = change(page, "network.optim.batch_size", 2)
    assert "was made with other settings (network\\.optim\\.batch\\_size" in said(page)
    assert page.button(key="train_start").disabled


def test_train__a_preset_fills_the_form(open_page: OpenPage, finished: Workspace):
    page = open_page("train", finished, **NEW, train_network="tsn")
    page = page.selectbox(key="train_preset").select("tsn-r50-imagenet-omnisource").run()
    assert "Kinetics" in said(page)
    page = page.button(key="train_fill").click().run()
    assert not page.exception
    assert page.number_input(key=field("network.optim.epochs")).value == 100
    assert "are not merged to" in said(page) or "is no source of this study" in said(page)


def test_train__an_estimate_says_its_age_and_what_was_other(open_page: OpenPage, finished: Workspace):
    cost = {
        "run": "tsn-baseline",
        "device": "CPU, 2 cores",
        "num_updates": 12,
        "seconds_per_update": 1200.0,
        "data_seconds": 900.0,
        "memory_bytes": 2 << 30,
        "memory_limit_bytes": 8 << 30,
        "checkpoint_bytes": 1 << 20,
        "measured_s": 0.0,
        "costs": costs_of(finished, finished.study(), "tsn", None) | {"optim.batch_size": 99},
    }
    finished.report_path("measure.tsn-baseline").write_text(json.dumps(cost))
    page = open_page("train", finished, **NEW, train_network="tsn", train_recipe="labelled clips alone")
    assert not page.exception
    assert "**≈ 1 h**" in said(page)  # 3 updates of 20 minutes
    assert "**2 GiB**" in said(page)
    assert "waiting for data" in said(page)
    assert "optim\\.batch\\_size was 99, is 4" in said(page)
    assert page.button(key="train_measure").label == "Measure again"


def test_train__runs_are_listed_with_their_results(open_page: OpenPage, finished: Workspace):
    page = open_page("train", finished)
    assert not page.exception
    rows = {row["run"]: row for row in page.dataframe[0].value.to_dict("records")}
    assert rows["slowonly-unfiltered"]["state"] == "done"
    assert 0 <= rows["slowonly-unfiltered"]["top1"] <= 100
    assert len(page.get("plotly_chart")) == 4


def test_train__links_lay_runs_over_each_other(open_page: OpenPage, finished: Workspace):
    page = open_page("train", finished, train_runs=["slowonly-unfiltered", "slowonly-baseline"], train_smooth="None")
    assert not page.exception
    assert page.multiselect(key="train_runs").value == ["slowonly-unfiltered", "slowonly-baseline"]
    assert {button.key for button in page.button} >= {
        "train_clone_slowonly-unfiltered",
        "train_clone_slowonly-baseline",
    }


def test_train__a_link_to_a_run_that_is_gone(open_page: OpenPage, finished: Workspace):
    page = open_page("train", finished, train_runs=["nothing"])
    assert not page.exception


@pytest.fixture
def running(finished: Workspace) -> Iterator[Path]:
    """A run that something else trains."""
    folder = finished.run("tsn-baseline")
    state = json.loads((folder / "state.json").read_text()) | {"state": "running", "update": 1}
    (folder / "state.json").write_text(json.dumps(state))
    with sole_writer(folder, what="run"):
        yield folder


def test_train__a_run_of_a_terminal_appears_and_can_be_stopped(open_page: OpenPage, finished: Workspace, running: Path):
    page = open_page("train", finished)
    assert not page.exception
    assert "started in a terminal" in said(page)
    page = page.button(key="jobs_elsewhere_tsn-baseline").click().run()
    assert not page.exception
    assert (running / "STOP").exists()
    assert page.button(key="train_stop_run_tsn-baseline").disabled  # it saves itself now


def test_train__an_interrupted_run_goes_on(open_page: OpenPage, finished: Workspace, started: list):
    state = finished.run("tsn-baseline") / "state.json"
    state.write_text(json.dumps(json.loads(state.read_text()) | {"state": "running"}))
    page = open_page("train", finished, train_runs=["tsn-baseline"])
    assert not page.exception
    page.button(key="train_resume_tsn-baseline").click().run()
    assert started == [(finished.root, ["teach", "-w", str(finished.root), "--network", "tsn"])]


def test_train__a_clone_is_in_the_form(open_page: OpenPage, finished: Workspace):
    page = open_page("train", finished, train_runs=["slowonly-omnisource"])
    page = page.button(key="train_clone_slowonly-omnisource").click().run()
    assert not page.exception
    assert page.session_state["train_view"] == "New run"
    assert page.selectbox(key="train_network").value == "slowonly"
    assert page.selectbox(key="train_recipe").value == "omnisource"


def test_train__hostile_paths_are_shown_as_text(open_page: OpenPage, finished: Workspace):
    line = {"update": 1, "source": "target", "path": "/t/<script>*x*.mp4", "reason": "bad_frame", "detail": "<b>**x**"}
    (finished.run("tsn-baseline") / "dropped.jsonl").write_text(json.dumps(line) + "\n")
    page = open_page("train", finished, train_runs=["tsn-baseline"])
    page.session_state["train_dropped_tsn-baseline"] = True
    page = page.run()
    assert not page.exception
    assert "<b>" not in said(page).replace("\\<b\\>", "")
    assert any(text.value == "/t/<script>*x*.mp4" for text in page.text)


def test_train__a_workspace_that_breaks_while_open(open_page: OpenPage, finished: Workspace):
    page = open_page("train", finished, **NEW)
    finished.study_path.write_text("seed: [")
    page = page.run()
    assert not page.exception
    assert "is not YAML" in said(page)
