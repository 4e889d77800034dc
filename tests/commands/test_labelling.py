"""`score`, `motion` and `label` as a person meets them."""

import json
from collections.abc import Callable
from pathlib import Path

from tests.commands.conftest import Answer


def test_label__json_is_the_funnel_of_each_recipe(here: Callable[..., Answer], labelled: Path):
    funnels = json.loads(here("label", "--json", "-w", str(labelled), "-r", "unfiltered").stdout)
    assert funnels.keys() == {"unfiltered"}
    # pictures without the page, clips without the empty file, long videos; confidence 0 keeps all
    counts = {step["source"]: (step["valid"], step["examples"]) for step in funnels["unfiltered"]}
    assert counts == {"web_image": (12, 12), "web_clip": (6, 6), "web_video": (3, 3)}
