"""Datasets belong to a workspace, and look like the app."""

from pathlib import Path

import fiftyone as fo
import pymongo
import pytest

from omnisource.errors import OmniSourceError
from omnisource.fiftyone_io import datasets
from omnisource.palette import KEPT, SOURCES
from omnisource.types import Format
from omnisource.workspace import Workspace

pytestmark = pytest.mark.usefixtures("database")


def opened(workspace: Workspace, kind: str) -> fo.Dataset:
    return datasets.open_dataset(workspace, kind, app_url="http://app", teachers={"deep": "teacher_deep"})


def test_open_dataset__persistent_indexed_and_named_after_the_workspace(workspace: Workspace):
    images = opened(workspace, datasets.IMAGES)
    assert (images.name, images.media_type, images.persistent) == ("w-images", "image", True)
    assert {"item_key", "teacher.label", "teacher.confidence", "stage"} <= set(images.list_indexes())
    assert images.get_field("teacher_deep").document_type is fo.Classification
    assert datasets.owned(images) == datasets.Owned(
        workspace=str(workspace.root), names=("red", "green", "blue"), app_url="http://app"
    )


def test_open_dataset__again_changes_nothing(workspace: Workspace):
    schema = opened(workspace, datasets.VIDEOS).get_field_schema(flat=True)
    again = opened(workspace, datasets.VIDEOS)
    assert list(again.get_field_schema(flat=True)) == list(schema)
    assert again.get_field("segments").document_type is fo.TemporalDetections


def test_open_dataset__pairs_are_groups(workspace: Workspace):
    pairs = opened(workspace, datasets.PAIRS)
    assert (pairs.media_type, pairs.group_field, pairs.default_group_slice) == ("group", "pair", "web")
    assert pairs.group_slices == ["web", "target"]


def test_open_dataset__the_colours_of_the_app(workspace: Workspace):
    scheme = opened(workspace, datasets.IMAGES).app_config.color_scheme
    by_path = {field["path"]: field["valueColors"] for field in scheme.fields}
    assert {"value": "web_image", "color": SOURCES[0]} in by_path["source"]
    assert {"value": "keep", "color": KEPT} in by_path["tags"]


def test_dataset_names__another_workspace_of_the_same_name(workspace: Workspace, tmp_path: Path):
    opened(workspace, datasets.IMAGES)
    (tmp_path / "other").mkdir()
    other = Workspace.create(tmp_path / "other" / "w", workspace.study())
    names = datasets.dataset_names(other)
    assert names[datasets.IMAGES].startswith("w-") and names[datasets.IMAGES] != "w-images"
    assert datasets.dataset_names(workspace)[datasets.IMAGES] == "w-images"


def test_find_datasets__those_that_were_pushed(workspace: Workspace):
    assert datasets.find_datasets(workspace) == {}
    videos = opened(workspace, datasets.VIDEOS)
    assert datasets.find_datasets(workspace) == {"videos": videos}


def test_set_all__each_field_of_each_sample():
    theirs = fo.Dataset("theirs")
    one, other = theirs.add_samples([fo.Sample(filepath=f"/{name}.png") for name in "ab"])
    datasets.set_all(theirs, {one: {"source": "web", "tags": ["x"]}, other: {"source": "own"}})
    assert theirs.values("source") == ["web", "own"] and theirs.values("tags") == [["x"], []]


def test_owned__a_dataset_of_somebody_else():
    with pytest.raises(OmniSourceError, match="dataset 'theirs' was not pushed by OmniSource"):
        datasets.owned(fo.Dataset("theirs"))


def test_list_datasets__no_database_answers(monkeypatch: pytest.MonkeyPatch):
    nobody = pymongo.MongoClient("mongodb://127.0.0.1:1", serverSelectionTimeoutMS=50)
    monkeypatch.setattr(fo.core.odm.database, "_client", nobody)
    message = r"FiftyOne's database does not answer \(.*127.0.0.1:1.*\); `omnisource doctor` looks at mongod"
    with pytest.raises(OmniSourceError, match=message):
        datasets.list_datasets()


def test_teacher_fields__no_two_alike():
    assert datasets.teacher_fields(["tsn", "TSN", "slow-only 8x8"]) == {
        "tsn": "teacher_tsn",
        "TSN": "teacher_tsn_",
        "slow-only 8x8": "teacher_slow_only_8x8",
    }


@pytest.mark.parametrize(
    ("item_format", "kind"),
    [(Format.IMAGE, "images"), (Format.TRIMMED, "videos"), (Format.UNTRIMMED, "videos")],
)
def test_kind_of__by_format(item_format: Format, kind: str):
    assert datasets.kind_of(item_format) == kind
