"""Search by looks over features written by hand: exact, of any size, with the text side in a process of its own."""

import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

from omnisource import config
from omnisource.config import ClipConfig
from omnisource.errors import WorkspaceError
from omnisource.filters import Order, Sort
from omnisource.models import clip
from omnisource.pipeline import feature_search, zero_shot
from omnisource.pipeline.feature_search import Wanted, near, nearest
from omnisource.workspace import Workspace
from tests.feature_tables import add_features
from tests.tiny_clip import save_tiny_clip
from tests.workspaces import change, key

CLIP = "clip-tiny-laion2b_s34b_b79k"


@pytest.fixture
def searched(tmp_path: Path) -> Workspace:
    """Three pictures and a video of two frames, seen by a network of two numbers."""
    workspace = Workspace.create(tmp_path / "work", config.Study())
    rows = [{"key": key(n), "path": f"/web/{n}", "source": "web", "format": "image"} for n in range(1, 5)]
    with workspace.table("items").writer(rows_per_part=9) as writer:
        writer.add(rows)
    add_features(workspace, "net", {1: [[1.0, 0.0]], 2: [[0.8, 0.6]], 3: [[-1.0, 0.0]], 4: [[0.0, -1.0], [0.6, 0.8]]})
    return workspace


def test_nearest__to_an_item_is_by_cosine_without_itself(searched: Workspace):
    found = nearest(searched, Wanted(item=key(1)), limit=9)
    assert [(one.key, one.path) for one in found] == [(key(n), f"/web/{n}") for n in (2, 4, 3)]
    assert [one.similarity for one in found] == pytest.approx([0.8, 0.6, -1.0], abs=1e-3)


def test_nearest__a_video_counts_by_its_best_frame_and_says_when(searched: Workspace):
    found = {one.key: one for one in nearest(searched, Wanted(item=key(2)), limit=9)}
    assert found[key(4)].similarity == pytest.approx(0.8 * 0.6 + 0.6 * 0.8, abs=1e-3)  # not the 0.0, -1.0 before it
    assert found[key(4)].time_s == 1.0


def test_nearest__of_a_video_every_frame_asks(searched: Workspace):
    found = {one.key: one.similarity for one in nearest(searched, Wanted(item=key(4)), limit=9)}
    assert found[key(2)] == pytest.approx(0.96, abs=1e-3)  # by its second frame
    assert found[key(3)] == pytest.approx(0.0, abs=1e-3)  # by its first: -1, 0 and 0, -1


@pytest.mark.parametrize(("limit", "expected"), [(0, []), (1, [2]), (2, [2, 4])])
def test_nearest__as_many_as_asked_for(searched: Workspace, limit: int, expected: list[int]):
    assert [one.key for one in nearest(searched, Wanted(item=key(1)), limit=limit)] == [key(n) for n in expected]


def test_nearest__among_some(searched: Workspace):
    found = nearest(searched, Wanted(item=key(1)), limit=9, among=[key(3), key(4), key(9)])
    assert [one.key for one in found] == [key(4), key(3)]


def test_nearest__to_a_labelled_clip_leaves_its_crops_out(searched: Workspace):
    vectors = [[0.0, -1.0], [-1.0, 0.0]]
    add_features(searched, "net", {"/clips/a.mp4": vectors, "/clips/b.mp4": [[1.0, 0.0]]}, crops=(0, 1))
    assert nearest(searched, Wanted(clip="/clips/a.mp4"), limit=1)[0].key == key(4)  # the crop is like item 3


def test_near_clips__the_best_of_all_their_frames(searched: Workspace):
    add_features(searched, "net", {"/clips/a.mp4": [[1.0, 0.0]], "/clips/b.mp4": [[0.0, -1.0]]})
    assert feature_search.clips_encoder(searched) == "net"
    rows = feature_search.near_clips(searched, ["/clips/a.mp4", "/clips/b.mp4"]).to_pylist()
    found = {row["key"]: round(row["similarity"], 2) for row in rows}
    assert found == {key(1): 1.0, key(2): 0.8, key(3): 0.0, key(4): 1.0}


def test_near_clips__says_what_was_not_seen(searched: Workspace):
    assert feature_search.clips_encoder(searched) is None
    with pytest.raises(WorkspaceError, match="no network has seen both web data and labelled clips; `omnisource dup"):
        feature_search.near_clips(searched, ["/clips/a.mp4"])
    add_features(searched, "net", {"/clips/a.mp4": [[1.0, 0.0]]})
    with pytest.raises(WorkspaceError, match="net has seen none of these clips; `omnisource duplicates` measures"):
        feature_search.near_clips(searched, ["/clips/b.mp4"])


def test_near_order__only_the_order_by_likeness_needs_it(searched: Workspace):
    assert feature_search.near_order(searched, Order(sort=Sort.NEWEST)) is None
    assert feature_search.near_order(searched, Order(sort=Sort.SIMILAR, like=key(1).hex())).num_rows == 4
    with pytest.raises(WorkspaceError, match="'<b>' is no item; `omnisource items` lists their keys"):
        feature_search.near_order(searched, Order(sort=Sort.SIMILAR, like="<b>"))


def test_search_version__changes_with_new_features(searched: Workspace):
    before = feature_search.search_version(searched)
    add_features(searched, "net", {5: [[1.0, 0.0]]})
    assert feature_search.search_version(searched) != before


def test_near__tells_of_every_item_for_the_wall(searched: Workspace):
    rows = near(searched, Wanted(item=key(1))).to_pylist()
    assert {row["key"]: round(row["similarity"], 2) for row in rows} == {
        key(1): 1.0,
        key(2): 0.8,
        key(3): -1.0,
        key(4): 0.6,
    }


def test_nearest__new_features_count_at_once_and_old_matrices_go(searched: Workspace):
    nearest(searched, Wanted(item=key(1)), limit=1)
    add_features(searched, "net", {5: [[1.0, 0.0]]})
    assert nearest(searched, Wanted(item=key(1)), limit=1)[0].key == key(5)
    assert len(list((searched.root / "feature_search" / "net").glob("matrix-*"))) == 1


def test_nearest__agrees_with_a_plain_product_over_many_blocks(tmp_path: Path, rng: np.random.Generator):
    workspace = Workspace.create(tmp_path / "work", config.Study())
    vectors = rng.normal(size=(250, 3, 700)).astype(np.float32)  # a block holds 374 rows of 700
    vectors /= np.linalg.norm(vectors, axis=2, keepdims=True)
    add_features(workspace, "net", {n: vectors[n].tolist() for n in range(250)})
    stored = vectors.astype(np.float16).astype(np.float32)
    expected = (stored @ stored[7].T).max(axis=(1, 2))
    found = nearest(workspace, Wanted(item=key(7)), limit=249)
    assert [one.key[0] for one in found] == [n for n in np.argsort(-expected).tolist() if n != 7]
    np.testing.assert_allclose([one.similarity for one in found], np.sort(expected)[::-1][1:], atol=1e-5)


@pytest.mark.parametrize(
    ("wanted", "encoder", "said"),
    [
        ({"item": key(9)}, None, "item 0909.* has no features by net; `omnisource search-items --measure`"),
        ({"clip": "/clips/a.mp4"}, None, "labelled clip /clips/a.mp4 has no features by net; `omnisource duplicates`"),
        ({"item": key(1)}, "other", "no features of 'other' are there; known: net"),
        ({"text": "a dog"}, None, "words can be searched only where CLIP has seen the items: set features.clip"),
    ],
)
def test_nearest__says_what_is_missing(searched: Workspace, wanted: dict, encoder: str | None, said: str):
    with pytest.raises(WorkspaceError, match=said):
        nearest(searched, Wanted(**wanted), limit=1, encoder=encoder)


def test_nearest__without_any_features_it_says_how_they_come(tmp_path: Path):
    workspace = Workspace.create(tmp_path / "work", config.Study())
    with pytest.raises(WorkspaceError, match="no features of web items yet; `omnisource search-items --measure`"):
        nearest(workspace, Wanted(item=key(1)), limit=1)


def test_wanted__is_one_thing():
    for given in ({}, {"item": key(1), "text": "a dog"}):
        with pytest.raises(WorkspaceError, match="search for one thing: an item, a text, or a labelled clip"):
            Wanted(**given)


def test_as_asked__is_one_line_of_letters():
    assert feature_search.as_asked(" a\0dog\n  runs ") == "a dog runs"
    assert len(feature_search.as_asked("x" * 999)) == 300


@pytest.fixture
def worded(searched: Workspace) -> Workspace:
    """The same items, seen by a tiny CLIP: the vector of item n is that of its text."""
    save_tiny_clip(searched.root / "tiny")
    settings = ClipConfig(name="tiny")
    loaded = zero_shot.load_clip(searched, settings, torch.device("cpu"))
    vectors = clip.encode_texts(loaded, ["a dog", "a cat", "a car", "the sea"])
    made_with = {
        "clip": settings.model_dump(mode="json", include={"name", "pretrained"}),
        "weights": zero_shot.clip_weights(searched, settings),
    }
    add_features(searched, CLIP, {n: [vectors[n - 1].tolist()] for n in range(1, 5)}, settings=made_with)
    return searched


def test_nearest__to_words_asks_another_process_once(worded: Workspace):
    assert feature_search.knows_words(worded)
    first, second = nearest(worded, Wanted(text="a cat"), limit=2)
    assert (first.key, first.similarity) == (key(2), pytest.approx(1, abs=1e-2))
    assert second.similarity < 0.99
    (kept,) = (worded.root / "feature_search" / CLIP / "texts").glob("*.npy")
    written_ns = kept.stat().st_mtime_ns
    shutil.rmtree(worded.root / "tiny")  # another process would find no network
    assert nearest(worded, Wanted(text=" a  cat "), limit=1)[0].key == key(2)
    assert kept.stat().st_mtime_ns == written_ns


@pytest.mark.parametrize(("text", "number"), [("a dog", 1), ("a cat", 2), ("the sea", 4)])
def test_save_text_vector__is_what_words_are_searched_with(worded: Workspace, text: str, number: int):
    zero_shot.save_text_vector(worded, CLIP, text)
    first, second = nearest(worded, Wanted(text=text), limit=2)
    assert (first.key, first.similarity) == (key(number), pytest.approx(1, abs=1e-2))
    assert second.similarity < 0.99


def test_nearest__to_words_says_why_they_could_not_be_encoded(worded: Workspace, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PYTHONHOME", str(worded.root))  # no Python can begin there: it says "Fatal Python error: ..."
    with pytest.raises(WorkspaceError, match="the words could not be encoded: (?!.*error: ).+"):
        nearest(worded, Wanted(text="a dog"), limit=1)


def test_save_text_vector__refuses_a_network_that_was_changed_since(worded: Workspace):
    (worded.root / "tiny" / "open_clip_model.safetensors").write_bytes(b"other weights")
    with pytest.raises(WorkspaceError, match="table 'features/clip-tiny.* was made with weights = "):
        zero_shot.save_text_vector(worded, CLIP, "a dog")


def test_nearest__empty_words_are_refused(worded: Workspace):
    with pytest.raises(WorkspaceError, match="there are no words to search for; type some"):
        nearest(worded, Wanted(text=" \n"), limit=1)


def test_save_text_vector__another_network_knows_no_words(searched: Workspace):
    with pytest.raises(WorkspaceError, match="net knows no words; `--encoder` must name a CLIP network"):
        zero_shot.save_text_vector(searched, "net", "a dog")


def test_encoders__the_studys_own_comes_first(worded: Workspace):
    assert feature_search.encoders(worded) == [CLIP, "net"]
    change(worded, "features.backbone=net", "features.pretrained=none")
    add_features(worded, "net-none", {1: [[1.0, 0.0]]})
    assert feature_search.encoders(worded)[0] == "net-none"
