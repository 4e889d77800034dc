"""Operators, called as the App calls them but without a browser; then what OmniSource knows."""

import re

import fiftyone as fo
import fiftyone.operators as foo
import pytest
from fiftyone import ViewField as F

from omnisource.fiftyone_io.serving import install_plugin
from omnisource.fiftyone_plugin.operators import OPERATORS, Keep, Relabel
from omnisource.reviews import Reviews, Subject, Verdict
from omnisource.workspace import Workspace
from tests.fiftyone_world import GREEN
from tests.workspaces import key


@pytest.fixture(autouse=True)
def workspace(pushed: Workspace) -> Workspace:
    """All of it was pushed."""
    install_plugin()
    return pushed


def ids(name: str, *numbers: int) -> list[str]:
    return fo.load_dataset(name).match(F("item_key").is_in([key(number).hex() for number in numbers])).values("id")


def call(operator: str, dataset: str, **context: object) -> dict[str, object]:
    ctx = {"dataset": fo.load_dataset(dataset)} | context
    return foo.execute_operator(f"@omnisource/curation/{operator}", ctx=ctx).result


def said(workspace: Workspace) -> list[tuple[int, str, int | None]]:
    current = Reviews(workspace.reviews_path).current()
    return [(one.subject.key[0], str(one.verdict), one.class_index) for one in current]


def test_operators__all_are_there_and_are_named_in_the_yml():
    plugin = next(one for one in fo.plugins.list_plugins() if one.name == "@omnisource/curation")
    assert set(plugin.operators) == {operator.name for operator in OPERATORS} | {"confidence_threshold"}
    for operator in OPERATORS:
        assert foo.operator_exists(f"@omnisource/curation/{operator.name}")


@pytest.mark.parametrize(
    ("operator", "expected"),
    [("keep", None), ("drop", None), ("relevant", GREEN), ("irrelevant", GREEN)],
)
def test_verdicts__on_the_selection_and_sent(workspace: Workspace, operator: str, expected: int | None):
    told = call(operator, "w-images", selected=ids("w-images", 2))
    assert told == {"changed": 1}
    sent = call("send_decisions", "w-images")
    assert (sent["decided"], sent["undone"], sent["conflicts"]) == (1, 0, [])
    assert said(workspace) == [(2, operator, expected)]


def test_verdicts__on_the_sample_that_is_open(workspace: Workspace):
    assert call("drop", "w-images", current_sample=ids("w-images", 3)[0]) == {"changed": 1}
    assert fo.load_dataset("w-images").match_tags("drop").values("id") == ids("w-images", 3)


def test_verdicts__the_open_sample_before_the_selected_ones(workspace: Workspace):
    selected, shown = ids("w-images", 2)[0], ids("w-images", 3)[0]
    assert call("drop", "w-images", current_sample=shown, selected=[selected]) == {"changed": 1}
    assert fo.load_dataset("w-images").match_tags("drop").values("id") == [shown]


@pytest.mark.parametrize(
    ("operator", "dataset", "message"),
    [
        ("keep", "w-pairs", "'OmniSource: keep' is for items, and dataset 'w-pairs' holds pairs"),
        ("duplicate", "w-images", "'OmniSource: duplicate' is for pairs, and dataset 'w-images' holds items"),
        ("keep", "theirs", "dataset 'theirs' was not pushed by OmniSource; `omnisource fiftyone push`"),
    ],
)
def test_verdicts__on_a_dataset_that_they_are_not_for(operator: str, dataset: str, message: str):
    fo.load_dataset(dataset, create_if_necessary=True)
    with pytest.raises(Exception, match=re.escape(message)):
        call(operator, dataset)


def test_verdicts__nothing_is_selected():
    assert call("keep", "w-images") == {"changed": 0}


@pytest.mark.parametrize("operator", [Keep, Relabel])
def test_verdicts__clear_the_selection(operator: type[foo.Operator]):
    request = {"dataset_name": "w-images", "selected": ids("w-images", 2), "params": {"class_name": "red"}}
    ctx, told = foo.ExecutionContext(request_params=request), []
    ctx.trigger = lambda name, params=None: told.append(name)  # stands where the browser is
    assert operator().execute(ctx) == {"changed": 1}
    assert told[:3] == ["clear_selected_samples", "clear_selected_labels", "reload_dataset"]


def test_verdicts__on_selected_segments(workspace: Workspace):
    sample = fo.load_dataset("w-videos")[ids("w-videos", 7)[0]]
    label = {"sample_id": sample.id, "label_id": sample["segments"].detections[0].id, "field": "segments"}
    assert call("keep", "w-videos", selected_labels=[label]) == {"changed": 1}
    call("send_decisions", "w-videos")
    (review,) = Reviews(workspace.reviews_path).current()
    assert (review.subject.start_s, review.subject.end_s, review.made_in) == (0.0, 2.0, "fiftyone")


def test_verdicts__on_selected_clips(workspace: Workspace):
    clips = fo.load_dataset("w-videos").select(ids("w-videos", 7)).to_clips("segments")
    context = {"view": clips, "selected": clips.values("id")[1:2]}
    told = foo.execute_operator(
        "@omnisource/curation/relabel", ctx=context | {"params": {"class_name": "green"}}
    ).result
    assert told == {"changed": 1}
    call("send_decisions", "w-videos")
    (review,) = Reviews(workspace.reviews_path).current()
    assert (review.subject.start_s, review.verdict, review.class_index) == (2.0, Verdict.RELABEL, GREEN)


def test_relabel__the_selection(workspace: Workspace):
    call("relabel", "w-images", selected=ids("w-images", 3, 4), params={"class_name": "green"})
    call("send_decisions", "w-images")
    assert said(workspace) == [(4, "relabel", GREEN)]  # 3 was green already


@pytest.mark.parametrize("operator", ["duplicate", "not_duplicate"])
def test_pairs__in_the_modal(workspace: Workspace, operator: str):
    target = fo.load_dataset("w-pairs").select_group_slices("target").match(F("item_key") == key(0).hex()).first()
    assert call(operator, "w-pairs", current_sample=target.id) == {"changed": 1}
    call("send_decisions", "w-pairs")
    assert said(workspace) == [(0, operator, None)]


def test_send_decisions__tells_conflicts(workspace: Workspace):
    call("drop", "w-images", selected=ids("w-images", 3))
    Reviews(workspace.reviews_path).decide(Subject(key=key(3)), Verdict.KEEP, made_in="app", author="ann")
    sent = call("send_decisions", "w-images")
    assert (sent["decided"], sent["conflicts"][0]["in_omnisource"]) == (0, "keep")


@pytest.mark.parametrize(
    ("dataset", "page"), [("w-images", "browse"), ("w-videos", "browse"), ("w-pairs", "duplicates")]
)
def test_open_in_omnisource__a_link_to_the_item(workspace: Workspace, dataset: str, page: str):
    first = fo.load_dataset(dataset).first()
    url = call("open_in_omnisource", dataset, selected=[first.id])["url"]
    assert url.startswith(f"http://127.0.0.1:8501/{page}?workspace=%2F") and url.endswith(f"item={first['item_key']}")
    assert "item=" not in call("open_in_omnisource", dataset)["url"]


def test_placements__only_where_they_make_sense():
    placed = {
        operator.name: {name for name in ("w-images", "w-pairs", "theirs") if _is_placed(operator, name)}
        for operator in OPERATORS
    }
    assert placed["keep"] == {"w-images"} and placed["not_duplicate"] == {"w-pairs"}
    assert placed["send_decisions"] == {"w-images", "w-pairs"}


def _is_placed(operator: type[foo.Operator], name: str) -> bool:
    dataset = fo.load_dataset(name) if fo.dataset_exists(name) else fo.Dataset(name)
    context = foo.ExecutionContext(request_params={"dataset_name": dataset.name})
    return operator().resolve_placement(context) is not None
