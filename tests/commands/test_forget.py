"""`forget` as a person meets it."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from omnisource.workspace import Workspace
from tests.commands.conftest import Answer
from tests.fetched_workspace import build, media
from tests.workspaces import key


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return build(tmp_path / "w")


def test_forget__says_what_it_would_do_and_then_does_it(here: Callable[..., Answer], workspace: Workspace) -> None:
    asked = ("forget", "-w", str(workspace.root), "--domain", "pictures.test")
    would = here(*asked).stdout.splitlines()
    assert would[:3] == [
        "6 addresses, 3 contents",
        "would be removed: 3 files (0.0 MB), 7 thumbnails, previews and flow files",
        "would be removed: rows alike 1, features/resnet/web 3, listed 3, scores/teacher 3, similar 1, validity 4, "
        "items 4, attempts 6, candidates 6",
    ]
    assert would[3:] == [
        "would be removed: the examples of recipe strict; `omnisource label --recipe strict` makes them again",
        "kept: 1 decisions of people about them",
        "kept: 1 items with the same content in folders of your own",
        "still there: what run tsn-strict has learnt from it; train it again once its recipe is applied",
        "still there: what run tsn-strict-finetuned has learnt from it; train it again once its recipe is applied",
        "perhaps still there: run tsn-old learnt from web data that nobody can look at any more",
        "nothing was removed; --yes removes it",
    ]
    assert media(workspace, 1).exists()
    done = here(*asked, "--yes").stdout.splitlines()
    assert done[1] == "removed: 3 files (0.0 MB), 7 thumbnails, previews and flow files"
    assert done[-1] == "no fetch brings it back"
    assert not media(workspace, 1).exists()


def test_forget__several_addresses_as_json(here: Callable[..., Answer], workspace: Workspace) -> None:
    urls = ("--url", "http://other.test/5.jpg", "--url", "http://notpictures.test/6.jpg")
    told = json.loads(here("forget", "-w", str(workspace.root), *urls, "--json").stdout)
    assert (told["is_done"], told["contents"], told["recipes"]) == (False, 2, ["loose", "strict"])


def test_forget__names_files_elsewhere_and_fiftyone(
    here: Callable[..., Answer], workspace: Workspace, tmp_path: Path
) -> None:
    with workspace.table("items").writer(rows_per_part=99) as writer:
        for number in range(30):
            row = {"key": bytes([100 + number]) * 16, "path": f"/crawl/{number:02d}.jpg", "source": "web"}
            writer.add([row | {"format": "image", "url": f"http://crawled.test/{number}.jpg"}])
    (workspace.root / "fiftyone" / "pushed.json").write_text("{}")
    lines = here("forget", "-w", str(workspace.root), "--domain", "crawled.test").stdout.splitlines()
    assert "kept: /crawl/00.jpg lies outside of the workspace; remove it yourself" in lines
    assert "kept: 10 more such files; --json lists them all" in lines
    assert "FiftyOne shows it until `omnisource fiftyone push`" in lines


def test_forget__nothing_named(here: Callable[..., Answer], workspace: Workspace) -> None:
    answer = here("forget", "-w", str(workspace.root))
    assert answer.returncode == 1
    assert "nothing is named that could be forgotten; give --url or --domain" in " ".join(answer.stderr.split())


def test_forget__nothing_found(here: Callable[..., Answer], workspace: Workspace) -> None:
    lines = here("forget", "-w", str(workspace.root), "--domain", "nobody.test", "--yes").stdout.splitlines()
    assert lines[0] == "0 addresses, 0 contents"
    assert lines[2] == "removed: rows none"
    assert workspace.table("items").read(["key"])["key"].to_pylist().count(key(1)) == 1
