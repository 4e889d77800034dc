"""What all figures share: they lie on any page, and names are shown as they are."""

import html

ON_ANY_PAGE = {"paper_bgcolor": "rgba(0,0,0,0)", "plot_bgcolor": "rgba(0,0,0,0)"}
"""No background of their own: layout of a figure on light and dark pages."""
_NAME_LETTERS = 26


def shown_name(name: str) -> str:
    """A name that Plotly shows as it is, whatever markup it looks like; a long one is cut."""
    # Plotly knows no &quot;
    return html.escape(name if len(name) <= _NAME_LETTERS else name[: _NAME_LETTERS - 1] + "…", quote=False)
