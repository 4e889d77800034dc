"""`items` and `item` as a person meets them."""

import json
from collections.abc import Callable
from pathlib import Path

from tests.commands.conftest import Answer


def test_items__as_the_wall_shows_them(here: Callable[..., Answer], labelled: Path):
    asked = [
        "-f",
        "stage=scored",
        "-f",
        "source=web_image",
        "-f",
        "teacher=flat",
        "--sort",
        "confident",
        "--limit",
        "2",
    ]
    lines = here("items", "-w", str(labelled), *asked).stdout.splitlines()
    assert len(lines) == 2
    key, name, confidence, *_, source, path = lines[0].split("\t")
    assert (len(key), source, Path(path).suffix) == (32, "web_image", ".png")
    assert name in ("red_right", "green_down", "blue_still") and 0 < float(confidence) <= 1


def test_items__json_counts_all_and_lists_some(here: Callable[..., Answer], labelled: Path):
    found = json.loads(here("items", "-w", str(labelled), "-f", "format=image", "--limit", "3", "--json").stdout)
    assert (found["total"], len(found["items"])) == (13, 3)  # twelve pictures and a page


def test_items__says_what_is_wrong(here: Callable[..., Answer], labelled: Path):
    result = here("items", "-w", str(labelled), "-f", "class=red_write")
    assert (result.returncode, "did you mean 'red_right'" in result.stderr) == (1, True)


def test_item__its_whole_story(here: Callable[..., Answer], labelled: Path):
    listed = json.loads(here("items", "-w", str(labelled), "-f", "stage=dropped", "--json").stdout)["items"]
    page = next(row for row in listed if row["path"].endswith("page.jpg"))
    told = json.loads(here("item", page["key"], "-w", str(labelled)).stdout)
    assert (told["item"]["path"], told["measured"]["reason"]) == (page["path"], "not_media")
    assert {one["recipe"]: one["step"] for one in told["outcomes"]} == dict.fromkeys(
        ("omnisource", "unfiltered"), "not_scored"
    )


def test_item__a_token_that_is_none(here: Callable[..., Answer], labelled: Path):
    result = here("item", "../../etc/passwd", "-w", str(labelled))
    assert "holds no item '../../etc/passwd'; `omnisource items` lists them" in result.stderr
