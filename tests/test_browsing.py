"""Walls: which items, in which order, with what is known of them; the expected orders are counted by hand."""

from pathlib import Path

import pyarrow as pa
import pytest

from omnisource import config
from omnisource.browsing import Browsing
from omnisource.catalog import Catalog
from omnisource.errors import ItemError, OmniSourceError, WorkspaceError
from omnisource.filters import Filters, Order, Said, Sort, Stage
from omnisource.report import Report
from omnisource.reviews import Reviews, Subject, Verdict
from omnisource.types import Format
from omnisource.workspace import Workspace
from tests.workspaces import apply_recipe, key, workspace_with

LONG = {"number": 5, "query": 1, "source": "long", "format": "untrimmed"}
SCORED = [
    {"number": 1, "top": 0, "confidence": 0.9, "query": 0, "query_prob": 0.9, "probs": [0.9, 0.05]},
    {"number": 2, "top": 1, "confidence": 0.8, "query": 0, "query_prob": 0.1, "probs": [0.8, 0.1]},
    {"number": 3, "top": 0, "confidence": 0.5, "query": 0, "query_prob": 0.5, "probs": [0.5, 0.45], "source": "other"},
    {"number": 4, "top": 2, "confidence": 0.3, "probs": [0.3, 0.2], "source": "other", "format": "trimmed"},
    LONG | {"start": 0.0, "end": 1.0, "top": 1, "confidence": 0.2, "query_prob": 0.2},
    LONG | {"start": 1.0, "end": 2.0, "top": 1, "confidence": 0.7, "query_prob": 0.7},
    LONG | {"start": 2.0, "end": 3.0, "top": 0, "confidence": 0.6, "query_prob": 0.1},
]
ALL_SCORED = Filters(stage=Stage.SCORED, teacher="teacher")


NEWEST = Order()


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    workspace = workspace_with(tmp_path / "it's", scored=SCORED, invalid=[20])
    apply_recipe(workspace, "applied", config.Recipe(confidence=0.52), kept=[2, 1])
    report = Report("add", progress=False)
    report.drop(Path("/web/copy.jpg"), None, ItemError("repeat", "the same content as /web/1"))
    with workspace.table("items").writer(rows_per_part=10) as writer:
        writer.add([], report.take_dropped())
    report.drop(Path("/web/20"), key(20), ItemError("bad", "broken"))
    with workspace.table("validity").writer(rows_per_part=10) as writer:
        writer.add([], report.take_dropped())
    return workspace


@pytest.fixture
def browsing(workspace: Workspace) -> Browsing:
    return Browsing(Catalog(workspace, threads=1))


def numbers(browsing: Browsing, filters: Filters, order: Order = NEWEST, *, offset: int = 0, limit: int = 99):
    page = browsing.page(filters, order, offset=offset, limit=limit)
    return [item.key[0] if item.key else None for item in page]


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        (Order(sort=Sort.NEWEST), [5, 4, 3, 2, 1]),
        (Order(sort=Sort.CONFIDENT), [1, 2, 5, 3, 4]),  # 5 by its best segment, 0.7
        (Order(sort=Sort.UNSURE), [5, 4, 3, 2, 1]),  # 5 by its worst, 0.2
        (Order(sort=Sort.MARGIN), [3, 4, 5, 2, 1]),  # 0.05, 0.1, 0.2 (nothing is known of a second class), 0.7, 0.85
        (Order(sort=Sort.DISAGREEMENT), [2, 5, 1, 3, 4]),  # 0.7, 0.5 at its last segment, then none, as they came
        (Order(sort=Sort.THRESHOLD, recipe="line"), [3, 5, 4, 2, 1]),  # 0.02, 0.08, 0.22, 0.28, 0.38 from 0.52
        (Order(sort=Sort.THRESHOLD, recipe="query"), [3, 5, 1, 2, 4]),  # 0.02, 0.18, 0.38, 0.42, 0.52: no query
    ],
)
def test_page__in_the_order_that_is_asked_for(workspace: Workspace, browsing: Browsing, order: Order, expected):
    (workspace.root / "recipes").mkdir()
    config.save(config.Recipe(confidence=0.52), workspace.root / "recipes" / "line.yaml")
    config.save(config.Recipe(confidence=0.52, label_source="query"), workspace.root / "recipes" / "query.yaml")
    assert numbers(browsing, ALL_SCORED, order) == expected


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        (Filters(), [20, 5, 4, 3, 2, 1]),
        (Filters(query_class=1), [5]),
        (Filters(sources=("other", "long")), [5, 4, 3]),
        (Filters(formats=(Format.TRIMMED, Format.UNTRIMMED)), [5, 4]),
        (Filters(stage=Stage.VALID), [5, 4, 3, 2, 1]),
        (Filters(stage=Stage.VALID, sources=("other",)), [4, 3]),
        (Filters(stage=Stage.DROPPED), [20, None]),  # the copy has no key
        (Filters(stage=Stage.DROPPED, dropped_by="items", reason="repeat"), [None]),
        (Filters(stage=Stage.DROPPED, dropped_by="items", reason="bad"), []),
        (Filters(stage=Stage.SCORED, teacher="teacher", top_class=0), [5, 3, 1]),
        (Filters(stage=Stage.SCORED, teacher="teacher", agrees=True), [5, 3, 1]),
        (Filters(stage=Stage.SCORED, teacher="teacher", agrees=False), [5, 4, 2]),  # no query: no agreement
        (Filters(stage=Stage.SCORED, teacher="teacher", confidence=(0.5, 0.8)), [5, 3, 2]),  # both ends
        (Filters(stage=Stage.SCORED, teacher="nobody"), []),
        (Filters(stage=Stage.KEPT, teacher="teacher", recipe="applied"), [2, 1]),
        (Filters(stage=Stage.LEFT_OUT, teacher="teacher", recipe="applied"), [5, 4, 3]),
    ],
)
def test_page__only_what_passes_and_count_agrees(browsing: Browsing, filters: Filters, expected: list[int]):
    assert numbers(browsing, filters) == expected
    assert browsing.count(filters) == len(expected)


def test_page__in_parts_is_the_whole_wall(browsing: Browsing):
    order = Order(sort=Sort.DISAGREEMENT)  # has ties
    parts = [numbers(browsing, ALL_SCORED, order, offset=offset, limit=2) for offset in (0, 2, 4, 6)]
    assert sum(parts, []) == numbers(browsing, ALL_SCORED, order)


def test_page__random_is_the_same_for_a_seed(browsing: Browsing):
    orders = {tuple(numbers(browsing, ALL_SCORED, Order(sort=Sort.RANDOM, seed=seed))) for seed in (0, 0, 1, 2, 3)}
    assert 1 < len(orders) < 5
    assert {frozenset(order) for order in orders} == {frozenset({1, 2, 3, 4, 5})}


def test_page__a_long_video_is_shown_at_the_segment_that_comes_first(browsing: Browsing):
    (first,) = browsing.page(ALL_SCORED, Order(sort=Sort.CONFIDENT), offset=2, limit=1)
    assert (first.start_s, first.end_s, first.top_class, first.num_segments) == (1.0, 2.0, 1, 3)
    (passing,) = browsing.page(
        Filters(stage=Stage.SCORED, teacher="teacher", formats=(Format.UNTRIMMED,), agrees=False),
        Order(sort=Sort.CONFIDENT),
        offset=0,
        limit=9,
    )
    assert (passing.start_s, passing.top_class, passing.num_segments) == (2.0, 0, 1)


def test_page__what_was_not_filtered_by_scores_is_shown_with_the_best_of_them(browsing: Browsing):
    page = browsing.page(Filters(teacher="teacher"), Order(), offset=0, limit=2)  # 20, which was not scored, and 5
    assert [(item.path, item.confidence and round(item.confidence, 1)) for item in page] == [
        ("/web/20", None),
        ("/web/5", 0.7),
    ]
    assert [item.agrees for item in page] == [None, True]


def test_page__dropped_files_say_why(browsing: Browsing):
    bad, copy = browsing.page(Filters(stage=Stage.DROPPED), Order(), offset=0, limit=9)
    assert (bad.dropped_by, bad.reason, bad.detail, bad.source) == ("validity", "bad", "broken", "web")
    assert (copy.key, copy.path, copy.reason, copy.source) == (None, "/web/copy.jpg", "repeat", None)


def test_page__by_what_people_decided(workspace: Workspace, browsing: Browsing):
    reviews = Reviews(workspace.reviews_path)
    reviews.decide(Subject(key=key(1)), Verdict.KEEP, made_in="app", author="ann")
    reviews.decide(Subject(key=key(2)), Verdict.DROP, made_in="app", author="bob")
    reviews.decide(Subject(key=key(5), start_s=0.0, end_s=1.0), Verdict.DROP, made_in="app", author="ann")  # a segment
    reviews.decide(Subject(key=key(3), target_path="/t"), Verdict.DUPLICATE, made_in="app", author="ann")  # a pair

    def asked(**wanted) -> list[int]:
        return numbers(browsing, Filters(stage=Stage.SCORED, teacher="teacher", **wanted))

    assert asked(said=Said.ANYTHING) == [2, 1]
    assert asked(said=Said.DROP) == [2]
    assert asked(said=Said.NOTHING) == [5, 4, 3]
    assert asked(author="ann") == [1]
    assert asked(said=Said.NOTHING, author="ann") == [5, 4, 3, 2]
    page = browsing.page(ALL_SCORED, Order(), offset=0, limit=9)
    assert {k[0]: str(review.verdict) for k, review in browsing.decisions(page).items()} == {1: "keep", 2: "drop"}


def test_page__refuses_what_has_no_answer(browsing: Browsing):
    with pytest.raises(OmniSourceError, match="order 'confident' needs scores; choose the stage 'scored'"):
        numbers(browsing, Filters(), Order(sort=Sort.CONFIDENT))
    with pytest.raises(OmniSourceError, match="order 'threshold' needs a recipe"):
        numbers(browsing, ALL_SCORED, Order(sort=Sort.THRESHOLD))
    with pytest.raises(OmniSourceError, match="'kept' and 'left_out' need a recipe"):
        numbers(browsing, Filters(stage=Stage.KEPT, teacher="teacher"))
    with pytest.raises(WorkspaceError, match="recipe 'new' has no examples yet; `omnisource label --recipe new`"):
        numbers(browsing, Filters(stage=Stage.KEPT, teacher="teacher", recipe="new"))


def test_choices__what_there_is(browsing: Browsing):
    choices = browsing.choices()
    assert choices.teachers == ("teacher",)
    assert choices.recipes == ("applied",)
    assert choices.sources == ("long", "other", "web")  # the study names none of them
    assert choices.formats == tuple(Format)
    assert choices.reasons == (("items", "repeat", 1), ("validity", "bad", 1))
    assert choices.stages == list(Stage)
    assert choices.usual_stage is Stage.SCORED
    assert choices.sorts(Filters()) == [Sort.NEWEST, Sort.RANDOM, Sort.SIMILAR]
    assert choices.sorts(ALL_SCORED) == list(Sort)


def test_choices__an_empty_workspace_has_nothing(tmp_path: Path):
    browsing = Browsing(Catalog(Workspace.create(tmp_path, config.Study())))
    choices = browsing.choices()
    assert (choices.sources, choices.teachers, choices.reasons, choices.num_checked) == ((), (), (), 0)
    assert choices.stages == [Stage.FOUND]
    assert (browsing.count(Filters()), numbers(browsing, Filters())) == (0, [])
    assert browsing.count(Filters(stage=Stage.DROPPED)) == 0


def test_version__changes_with_the_facts_and_with_decisions_only_if_asked(workspace: Workspace, browsing: Browsing):
    asks_people = Filters(said=Said.NOTHING)
    before = browsing.version(ALL_SCORED), browsing.version(asks_people)
    Reviews(workspace.reviews_path).decide(Subject(key=key(1)), Verdict.KEEP, made_in="app")
    assert browsing.version(ALL_SCORED) == before[0]
    assert browsing.version(asks_people) != before[1]
    apply_recipe(workspace, "second", config.Recipe(), kept=[1])
    assert browsing.version(ALL_SCORED) != before[0]


def test_with_teacher__the_one_that_has_scored(browsing: Browsing):
    assert browsing.with_teacher(Filters()).teacher == "teacher"
    assert browsing.with_teacher(Filters(teacher="x")).teacher == "x"


def test_page__similar_first_and_what_was_not_seen_last(browsing: Browsing):
    schema = pa.schema([("key", pa.binary(16)), ("similarity", pa.float32())])
    seen = pa.table([pa.array([key(2), key(4), key(3)], pa.binary(16)), pa.array([0.5, 0.75, -1.0])], schema=schema)
    found = browsing.page(Filters(), Order(sort=Sort.SIMILAR), offset=0, limit=9, nearest=seen)
    assert [item.key for item in found[:3]] == [key(4), key(2), key(3)]
    assert [item.similarity for item in found[:3]] == [0.75, 0.5, -1.0]
    assert {item.similarity for item in found[3:]} == {None}


def test_page__similar_to_nothing_is_refused(browsing: Browsing):
    with pytest.raises(OmniSourceError, match="order 'similar' needs an item or words that items are to be like"):
        browsing.page(Filters(), Order(sort=Sort.SIMILAR), offset=0, limit=9)
