"""The plan: counts, noise, imbalance and spans are what the size says."""

from collections import Counter

import numpy as np
import pytest

from omnisource.demo.plan import BREAKAGES, Piece, WorldSize, plan_world, rng_of, truth_of
from omnisource.demo.scene import ACTS

SIZE = WorldSize()
PIECES = plan_world(0, SIZE)
TRUTH = truth_of(PIECES)


def _below(folder: str) -> list[Piece]:
    return [piece for piece in PIECES if piece.path.startswith(folder + "/")]


def test_plan_world__paths_are_unique() -> None:
    assert len({piece.path for piece in PIECES}) == len(PIECES)


def test_plan_world__is_repeatable() -> None:
    assert plan_world(0, SIZE) == PIECES


def test_plan_world__depends_on_the_seed() -> None:
    assert plan_world(1, SIZE) != PIECES


@pytest.mark.parametrize(("split", "num_clips"), [("train", SIZE.train_clips), ("val", SIZE.val_clips)])
def test_plan_world__target_classes_are_balanced(split: str, num_clips: int) -> None:
    counts = Counter(piece.path.split("/")[2] for piece in _below(f"target/{split}"))

    assert counts == {act.class_name: num_clips for act in ACTS}


def test_plan_world__web_clips_are_unbalanced() -> None:
    counts = Counter(p.path.split("/")[2] for p in _below("web/clip") if p.kind in ("clip", "other_clip"))

    assert (min(counts.values()), max(counts.values())) == (SIZE.fewest_clips, SIZE.most_clips)


def test_plan_world__half_of_the_images_are_noise() -> None:
    images = [item for item in TRUTH.under("web/image").items.values() if not item.broken and not item.copy_of]
    wrong = [item for item in images if item.class_name not in (None, item.query)]
    irrelevant = [item for item in images if item.class_name is None]

    # a mean share of 0.5, of that 0.6 of another class and 0.4 irrelevant
    assert len(wrong) / len(images) == pytest.approx(0.3, abs=0.01)
    assert len(irrelevant) / len(images) == pytest.approx(0.2, abs=0.01)


def test_plan_world__each_query_errs_mostly_to_one_class() -> None:
    wrong = Counter((i.query, i.class_name) for i in TRUTH.items.values() if i.class_name not in (None, i.query))

    usual = sum(max(n for (query, _), n in wrong.items() if query == act.class_name) for act in ACTS)
    assert usual / wrong.total() > 0.7  # 0.8, and a share of the other 0.2


def test_plan_world__action_fills_a_fifth_of_the_long_videos() -> None:
    videos = [piece for piece in _below("web/video") if piece.act]
    action_s = sum(end - start for piece in videos for start, end in piece.segments)

    assert action_s / sum(piece.duration_s for piece in videos) == pytest.approx(SIZE.action, abs=0.02)


def test_plan_world__action_spans_lie_inside_and_apart() -> None:
    for piece in _below("web/video"):
        bounds = [0.0, *(second for span in piece.segments for second in span), piece.duration_s]
        assert bounds == sorted(set(bounds))  # strictly rising


def test_plan_world__some_long_videos_never_show_their_class() -> None:
    assert sum(piece.act is None for piece in _below("web/video")) == SIZE.empty_videos


def test_plan_world__copies_name_validation_clips() -> None:
    known = {piece.path for piece in _below("target/val")}
    originals = [piece.original for piece in PIECES if piece.original]

    assert len(originals) == 2 * SIZE.copies and set(originals) <= known


def test_plan_world__every_breakage_occurs() -> None:
    assert {piece.style for piece in PIECES if piece.kind == "broken"} == set(BREAKAGES)


def test_truth_of__knows_web_files_only() -> None:
    assert set(TRUTH.items) == {piece.path for piece in PIECES if piece.path.startswith("web/")}


def test_rng_of__differs_by_path_and_seed() -> None:
    draws = {rng_of(*key).integers(2**62) for key in ((0, "a"), (0, "b"), (1, "a"), (0, "a"))}

    assert len(draws) == 3


def test_plan_world__scales_down() -> None:
    small = WorldSize(train_clips=1, val_clips=1, images=2, fewest_clips=1, most_clips=2, videos=1, empty_videos=0)

    assert np.isclose(len([p for p in plan_world(0, small) if p.path.startswith("target")]), 24)
