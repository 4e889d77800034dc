"""How far a workspace is, what is next, and what its stages say of themselves."""

import json
import shutil
from dataclasses import asdict
from pathlib import Path

import pytest

from omnisource import config
from omnisource.evaluate.metrics import Metrics
from omnisource.pipeline import collecting, progress, queries
from omnisource.workspace import Workspace
from tests import web_tables, workspaces


def test_networks_to_teach__teachers_and_the_students_baseline_once(fresh: Workspace):
    assert progress.networks_to_teach(fresh) == ["tsn", "slowonly"]
    workspaces.change(fresh, "student=tsn", "teachers={flat: {networks: [tsn], formats: [image]}}")
    assert progress.networks_to_teach(fresh) == ["tsn"]


def next_of(workspace: Workspace) -> str:
    return progress.status(workspace)["next"]


def test_status__what_is_next_before_the_networks(fresh: Workspace):
    sources = fresh.study().sources
    config.save(fresh.study().model_copy(update={"sources": ()}), fresh.study_path)
    assert next_of(fresh) == "omnisource run --to target"
    collecting.collect_target(fresh)
    assert next_of(fresh) == "omnisource add FOLDER --name NAME --format image|trimmed|untrimmed"
    config.save(fresh.study().model_copy(update={"sources": sources}), fresh.study_path)
    assert next_of(fresh) == "omnisource run --from add --to add"
    collecting.add(fresh)
    assert next_of(fresh) == "omnisource check"
    collecting.check(fresh)
    assert next_of(fresh) == "omnisource teach"


def test_status__what_is_next_of_a_search(fresh: Workspace, tmp_path: Path):
    collecting.collect_target(fresh)
    values = config.parse(config.SourceConfig, web_tables.SEARCHED, where="test")
    config.save_study(fresh.study().model_copy(update={"sources": (values,)}), fresh.study_path)
    assert next_of(fresh) == "omnisource queries"
    revision = queries.propose_queries(fresh)
    assert next_of(fresh) == "omnisource queries --accept"
    assert progress.next_step(fresh).is_question  # a person has to look at them
    queries.accept(fresh, revision.number)
    assert next_of(fresh) == "omnisource collect --only search"
    for class_index, name in enumerate(fresh.taxonomy().names):
        web_tables.ask(fresh, name.replace("_", " "), class_index=class_index)
    web_tables.find(fresh, "http://a.example/1.jpg")
    version = progress.progress_version(fresh)
    assert next_of(fresh) == "omnisource collect --only fetch"
    web_tables.attempt(fresh, "http://a.example/1.jpg", "not_found")
    assert progress.progress_version(fresh) != version
    told = progress.status(fresh)
    assert told["next"] == "omnisource teach"  # nothing was got, so nothing is to be checked
    assert (told["cells"], told["candidates"], told["fetched"]) == (3, 1, {"not_found": 1})


def forget_scores(workspace: Workspace) -> None:
    workspace.table("scores/deep").clear()


@pytest.mark.parametrize(
    ("undo", "command"),
    [
        (lambda workspace: shutil.rmtree(workspace.run("tsn-baseline")), "omnisource teach"),
        (forget_scores, "omnisource score"),
        (lambda workspace: workspace.motion_path.unlink(), "omnisource motion"),
        (lambda workspace: shutil.rmtree(workspace.auxiliary("omnisource")), "omnisource label"),
        (lambda workspace: None, "omnisource train"),
    ],
)
def test_status__the_first_stage_that_is_not_finished_is_next(labelled: Workspace, undo, command: str):
    undo(labelled)
    assert next_of(labelled) == command


def test_status__motion_is_not_next_where_no_picture_moves(labelled: Workspace):
    labelled.motion_path.unlink()
    workspaces.change(labelled, "student=tsn")
    assert next_of(labelled) == "omnisource train"


def write_state(workspace: Workspace, run: str, state: str) -> None:
    workspace.run(run).mkdir(exist_ok=True)
    (workspace.run(run) / "state.json").write_text(json.dumps({"state": state}))


def write_metrics(workspace: Workspace, run: str) -> None:
    measured = Metrics(
        top1=0.5, top1_low=0.4, top1_high=0.6, top5=1.0, mean_class_accuracy=0.5, mean_ap=0.5, num_examples=12
    )
    (workspace.run(run) / "metrics.json").write_text(json.dumps({"settings": {}, "metrics": asdict(measured)}))


def test_status__what_is_next_after_the_labels(labelled: Workspace):
    write_state(labelled, "slowonly-unfiltered", "done")
    write_state(labelled, "slowonly-omnisource", "stopped")
    assert next_of(labelled) == "omnisource train"
    write_state(labelled, "slowonly-omnisource", "done")
    assert next_of(labelled) == "omnisource evaluate"
    for run in labelled.runs():
        write_metrics(labelled, run)
    assert next_of(labelled) == "omnisource compare slowonly-baseline slowonly-unfiltered"


def test_status__is_json_with_a_number_per_stage(labelled: Workspace):
    found = json.loads(json.dumps(progress.status(labelled)))
    assert (found["target"], found["items"], found["checked"]) == (24, 23, 23)
    assert found["dropped"] == {"empty_file": 1, "not_media": 1}
    assert found["taught"] == {"tsn": "done", "slowonly": "done"}
    assert found["scored"] == {"flat": 18, "deep": 24}
    assert found["camera_motion"] is True
    assert [step["source"] for step in found["recipes"]["unfiltered"]] == ["web_clip", "web_image", "web_video"]
    assert (found["runs"], found["results"]) == ({"slowonly-baseline": "done", "tsn-baseline": "done"}, {})


def test_status__counts_a_recipe_that_only_has_a_file(labelled: Workspace):
    config.save(config.Recipe(), labelled.root / "recipes" / "mine.yaml")
    found = progress.status(labelled)
    assert found["recipes"]["mine"] == []
    assert found["next"] == "omnisource label"


def test_status__of_a_workspace_with_nothing(tmp_path: Path):
    found = progress.status(Workspace.create(tmp_path / "w", config.Study()))
    assert (found["target"], found["runs"], found["taught"]) == (0, {}, {"tsn": "new"})


def test_next_step__is_a_command_from_anywhere(fresh: Workspace):
    step = progress.next_step(fresh)
    assert (step.stage, step.needs_device, step.is_question, step.is_pending) == ("target", False, False, True)
    assert step.arguments_for(fresh) == ["run", "--to", "target", "-w", str(fresh.root)]


def test_next_step__asks_for_web_data(fresh: Workspace):
    collecting.collect_target(fresh)
    config.save(fresh.study().model_copy(update={"sources": ()}), fresh.study_path)
    assert progress.next_step(fresh).is_question


def test_next_step__says_that_nothing_is_left(labelled: Workspace):
    for recipe in labelled.recipes():
        write_state(labelled, f"slowonly-{recipe}", "done")
    for run in labelled.runs():
        write_metrics(labelled, run)
    step = progress.next_step(labelled)
    assert (step.stage, step.is_pending) == ("compare", False)


def test_progress_version__changes_with_what_a_stage_writes(labelled: Workspace):
    before = progress.progress_version(labelled)
    assert progress.progress_version(labelled) == before
    write_state(labelled, "slowonly-unfiltered", "stopped")
    stopped = progress.progress_version(labelled)
    assert stopped != before
    write_state(labelled, "slowonly-unfiltered", "done")
    assert progress.progress_version(labelled) not in (before, stopped)
