"""Pushing to a real FiftyOne: what is new, what changed, and nothing else."""

import json

import fiftyone as fo
import pytest

from omnisource import config
from omnisource.errors import WorkspaceError, WriterBusyError
from omnisource.fiftyone_io.pushing import push, push_again
from omnisource.fiftyone_io.ready import FOLDER, pushed_before
from omnisource.filters import Filters, Stage
from omnisource.pipeline.recipes import label
from omnisource.reviews import Reviews, Subject, Verdict
from omnisource.tables import sole_writer
from omnisource.types import Format
from omnisource.workspace import Workspace
from tests.fiftyone_world import add_features
from tests.workspaces import key

pytestmark = pytest.mark.usefixtures("database")


def sample(name: str, number: int) -> fo.Sample:
    return fo.load_dataset(name).one(fo.ViewField("item_key") == key(number).hex())


def rewrite_items(workspace: Workspace, *, without: int) -> None:
    items = workspace.table("items")
    rows = [row for row in items.read().to_pylist() if row["key"] != key(without)]
    items.clear()
    with items.writer(rows_per_part=100) as writer:
        writer.add(rows)


def test_push__everything_the_first_time(workspace: Workspace):
    told = push(workspace)
    assert (told.recipe, told.passing, told.added, told.pairs) == ("omnisource", 8, 8, 2)
    assert told.datasets == {"w-images": 6, "w-videos": 2, "w-pairs": 2}
    shown = sample("w-images", 2)
    assert (shown["teacher"].label, shown["teacher"].confidence) == ("green", pytest.approx(0.6))
    assert (shown["stage"], shown["agrees"], shown["source"]) == ("kept", False, "web_image")
    assert sample("w-images", 0)["suspect"] and sample("w-images", 5)["reason"] == "not_media"


def test_push__twice_changes_nothing(pushed: Workspace):
    before = fo.load_dataset("w-images").values("last_modified_at")
    told = push(pushed)
    assert (told.added, told.updated, told.unchanged, told.pairs, told.removed) == (0, 0, 8, 0, 0)
    assert fo.load_dataset("w-images").values("last_modified_at") == before


def test_push__a_decision_of_the_app_is_shown(pushed: Workspace):
    reviews = Reviews(pushed.reviews_path)
    made = reviews.decide(Subject(key=key(3)), Verdict.KEEP, made_in="app", author="ann")
    told = push(pushed)
    shown = sample("w-images", 3)
    assert (told.updated, shown.tags, shown["overruled"]) == (1, ["keep"], True)
    assert (shown["decided"].verdict, shown["decided"].by) == ("keep", "ann")
    reviews.undo(made, made_in="app")
    assert push(pushed).updated == 1
    assert (sample("w-images", 3).tags, sample("w-images", 3)["decided"]) == ([], None)


def test_push__changed_facts_are_updated(pushed: Workspace):
    config.save(config.override(pushed.study(), ["recipes.omnisource.confidence=0.65"]), pushed.study_path)
    label(pushed, "omnisource")
    told = push(pushed)
    assert (told.added, told.updated, told.unchanged) == (0, 7, 1)  # the line moved for all that were scored
    assert (sample("w-images", 2)["stage"], sample("w-videos", 6)["stage"]) == ("left_out", "kept")


def test_push__edits_that_were_not_pulled_are_counted(pushed: Workspace):
    fo.load_dataset("w-images").match_tags("keep", bool=False).limit(2).tag_samples("keep")
    fo.load_dataset("w-pairs").limit(1).tag_samples("duplicate")
    video = fo.load_dataset("w-videos").match(fo.ViewField("format") == "untrimmed").first()
    video["segments"].detections[0].tags.append("drop")
    video.save()
    told = push(pushed)
    assert (told.unpulled, told.updated, told.pairs) == (4, 0, 0)  # two pictures, a pair, and a video by its segment


def test_push__limit_and_filters(workspace: Workspace):
    told = push(workspace, filters=Filters(stage=Stage.KEPT, recipe="omnisource"), limit=2)
    assert (told.passing, told.limit, told.added) == (3, 2, 2)  # 2, 6 and 7 are kept, by two teachers
    assert (told.datasets["w-images"], told.datasets["w-videos"]) == (1, 1)
    assert push(workspace, filters=Filters(formats=(Format.IMAGE,))).added == 5


def test_push__a_filter_of_one_teacher(workspace: Workspace):
    assert push(workspace, filters=Filters(teacher="deep", confidence=(0.85, 1.0))).passing == 1  # only the video


def test_push_again__as_before(workspace: Workspace):
    push(workspace, filters=Filters(query_class=0), app_url="http://127.0.0.1:9")
    before = pushed_before(workspace)
    assert (before.where, before.app_url) == (("stage=found", "query=red"), "http://127.0.0.1:9")
    told = push_again(workspace)
    assert (told.added, told.passing) == (0, 6)
    assert pushed_before(workspace).app_url == "http://127.0.0.1:9"


def test_push_again__everything_if_it_is_the_first(workspace: Workspace):
    assert push_again(workspace).added == 8


def test_push__what_the_workspace_no_longer_holds_is_removed(pushed: Workspace):
    rewrite_items(pushed, without=2)
    told = push(pushed)
    assert (told.removed, told.datasets["w-images"], told.datasets["w-pairs"]) == (1, 5, 2)


def test_push__a_pair_goes_with_its_item(pushed: Workspace):
    rewrite_items(pushed, without=0)
    told = push(pushed)
    assert (told.removed, told.datasets["w-images"], told.datasets["w-pairs"]) == (2, 5, 1)
    assert fo.load_dataset("w-pairs").distinct("item_key") == [key(1).hex()]


def test_push__with_embeddings(pushed: Workspace):
    add_features(pushed, (0, 1, 2, 3, 4))
    assert push(pushed).vectors == 5
    assert push(pushed).vectors == 0


def test_push__views_are_saved(pushed: Workspace):
    assert {"suspects", "teacher-disagrees", "class: red"} <= set(fo.load_dataset("w-images").list_saved_views())


def test_push__tells_what_it_did_in_a_file(pushed: Workspace):
    told = json.loads((pushed.root / FOLDER / "pushed.json").read_text(encoding="utf-8"))
    assert (told["added"], told["limit"], told["left_out"]) == (8, 50_000, {})


def test_push__a_recipe_that_was_not_applied(workspace: Workspace):
    with pytest.raises(WorkspaceError, match="recipe 'unfiltered' has no examples yet"):
        push(workspace, recipe="unfiltered")


def test_push__one_at_a_time(workspace: Workspace):
    with sole_writer(workspace.root / FOLDER, what="x"), pytest.raises(WriterBusyError, match="the FiftyOne datasets"):
        push(workspace)
