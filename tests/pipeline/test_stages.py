"""The stages in their order."""

import shutil
from dataclasses import replace

import pytest

from omnisource import config
from omnisource.errors import ConfigError
from omnisource.pipeline import progress, stages
from omnisource.workspace import Workspace
from tests import workspaces

OPTIONS = stages.Options(recipes=("unfiltered", "omnisource"), progress=False)


def next_of(workspace: Workspace) -> str:
    return progress.status(workspace)["next"]


def said(workspace: Workspace, start: str, stop: str) -> list[str]:
    lines: list[str] = []
    stages.run(workspace, OPTIONS, lines.append, start=start, stop=stop)
    return lines


def test_run__says_what_each_stage_did_in_order(fresh: Workspace):
    assert said(fresh, "target", "check") == [
        "target: 24 labelled clips in 3 classes",
        "search: not needed; no source is searched",
        "fetch: not needed; no source is searched",
        "add: new items: web_image 13, web_clip 7, web_video 3; 23 in all",
        "check: 21 items are fine; dropped: empty_file 1, not_media 1",
    ]


def test_run__one_stage_alone(labelled: Workspace):
    assert said(labelled, "score", "score") == [
        "score: teacher flat has scored 18 segments",
        "score: teacher deep has scored 24 segments",
    ]


def test_run__from_the_students_to_the_comparison(labelled: Workspace):
    workspaces.change(labelled, "student=tsn")  # the faster one
    lines = said(labelled, "train", "compare")
    assert [line.split(": ")[0] for line in lines] == ["train"] * 2 + ["evaluate"] * 4 + ["compare"] * 2
    assert lines[0] == "train: tsn-unfiltered done"
    assert lines[-1].startswith("compare: tsn-omnisource against tsn-baseline: top-1 ")


def test_run__another_procedure_ends_with_its_own_comparison(labelled: Workspace):
    workspaces.change(labelled, "student=tsn")
    options = replace(OPTIONS, recipes=("unfiltered",), procedure="pretrain_finetune")
    lines: list[str] = []
    stages.run(labelled, options, lines.append, start="train")
    assert lines[:2] == ["train: tsn-unfiltered.pretrain done", "train: tsn-unfiltered.finetune done"]
    assert lines[-1].startswith("compare: tsn-unfiltered.finetune against tsn-baseline: top-1 ")


def test_run__a_procedure_that_is_asked_to_stop_ends_it(labelled: Workspace):
    workspaces.change(labelled, "student=tsn")
    labelled.run("tsn-unfiltered.pretrain").mkdir()
    (labelled.run("tsn-unfiltered.pretrain") / "STOP").touch()
    options = replace(OPTIONS, procedure="pretrain_finetune")
    lines: list[str] = []
    assert stages.run(labelled, options, lines.append, start="train") == "stopped"
    assert lines == ["train: tsn-unfiltered.pretrain stopped"]
    assert next_of(labelled) == "omnisource train --procedure pretrain_finetune -r unfiltered"


def test_run__motion_is_left_out_where_no_picture_moves(labelled: Workspace):
    workspaces.change(labelled, "student=tsn")
    labelled.motion_path.unlink()
    assert said(labelled, "motion", "motion") == ["motion: not needed; no picture becomes a moving clip here"]
    assert not labelled.motion_path.exists()


def test_run__flow_is_measured_only_where_a_network_sees_it(labelled: Workspace):
    assert said(labelled, "flow", "flow") == ["flow: not needed; no network sees optical flow"]
    workspaces.change(labelled, "flow.short_side_px=40", "flow.workers=0", "networks.tsn.model.format=flow")
    assert next_of(labelled) == "omnisource flow"
    # 24 labelled clips, 6 web clips that decode, 3 long videos
    assert said(labelled, "flow", "flow") == ["flow: 33 new videos, 33 in all"]
    assert next_of(labelled) != "omnisource flow"


def test_run__without_sources(fresh: Workspace):
    config.save(fresh.study().model_copy(update={"sources": ()}), fresh.study_path)
    assert said(fresh, "target", "check")[1:] == [
        "search: not needed; no source is searched",
        "fetch: not needed; no source is searched",
        "add: new items: no folders; 0 in all",
        "check: 0 items are fine; dropped: none",
    ]


@pytest.mark.parametrize(("run", "stage"), [("tsn-baseline", "teach"), ("slowonly-unfiltered", "train")])
def test_run__a_training_that_is_asked_to_stop_ends_it(labelled: Workspace, run: str, stage: str):
    shutil.rmtree(labelled.run(run), ignore_errors=True)
    labelled.run(run).mkdir()
    (labelled.run(run) / "STOP").touch()
    lines: list[str] = []
    assert stages.run(labelled, OPTIONS, lines.append, start=stage) == "stopped"
    assert lines == [f"{stage}: {run} stopped"]


def test_run__says_that_it_is_done(labelled: Workspace):
    assert stages.run(labelled, OPTIONS, lambda _: None, start="score", stop="label") == "done"


@pytest.mark.parametrize(("start", "stop"), [("tech", "train"), ("target", "tech")])
def test_run__an_unknown_stage(fresh: Workspace, start: str, stop: str):
    with pytest.raises(
        ConfigError, match="no stage 'tech'; stages: target, search, fetch, add, check, flow, teach, score"
    ):
        stages.run(fresh, OPTIONS, print, start=start, stop=stop)


def test_run__stages_the_wrong_way_round(fresh: Workspace):
    with pytest.raises(
        ConfigError, match="--from label comes after --to check; the order is: target, search, fetch, add"
    ):
        stages.run(fresh, OPTIONS, print, start="label", stop="check")


IMAGENET = "features.backbone=resnet18", "features.pretrained=imagenet", "features.stage=4", "features.grid=1"


def test_run__without_weights_the_duplicates_are_left_to_do(labelled: Workspace, no_weights: None):
    before = labelled.table("similar").num_rows()
    workspaces.change(labelled, "features.run=null", *IMAGENET)
    left_out, *labels = said(labelled, "similar", "label")
    assert left_out.startswith("similar: LEFT OUT, copies of labelled clips stay in the web data: https://")
    assert "set features.pretrained to a file of weights or to none, or features.run to a trained run" in left_out
    assert labels[-1] == (
        "label: not every web item was compared, so copies of labelled clips may be among the examples; "
        "`omnisource duplicates` compares them, then label again"
    )
    assert next_of(labelled) == "omnisource duplicates"
    assert labelled.table("similar").num_rows() == before


def test_run__a_redo_without_weights_keeps_what_was_measured(labelled: Workspace, no_weights: None):
    before = labelled.table("similar").num_rows()
    workspaces.change(labelled, "features.run=null", *IMAGENET)
    lines: list[str] = []
    stages.run(labelled, replace(OPTIONS, redo=True), lines.append, start="similar", stop="similar")
    assert lines[0].startswith("similar: LEFT OUT")
    assert labelled.table("similar").num_rows() == before


def test_run__near_copies_within_the_web_data_are_left_out_where_a_recipe_says_so(labelled: Workspace):
    workspaces.change(labelled, "recipes.unfiltered.web_copies=leave_out")
    lines = said(labelled, "similar", "label")
    assert lines[1].endswith(" of 21 items are near copies of better ones within the web data")
    assert any(line.endswith(" near copies of used items are left out") for line in lines)
