"""Which class words name."""

import pytest

from omnisource.collect.sources.text_classes import TextClasses, joined, words_of
from omnisource.types import Taxonomy


@pytest.mark.parametrize(
    ("text", "named", "mentioned"),
    [
        ("Beekeeping", 0, 0),
        ("#bee_keeping", 0, 0),
        ("playing-guitar", 1, 1),
        ("#PlayingBassGuitar", 2, 2),
        ("my day #beekeeping!", None, 0),
        ("he is playing guitar on stage", None, 1),
        ("playing bass guitar, loud", None, 2),  # and not "guitar" within it
        ("beekeeping and playing guitar", None, None),  # which of the two?
        ("a guitar, playing", None, None),
        ("", None, None),
    ],
)
def test_text_classes__whole_texts_and_captions(
    taxonomy: Taxonomy, text: str, named: int | None, mentioned: int | None
) -> None:
    classes = TextClasses(taxonomy)
    assert classes.named(text) == named
    assert classes.mentioned(text) == mentioned


def test_mentioned__a_name_within_a_longer_one_does_not_count() -> None:
    classes = TextClasses(Taxonomy(names=("swimming", "swimming backstroke")))
    assert classes.mentioned("I love swimming backstroke") == 1
    assert classes.mentioned("I love swimming on my back") == 0


def test_words_of__knows_letters_of_every_script() -> None:
    assert words_of("#Bee_Keeping! 2×Über") == ["bee", "keeping", "2", "über"]
    assert joined("Bee-Keeping") == "beekeeping"
