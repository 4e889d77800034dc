"""Names in figures."""

import pytest

from omnisource.figures.look import shown_name


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("yoyo", "yoyo"),
        ('<b>"R&B"</b>', '&lt;b&gt;"R&amp;B"&lt;/b&gt;'),  # Plotly would show &quot; letter by letter
        ("x" * 26, "x" * 26),
        ("x" * 27, "x" * 25 + "…"),
        ("&" * 27, "&amp;" * 25 + "…"),  # cut before it is escaped, so that no escape is cut in two
    ],
)
def test_shown_name__is_what_was_given(name: str, shown: str):
    assert shown_name(name) == shown
