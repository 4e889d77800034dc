"""What every page has, apart from pages."""

import pytest

from app.shared import plain, sentence, table_height


def test_plain__markdown_and_lines_are_shown_as_they_are():
    assert plain("**a** [b](c)\nd") == "\\*\\*a\\*\\* \\[b\\]\\(c\\) d"


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("no class yet", "No class yet\\."),  # as an error says it
        ("Done.", "Done\\."),
        ("", "\\."),
    ],
)
def test_sentence__begins_with_a_capital_and_ends(said: str, shown: str):
    assert sentence(ValueError(said)) == shown


@pytest.mark.parametrize(
    ("rows", "height_px"),
    [
        (0, 38),  # the heading alone
        (10, 388),  # 38 + 10 x 35
        (11, 406),  # half of the eleventh, 17.5, tells that there is more
        (400, 406),
    ],
)
def test_table_height__shows_all_rows_or_that_there_are_more(rows: int, height_px: int):
    assert table_height(rows) == height_px
