"""Embeddings from our features, an index and a map over them."""

import fiftyone as fo
import numpy as np
import pytest
from fiftyone import ViewField as F

from omnisource.catalog import Catalog
from omnisource.fiftyone_io.vectors import FIELD, INDEX, MAP, push_vectors
from omnisource.pipeline.similar_state import WHITENING
from omnisource.workspace import Workspace
from tests.fiftyone_world import add_features
from tests.workspaces import key


@pytest.fixture
def workspace(pushed: Workspace) -> Workspace:
    """All of it was pushed."""
    return pushed


@pytest.fixture
def images(workspace: Workspace) -> fo.Dataset:
    return fo.load_dataset("w-images")


def test_push_vectors__nothing_before_the_features_stage(workspace: Workspace, images: fo.Dataset):
    assert push_vectors(Catalog(workspace), images) == 0
    assert not images.has_sample_field(FIELD)


def test_push_vectors__neighbours_are_found(workspace: Workspace, images: fo.Dataset):
    add_features(workspace, (0, 1, 2, 3, 4))  # item n points to n x 10 degrees
    assert push_vectors(Catalog(workspace), images) == 5
    vector = images.match(F("item_key") == key(3).hex()).first()[FIELD]
    assert vector == pytest.approx([np.cos(np.pi / 6), 0.5, 0, 0], abs=1e-3)
    like = images.sort_by_similarity(images.match(F("item_key") == key(0).hex()).first().id, k=3, brain_key=INDEX)
    assert like.values("item_key") == [key(0).hex(), key(1).hex(), key(2).hex()]
    assert len(images.load_brain_results(MAP).points) == 5


def test_push_vectors__only_the_new_ones_and_the_index_follows(workspace: Workspace, images: fo.Dataset):
    add_features(workspace, (0, 1, 2, 3))
    catalog = Catalog(workspace)
    assert (push_vectors(catalog, images), push_vectors(catalog, images)) == (4, 0)
    assert images.list_brain_runs() == [INDEX]  # too few for a map
    add_features(workspace, (4,))
    assert push_vectors(catalog, images) == 1
    assert set(images.list_brain_runs()) == {INDEX, MAP}
    assert len(images.load_brain_results(INDEX).sample_ids) == 5


def test_push_vectors__whitened_as_suspects_are(workspace: Workspace, images: fo.Dataset):
    add_features(workspace, (0, 1))
    catalog = Catalog(workspace)
    push_vectors(catalog, images)
    path = workspace.table("similar").folder / WHITENING
    # keeps the second and the first direction, in that order, about a mean of (1, 0, 0, 0)
    projection = np.array([[0, 1], [1, 0], [0, 0], [0, 0]], np.float32)
    np.savez(path, mean=np.array([1, 0, 0, 0], np.float32), projection=projection, num=np.array(9))
    assert push_vectors(catalog, images) == 2  # another encoder: all of them anew
    x, y = np.cos(np.deg2rad(10)) - 1, np.sin(np.deg2rad(10))
    vector = images.match(F("item_key") == key(1).hex()).first()[FIELD]
    assert vector == pytest.approx(np.array([y, x]) / np.hypot(x, y), abs=5e-3)
