"""A world's mini-web, and a workspace that is told where it is."""

from pathlib import Path

from omnisource.pipeline.mini_web import open_web, point_to
from omnisource.workspace import Workspace


def test_open_web__is_the_same_for_the_same_world(world: Path):
    assert open_web(world).plan == open_web(world).plan


def test_point_to__changes_where_hosts_lead_and_nothing_else(fresh: Workspace):
    before = fresh.study()
    point_to(fresh, {"a.example": "127.0.0.1:1"})
    assert fresh.study().fetch.resolve == {"a.example": "127.0.0.1:1"}
    assert fresh.study().model_copy(update={"fetch": before.fetch}) == before
