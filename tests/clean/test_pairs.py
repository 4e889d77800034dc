"""What to look at next, and what was said of it."""

import numpy as np
import pytest

from omnisource.catalog import Catalog
from omnisource.clean.pair_filters import Order, PairFilter, State
from omnisource.clean.pair_index import index_pairs
from omnisource.clean.pairs import SuspectedPairs
from omnisource.reviews import Reviews, Subject, Verdict
from omnisource.workspace import Workspace
from tests.similar_tables import small_workspace, write_similar
from tests.workspaces import key

A, B, C = "/target/a.mp4", "/target/b.mp4", "/target/c.mp4"


@pytest.fixture
def workspace(tmp_path) -> Workspace:
    return small_workspace(tmp_path / "w")


def suspects(workspace: Workspace) -> SuspectedPairs:
    return SuspectedPairs(Catalog(workspace), index_pairs(workspace), Reviews(workspace.reviews_path).current())


def say(workspace: Workspace, number: int, clip: str | None, verdict: Verdict, made_in: str = "app") -> int:
    return Reviews(workspace.reviews_path).decide(Subject(key=key(number), target_path=clip), verdict, made_in=made_in)


def numbers(workspace: Workspace, wanted: PairFilter, order: Order = Order.SIMILAR, limit: int = 9) -> list[int]:
    return [pair.number for pair in suspects(workspace).next(wanted, order, threshold=0.8, limit=limit)]


@pytest.mark.parametrize(
    ("order", "wanted", "expected"),
    [
        (Order.SIMILAR, PairFilter(low=0.8), [0, 1, 2, 3]),
        (Order.THRESHOLD, PairFilter(), [3, 4, 2, 5, 1, 0]),  # 0.03, 0.09, 0.12, 0.14, 0.15, 0.19 from 0.8
        (Order.SIMILAR, PairFilter(low=0.7, high=0.93), [2, 3, 4]),
        (Order.SIMILAR, PairFilter(source="other"), [3]),
        (Order.SIMILAR, PairFilter(target_class=0), [0, 5]),
        (Order.SIMILAR, PairFilter(item=key(1)), [0, 1]),
        (Order.SIMILAR, PairFilter(skipped=[0, 2]), [1, 3, 4, 5]),
        (Order.SIMILAR, PairFilter(state=State.DUPLICATE), []),
        (Order.SIMILAR, PairFilter(state=None), [0, 1, 2, 3, 4, 5]),
    ],
)
def test_next__order_and_filters(workspace: Workspace, order: Order, wanted: PairFilter, expected: list[int]):
    assert numbers(workspace, wanted, order) == expected
    assert suspects(workspace).count(wanted) == len(expected)


def test_next__random_is_every_pair_once_and_always_the_same(workspace: Workspace):
    drawn = numbers(workspace, PairFilter(), Order.RANDOM)
    assert sorted(drawn) == [0, 1, 2, 3, 4, 5]
    assert numbers(workspace, PairFilter(), Order.RANDOM, limit=3) == drawn[:3]


def test_next__a_judged_pair_never_comes_back(workspace: Workspace):
    made = say(workspace, 2, B, Verdict.NOT_DUPLICATE)
    assert numbers(workspace, PairFilter()) == [0, 1, 3, 4, 5]
    assert numbers(workspace, PairFilter(state=State.NOT_DUPLICATE)) == [2]
    Reviews(workspace.reviews_path).undo(made, made_in="app")
    assert numbers(workspace, PairFilter()) == [0, 1, 2, 3, 4, 5]


def test_next__other_pairs_of_a_duplicate_are_settled(workspace: Workspace):
    say(workspace, 1, B, Verdict.DUPLICATE)
    assert numbers(workspace, PairFilter()) == [2, 3, 4, 5]
    assert numbers(workspace, PairFilter(state=State.SETTLED)) == [0]


def test_next__a_word_about_the_item_speaks_for_its_pairs(workspace: Workspace):
    say(workspace, 1, None, Verdict.NOT_DUPLICATE)
    say(workspace, 1, A, Verdict.DUPLICATE)  # its own verdict wins
    states = {pair.number: pair.state for pair in suspects(workspace).pairs([0, 1, 2])}
    assert states == {0: State.DUPLICATE, 1: State.NOT_DUPLICATE, 2: State.OPEN}


def test_next__tells_the_pair(workspace: Workspace):
    (pair,) = suspects(workspace).next(PairFilter(), Order.SIMILAR, threshold=0.8, limit=1)
    assert (pair.path, pair.target_path, pair.target_time_s, pair.target_split) == ("/web/1.jpg", A, 0.5, "val")
    assert pair.subject == Subject(key=key(1), target_path=A)


def test_bands__count_what_was_said_on_both_sides(workspace: Workspace):
    say(workspace, 2, B, Verdict.NOT_DUPLICATE)  # 0.92
    say(workspace, 1, B, Verdict.DUPLICATE, made_in="demo")  # 0.95: known, but not seen; settles 0.99
    say(workspace, 4, C, Verdict.DUPLICATE)  # 0.71, below
    above, below = suspects(workspace).bands(0.82)
    assert [(band.low, band.high, band.num_pairs) for band in above] == [
        (0.95, 1.0, 2),
        (0.9, 0.95, 1),
        (0.82, 0.85, 1),
    ]
    assert [(band.duplicates, band.not_duplicates, band.settled, band.open) for band in above] == [
        (1, 0, 1, 0),
        (0, 1, 0, 0),
        (0, 0, 0, 1),
    ]
    assert [(band.seen, band.seen_duplicates) for band in above] == [(0, 0), (1, 0), (0, 0)]
    assert [(band.low, band.high, band.seen_duplicates) for band in below] == [(0.7, 0.75, 1), (0.65, 0.7, 0)]


def test_bands__a_threshold_within_a_band_parts_it(workspace: Workspace):
    above, below = suspects(workspace).bands(0.97)
    assert [(band.low, band.high, band.num_pairs) for band in above] == [(0.97, 1.0, 1)]
    assert (below[0].low, below[0].high, below[0].num_pairs) == (0.95, 0.97, 1)


def test_bands__a_similarity_of_one_lies_in_the_first(workspace: Workspace):
    row = {"key": key(4), "time_s": 0.0, "target_path": A, "target_time_s": 0.0, "similarity": 1.0}
    write_similar(workspace, [row], threshold=None)
    above, _ = suspects(workspace).bands(0.8)
    assert (above[0].low, above[0].high, above[0].num_pairs) == (0.95, 1.0, 3)


def test_lean__where_the_seen_lie(workspace: Workspace):
    assert suspects(workspace).lean(0.8, 4).seen == 0
    say(workspace, 1, A, Verdict.DUPLICATE)
    say(workspace, 3, C, Verdict.NOT_DUPLICATE)
    say(workspace, 4, C, Verdict.NOT_DUPLICATE)  # below the threshold
    lean = suspects(workspace).lean(0.8, 4)
    assert (lean.seen, lean.place) == (2, 0.5)  # of four suspects the first, at 1/8, and the last, at 7/8


def test_verdict_counts__per_bin(workspace: Workspace):
    say(workspace, 1, A, Verdict.DUPLICATE)
    counts = suspects(workspace).verdict_counts(State.DUPLICATE)
    assert (counts.sum(), counts[33]) == (1, 1)
    assert not np.any(suspects(workspace).verdict_counts(State.NOT_DUPLICATE))


def test_clusters__leave_out_what_is_no_duplicate(workspace: Workspace):
    (cluster,) = suspects(workspace).clusters(0.8).largest(9)
    assert cluster.open_pairs.tolist() == [0, 1, 2]  # 1-a, 1-b, 2-b
    say(workspace, 1, B, Verdict.NOT_DUPLICATE)
    assert suspects(workspace).clusters(0.8).largest(9) == []


def test_subjects__of_pairs(workspace: Workspace):
    assert suspects(workspace).subjects([2, 0]) == [
        Subject(key=key(1), target_path=A),
        Subject(key=key(2), target_path=B),
    ]
    assert suspects(workspace).subjects([]) == []
