"""Headers by which owners reserve their media."""

import pytest

from omnisource.collect.opt_out import refusal


@pytest.mark.parametrize(
    ("tags", "tdm", "expected"),
    [
        ([], [], None),
        (["noarchive, nofollow"], ["0"], None),
        (["noai"], [], "X-Robots-Tag: noai"),
        (["nofollow, NoImageAI"], [], "X-Robots-Tag: noimageai"),
        (["noindex"], [], "X-Robots-Tag: noindex"),
        (["noimageindex"], [], "X-Robots-Tag: noimageindex"),
        (["none"], [], "X-Robots-Tag: none"),
        (["otherbot: noai"], [], None),  # meant for another program
        (["otherbot: nofollow, noai"], [], None),
        (["OmniSource: noai"], [], "X-Robots-Tag: noai"),
        (["omnisource: nofollow, noai"], [], "X-Robots-Tag: noai"),
        (["*: noai"], [], "X-Robots-Tag: noai"),
        (["otherbot: nofollow, omnisource: noai"], [], "X-Robots-Tag: noai"),
        (["otherbot: noai", "noindex"], [], "X-Robots-Tag: noindex"),  # two lines
        (["unavailable_after: 25 Jun 2030 15:00:00 PST, noai"], [], "X-Robots-Tag: noai"),  # its colons name nobody
        (["max-snippet:20, noai"], [], "X-Robots-Tag: noai"),
        ([], [" 1 "], "tdm-reservation: 1"),
    ],
)
def test_refusal__is_what_the_owner_said(tags: list[str], tdm: list[str], expected: str | None) -> None:
    assert refusal(tags, tdm, "omnisource") == expected
