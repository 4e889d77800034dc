"""Taxonomy: names to class indices."""

import pytest

from omnisource.errors import UnknownClassError
from omnisource.types import Taxonomy

TAXONOMY = Taxonomy(names=("playing guitar", "riding_a_bike", "Yo-Yo"))


@pytest.mark.parametrize(
    ("name", "index"),
    [
        ("playing guitar", 0),  # as it is
        ("Playing_Guitar", 0),  # case and underscore
        ("  playing   guitar ", 0),  # spaces
        ("RIDING A BIKE", 1),
        ("riding-a-bike", 1),
        ("yo yo", 2),  # hyphen
    ],
)
def test_index__ignores_case_underscores_hyphens_and_spaces(name: str, index: int):
    assert TAXONOMY.index(name) == index


def test_index__unknown_lists_the_nearest():
    with pytest.raises(UnknownClassError, match="unknown class 'plaing guitars'; did you mean 'playing guitar'"):
        TAXONOMY.index("plaing guitars")


def test_index__unknown_without_anything_near():
    with pytest.raises(UnknownClassError, match="unknown class 'zzzz'$"):
        TAXONOMY.index("zzzz")


def test_taxonomy__two_spellings_of_one_name_are_refused():
    with pytest.raises(ValueError, match="'a b' and 'A_B' are the same name"):
        Taxonomy(names=("a b", "A_B"))
