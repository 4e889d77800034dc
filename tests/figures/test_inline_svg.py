"""Figures of the report: well-formed, escaped, and bars that point where they should."""

from xml.etree import ElementTree

from omnisource.figures.inline_svg import SvgInterval, change_bars, interval_rows
from omnisource.palette import DROPPED, KEPT, TARGET


def test_change_bars__lengths_follow_the_values():
    root = ElementTree.fromstring(change_bars([("a <b>", 10.0), ("c", -5.0)], alt='say "hi"', unit="points"))
    better, worse = root.findall("rect")
    # between the names and the numbers lie 420 pixels, so 10 of 10 is 210 to the right of the middle at 420
    assert (float(better.get("x")), float(better.get("width")), better.get("fill")) == (420.0, 210.0, KEPT)
    assert (float(worse.get("x")), float(worse.get("width")), worse.get("fill")) == (315.0, 105.0, DROPPED)
    assert root.get("aria-label") == 'say "hi"'
    assert "a <b>" in [text.text for text in root.findall("text")]


def test_change_bars__of_nothing_is_nothing():
    assert change_bars([], alt="", unit="") == ""


def test_change_bars__long_names_are_cut():
    root = ElementTree.fromstring(change_bars([("x" * 300, 0.0)], alt="", unit=""))
    assert max(len(text.text or "") for text in root.findall("text")) == 30


def test_interval_rows__colour_says_on_which_side_of_0_the_interval_lies():
    rows = [
        SvgInterval(name="up", value=2, low=1, high=3),
        SvgInterval(name="down", value=-2, low=-3, high=-1),
        SvgInterval(name="either", value=0.5, low=-1, high=2),
    ]
    root = ElementTree.fromstring(interval_rows(rows, alt="", unit="points"))
    assert [circle.get("fill") for circle in root.findall("circle")] == [KEPT, DROPPED, TARGET]
    assert interval_rows([], alt="", unit="") == ""
