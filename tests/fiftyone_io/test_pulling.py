"""Pulling from a real FiftyOne: only changes, nothing twice, conflicts told, undo across both."""

import fiftyone as fo
import pytest
from fiftyone import ViewField as F

from omnisource.browsing import Browsing
from omnisource.catalog import Catalog
from omnisource.errors import WorkspaceError
from omnisource.fiftyone_io.pulling import pull
from omnisource.fiftyone_io.pushing import push
from omnisource.filters import Filters, Order, Said
from omnisource.reviews import Review, Reviews, Subject, Verdict
from omnisource.workspace import Workspace
from tests.fiftyone_world import GREEN, RED
from tests.workspaces import key


@pytest.fixture
def workspace(pushed: Workspace) -> Workspace:
    """All of it was pushed."""
    return pushed


def of_item(name: str, number: int) -> fo.DatasetView:
    return fo.load_dataset(name).match(F("item_key") == key(number).hex())


def in_force(workspace: Workspace) -> list[tuple[int, str]]:
    return [(one.subject.key[0], str(one.verdict)) for one in Reviews(workspace.reviews_path).current()]


def only(workspace: Workspace) -> Review:
    (review,) = Reviews(workspace.reviews_path).current()
    return review


def test_pull__a_tag_becomes_a_decision_that_the_app_shows(workspace: Workspace):
    of_item("w-images", 3).tag_samples("keep")
    told = pull(workspace, author="bob")
    assert len(told.decided) == 1
    assert (only(workspace).made_in, only(workspace).author) == ("fiftyone", "bob")
    browsing = Browsing(Catalog(workspace))
    (item,) = browsing.page(Filters(said=Said.KEEP), Order(), offset=0, limit=10)
    assert (item.key, browsing.decisions([item])[item.key].verdict) == (key(3), Verdict.KEEP)


def test_pull__twice_adds_nothing(workspace: Workspace):
    of_item("w-images", 3).tag_samples("keep")
    of_item("w-videos", 6).tag_samples(["drop", "mine"])
    assert len(pull(workspace).decided) == 2
    again = pull(workspace)
    assert (again.decided, again.undone, again.known, again.conflicts) == ((), (), 0, ())
    assert of_item("w-videos", 6).first().tags == ["mine", "drop"]


def test_pull__undo_across_both(workspace: Workspace):
    reviews = Reviews(workspace.reviews_path)
    reviews.decide(Subject(key=key(2)), Verdict.DROP, made_in="app")
    push(workspace)
    assert of_item("w-images", 2).first().tags == ["drop"]
    of_item("w-images", 2).untag_samples("drop")  # undone in FiftyOne
    told = pull(workspace)
    assert (len(told.undone), in_force(workspace)) == (1, [])
    of_item("w-images", 2).tag_samples("keep")  # decided in FiftyOne
    (made,) = pull(workspace).decided
    reviews.undo(made, made_in="app")  # undone in the app
    push(workspace)
    assert (of_item("w-images", 2).first().tags, in_force(workspace)) == ([], [])


def test_pull__an_undoing_brings_back_the_decision_before(workspace: Workspace):
    reviews = Reviews(workspace.reviews_path)
    for verdict in (Verdict.KEEP, Verdict.DROP):
        reviews.decide(Subject(key=key(2)), verdict, made_in="app")
    push(workspace)
    of_item("w-images", 2).untag_samples("drop")
    pull(workspace)
    assert in_force(workspace) == [(2, "keep")]
    assert of_item("w-images", 2).first().tags == ["keep"]  # FiftyOne shows it at once


def test_pull__an_edited_label_is_a_relabelling(workspace: Workspace):
    sample = of_item("w-images", 4).first()
    sample["label"].label = "green"
    sample.save()
    pull(workspace)
    assert (only(workspace).verdict, only(workspace).class_index) == (Verdict.RELABEL, GREEN)
    sample.reload()
    sample["label"].label = "blue"  # the teacher's class again
    sample.save()
    assert len(pull(workspace).undone) == 1


def test_pull__a_class_that_is_none(workspace: Workspace):
    sample = of_item("w-images", 4).first()
    sample["label"].label = "gren"
    sample.save()
    told = pull(workspace)
    assert told.unclear == (f"{key(4).hex()}: unknown class 'gren'; did you mean 'green', 'red'?",)
    assert in_force(workspace) == [] and of_item("w-images", 4).first()["label"].label == "gren"


def test_pull__two_things_at_once(workspace: Workspace):
    of_item("w-images", 3).tag_samples(["keep", "drop"])
    assert pull(workspace).unclear == (f"{key(3).hex()}: tagged keep and drop at once; take one of them back",)


def test_pull__relevance_speaks_of_the_tested_class(workspace: Workspace):
    of_item("w-images", 2).tag_samples("irrelevant")
    pull(workspace)
    assert (only(workspace).verdict, only(workspace).class_index) == (Verdict.IRRELEVANT, GREEN)


@pytest.fixture
def quarrel(workspace: Workspace) -> Workspace:
    """FiftyOne drops what the app keeps since the push."""
    of_item("w-images", 3).tag_samples("drop")
    Reviews(workspace.reviews_path).decide(Subject(key=key(3)), Verdict.KEEP, made_in="app", author="ann")
    return workspace


def test_pull__a_conflict_is_told_and_nothing_is_recorded(quarrel: Workspace):
    (conflict,) = pull(quarrel).conflicts
    assert (conflict.subject.key, conflict.in_fiftyone, conflict.in_omnisource) == (key(3), "drop", "keep")
    assert conflict.author == "ann"
    assert in_force(quarrel) == [(3, "keep")] and of_item("w-images", 3).first().tags == ["drop"]
    assert len(pull(quarrel).conflicts) == 1  # until somebody settles it


def test_pull__prefer_settles_a_conflict(quarrel: Workspace):
    told = pull(quarrel, prefer="fiftyone")
    assert (len(told.decided), told.conflicts, in_force(quarrel)) == (1, (), [(3, "drop")])
    assert pull(quarrel).known == 0


def test_pull__prefer_omnisource_shows_its_decision(quarrel: Workspace):
    told = pull(quarrel, prefer="omnisource")
    assert (told.decided, told.conflicts, in_force(quarrel)) == ((), (), [(3, "keep")])
    assert of_item("w-images", 3).first().tags == ["keep"]


def test_pull__a_push_between_leaves_the_edit(quarrel: Workspace):
    assert push(quarrel).unpulled == 1
    assert of_item("w-images", 3).first().tags == ["drop"]
    assert len(pull(quarrel).conflicts) == 1


def test_pull__the_same_decision_on_both_sides_is_known(workspace: Workspace):
    of_item("w-images", 3).tag_samples("keep")
    Reviews(workspace.reviews_path).decide(Subject(key=key(3)), Verdict.KEEP, made_in="app")
    told = pull(workspace)
    assert (told.known, told.decided) == (1, ())
    assert pull(workspace).known == 0


def test_pull__segments_by_their_own_tags_and_labels(workspace: Workspace):
    videos = fo.load_dataset("w-videos")
    clips = videos.match(F("format") == "untrimmed").to_clips("segments")
    first = clips.first()
    first["segments"].tags.append("keep")
    first.save()
    third = list(clips)[2]
    third["segments"].label = "green"
    third.save()
    assert len(pull(workspace).decided) == 2
    said = {
        (r.subject.start_s, r.subject.end_s): (r.verdict, r.class_index)
        for r in Reviews(workspace.reviews_path).current()
    }
    assert said == {(0.0, 2.0): (Verdict.KEEP, None), (4.0, 6.0): (Verdict.RELABEL, GREEN)}
    assert pull(workspace).decided == ()


def test_pull__an_unsettled_segment_keeps_what_its_video_shows(workspace: Workspace):
    subject = Subject(key=key(7), start_s=0.0, end_s=2.0)
    Reviews(workspace.reviews_path).decide(subject, Verdict.KEEP, made_in="app")
    videos = fo.load_dataset("w-videos")
    sample = videos.match(F("format") == "untrimmed").first()
    sample["segments"].detections[0].tags.append("drop")
    sample["segments"].detections[1].tags.append("keep")
    sample.save()
    told = pull(workspace)
    assert (len(told.conflicts), len(told.decided)) == (1, 1)
    sample.reload()
    assert "drop" in sample["segments"].detections[0].tags
    assert (len(pull(workspace).conflicts), pull(workspace).known) == (1, 1)


def test_pull__verdicts_on_pairs(workspace: Workspace):
    pairs = fo.load_dataset("w-pairs")
    target = pairs.select_group_slices("target").match(F("item_key") == key(0).hex())
    target.tag_samples("not_duplicate")  # on either picture
    told = pull(workspace)
    assert (len(told.decided), only(workspace).verdict) == (1, Verdict.NOT_DUPLICATE)
    assert only(workspace).subject.target_path.endswith("a.mp4")
    web = pairs.match(F("item_key") == key(0).hex()).first()
    assert (web.tags, web["state"]) == (["not_duplicate"], "not_duplicate")
    assert target.first().tags == []  # the verdict lies on the web item
    pairs.match(F("item_key") == key(0).hex()).untag_samples("not_duplicate")
    assert (len(pull(workspace).undone), pull(workspace).undone) == (1, ())


def test_pull__nothing_was_pushed(workspace: Workspace):
    fo.delete_datasets("*")
    with pytest.raises(WorkspaceError, match="is in FiftyOne yet; `omnisource fiftyone push`"):
        pull(workspace)


def test_pull__relevance_of_a_segment(workspace: Workspace):
    sample = fo.load_dataset("w-videos").match(F("format") == "untrimmed").first()
    sample["segments"].detections[1].tags.append("relevant")
    sample.save()
    pull(workspace)
    assert (only(workspace).verdict, only(workspace).class_index, only(workspace).subject.start_s) == (
        Verdict.RELEVANT,
        RED,
        2.0,
    )
