"""Near copies within the web data, on frames and similarities written by hand."""

import numpy as np
import pytest

from omnisource.clean.similarity import Pairs
from omnisource.clean.web_copies import Copies, Items, copies_of, joined


def items_of(num_frames: list[int], area: list[int], *, order: list[int], source: list[int]) -> Items:
    columns = {"num_frames": num_frames, "area": area, "order": order, "source": source}
    frames = np.repeat(np.arange(len(num_frames)), num_frames)
    return Items(frames=frames, **{name: np.array(values, dtype=np.int64) for name, values in columns.items()})


def pairs_of(*rows: tuple[int, int, float]) -> Pairs:
    left, right, similarity = zip(*rows)
    return Pairs(rows=np.array(left), columns=np.array(right), similarity=np.array(similarity, dtype=np.float32))


def told(copies: Copies) -> list[tuple]:
    columns = (copies.item, copies.kept, copies.similarity.astype(float).round(4), copies.frame, copies.kept_frame)
    return list(zip(*(column.tolist() for column in columns)))


def pictures(area: list[int], source: list[int]) -> Items:
    return items_of([1] * len(area), area, order=list(range(len(area))), source=source)


def test_copies_of__the_larger_picture_is_kept_then_the_earlier_one():
    items = pictures([100, 200, 200], [0, 0, 0])
    found = copies_of([pairs_of((0, 1, 0.9), (1, 2, 0.8), (0, 2, 0.95))], items, first_column=0)
    # 1 is large and early: it is no copy; 2 is as large and later; 0 is small and most like 2
    assert told(found) == [(0, 2, 0.95, 0, 2), (2, 1, 0.8, 2, 1)]


def test_copies_of__the_best_of_each_source():
    items = pictures([100, 200, 200], [0, 0, 1])
    found = copies_of([pairs_of((0, 1, 0.9)), pairs_of((0, 2, 0.95))], items, first_column=0)
    assert told(found) == [(0, 1, 0.9, 0, 1), (0, 2, 0.95, 0, 2)]


def test_copies_of__each_pair_may_come_twice_and_an_item_is_no_copy_of_itself():
    items = pictures([100, 200], [0, 0])
    found = copies_of([pairs_of((0, 0, 1.0), (0, 1, 0.9), (1, 0, 0.9), (1, 1, 1.0))], items, first_column=0)
    assert told(found) == [(0, 1, 0.9, 0, 1)]


@pytest.mark.parametrize(
    ("alike", "expected"),
    [
        ([(4, 1, 0.9)], []),  # one of three frames: a shared opening
        ([(4, 1, 0.9), (5, 1, 0.7)], [(1, 0, 0.7, 4, 1)]),  # two of three reach 0.7
        ([(4, 1, 0.9), (5, 2, 0.7), (6, 3, 0.8)], [(1, 0, 0.8, 4, 1)]),  # two of three reach 0.8
        ([(4, 1, 0.9), (4, 2, 0.8)], []),  # one frame, alike to two
        ([(1, 4, 0.9), (1, 5, 0.9), (1, 6, 0.6)], [(1, 0, 0.9, 4, 1)]),  # a still: one frame of the other serves all
    ],
)
def test_copies_of__half_of_a_videos_frames_must_be_alike(alike: list[tuple], expected: list[tuple]):
    # item 0 has frames 0 to 3, item 1 frames 4 to 6; the longer one is kept, though it is smaller and later
    items = items_of([4, 3], [100, 900], order=[1, 0], source=[0, 0])
    assert told(copies_of([pairs_of(*alike)], items, first_column=0)) == expected


def test_copies_of__a_long_video_is_no_copy_of_a_clip_out_of_it():
    items = items_of([1, 9], [100, 100], order=[0, 1], source=[0, 0])
    found = copies_of([pairs_of((0, 4, 0.9))], items, first_column=0)
    assert told(found) == [(0, 1, 0.9, 0, 4)]  # the clip is one of the video


def test_copies_of__nothing_alike():
    assert told(copies_of([], pictures([1], [0]), first_column=0)) == []


def test_joined__columns_are_numbered_behind_the_rows():
    left, right = items_of([2], [100], order=[0], source=[0]), items_of([1, 3], [100, 100], order=[1, 2], source=[0, 0])
    both = joined(left, right)
    assert both.frames.tolist() == [0, 0, 1, 2, 2, 2]
    # row 1 is a frame of the left item, column 0 the only frame of the right's first: it points to the longer one
    found = copies_of([pairs_of((1, 0, 0.9))], both, first_column=2)
    assert told(found) == [(1, 0, 0.9, 2, 1)]
