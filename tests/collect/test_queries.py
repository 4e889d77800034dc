"""What is proposed for class names, and which texts stand for several classes."""

import pytest
from torchvision.models._meta import _KINETICS400_CATEGORIES

from omnisource.collect.queries import (
    Collision,
    Query,
    collisions,
    propose,
    search_text,
    shared_texts,
    split_name,
    without_text,
)


def tag(class_index: int, text: str, *, rank: int = 1, use: bool = True) -> Query:
    return Query(class_index=class_index, text_kind="tag", text=text, rank=rank, rule="person", use=use)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("playing cards", "playing cards"),
        ("shooting goal (soccer)", "shooting goal soccer"),
        ("passing American football (not in game)", "passing American football not in game"),
        ("brush_hair", "brush hair"),
        ("ApplyEyeMakeup", "apply eye makeup"),
        ("TVWatching", "TV watching"),
        ("massaging person's head", "massaging person's head"),
        ("tai-chi", "tai chi"),
        ("打太极", "打太极"),
        ("(sport)", "sport"),
        ("???", "???"),
    ],
)
def test_search_text__is_the_name_without_expansion(name: str, text: str):
    assert search_text(name) == text


def test_split_name__keeps_brackets_apart():
    assert split_name("shooting goal (soccer)") == (["shooting", "goal"], ["soccer"])


def test_propose__one_query_and_ranked_tags():
    rows = propose(["beekeeping"])
    assert [(row.text_kind, row.text, row.rank, row.use) for row in rows] == [
        ("query", "beekeeping", 1, True),
        ("tag", "beekeeping", 1, True),
        ("tag", "beekeep", 2, True),
        ("tag", "keepingbee", 3, True),
        ("tag", "keepbee", 4, True),
    ]


def test_propose__a_tag_of_two_classes_is_used_for_neither_or_for_whose_best_it_is():
    # "swim" is the second tag of the first class and the best of the other; the queries differ
    rows = propose(["swimming", "swim"])
    assert [(row.class_index, row.text, row.use) for row in rows if row.text_kind == "tag"] == [
        (0, "swimming", True),
        (0, "swim", False),
        (1, "swim", True),
    ]
    rows = propose(["throwing (sport)", "throwing (not a sport)"])
    assert [(row.class_index, row.text, row.use) for row in rows if row.text_kind == "tag"] == [
        (0, "throwing", False),
        (0, "throwingsport", True),
        (0, "throw", False),
        (1, "throwing", False),
        (1, "throw", False),
    ]


def test_propose__the_classes_of_kinetics():
    rows = propose(_KINETICS400_CATEGORIES)
    tags = [row for row in rows if row.text_kind == "tag"]
    assert collisions(rows) == []
    # the two classes that differ in "(in game)" and "(not in game)" share tags; each has one left
    assert {(_KINETICS400_CATEGORIES[row.class_index], row.text) for row in tags if not row.use} == {
        (f"passing American football ({where})", text)
        for where in ("in game", "not in game")
        for text in ("passingamericanfootball", "passamericanfootball", "americanfootballpassing")
    }
    assert without_text(rows, 400, "tag") == []
    assert all(row.text.isalnum() and row.text == row.text.lower() for row in tags)
    num_tags = [sum(row.class_index == index for row in tags) for index in range(400)]
    assert (min(num_tags), max(num_tags)) == (1, 4)
    assert sum(num >= 3 for num in num_tags) > 300  # the others are one word, such as yoga


def test_collisions__of_what_is_used():
    rows = [tag(0, "swim"), tag(1, "Swim"), tag(2, "dive"), tag(3, "dive", use=False)]
    assert collisions(rows) == [Collision(text_kind="tag", text="swim", class_indices=(0, 1))]
    assert shared_texts(rows) == {("tag", "swim"): (0, 1), ("tag", "dive"): (2, 3)}


def test_without_text__names_classes_that_nothing_is_searched_for():
    rows = [tag(0, "swim"), tag(1, "dive", use=False)]
    assert without_text(rows, 3, "tag") == [1, 2]
