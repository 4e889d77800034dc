"""`search-items` as a person meets it."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from omnisource.workspace import Workspace
from tests import micro_world
from tests.commands.conftest import Answer
from tests.tiny_clip import IMAGE_PX, save_tiny_clip
from tests.workspaces import change


@pytest.fixture(scope="module")
def with_clip(labelled: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy whose frames are for a tiny CLIP to see."""
    root = Path(shutil.copytree(labelled, tmp_path_factory.mktemp("clip") / "w"))
    save_tiny_clip(root / "tiny")
    wanted = ["run=null", "clip.name=tiny", f"frame_px={IMAGE_PX}", "stage=4", "grid=1"]
    change(Workspace(root), *[f"features.{setting}" for setting in wanted])
    return root


@pytest.fixture
def seen(with_clip: Path, here: Callable[..., Answer]) -> Path:
    """Its web data was seen; what was seen before is not seen again."""
    told = here("search-items", "--measure", "-w", str(with_clip))
    assert told.stdout.startswith("features of web data: clip-tiny-laion2b_s34b_b79k"), told.stderr
    return with_clip


def test_search_items__by_words_and_by_an_item(seen: Path, here: Callable[..., Answer]):
    words = here("search-items", "--text", "a red square", "--limit", "3", "--json", "-w", str(seen))
    found = json.loads(words.stdout)
    assert (found["encoder"], len(found["items"])) == ("clip-tiny-laion2b_s34b_b79k", 3)
    similarities = [one["similarity"] for one in found["items"]]
    assert similarities == sorted(similarities, reverse=True)
    first = found["items"][0]["key"]
    lines = here("search-items", "--like", first, "--limit", "2", "-w", str(seen)).stdout.splitlines()
    assert len(lines) == 2 and first not in "".join(lines)
    assert Path(lines[0].split("\t")[-1]).is_file()


def test_search_items__the_wall_in_the_same_order(seen: Path, here: Callable[..., Answer]):
    words = here("search-items", "--text", "a dog", "--limit", "4", "--json", "-w", str(seen))
    wall = here("items", "--sort", "similar", "--text", "a dog", "--limit", "4", "--json", "-w", str(seen))
    assert [one["key"] for one in json.loads(wall.stdout)["items"]] == [
        one["key"] for one in json.loads(words.stdout)["items"]
    ]


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ((), "search for one thing: an item, a text, or a labelled clip"),
        (("--like", "xyz"), "--like 'xyz' is no item; `omnisource items` lists their keys"),
        (("--text", "a dog"), "has no features of web items yet; `omnisource search-items --measure`"),
    ],
)
def test_search_items__says_what_is_missing(
    world: Path, tmp_path: Path, here: Callable[..., Answer], asked: tuple[str, ...], said: str
):
    fresh = Workspace.create(tmp_path / "fresh", micro_world.study(world))
    result = here("search-items", *asked, "-w", str(fresh.root))
    assert (result.returncode, said in " ".join(result.stderr.split())) == (1, True)


def test_items__similar_to_nothing(labelled: Path, here: Callable[..., Answer]):
    result = here("items", "--sort", "similar", "-w", str(labelled))
    assert "search for one thing" in result.stderr
