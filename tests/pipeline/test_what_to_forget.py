"""Addresses and domains -> what came from them; the table of fetched_workspace says what there is."""

from pathlib import Path

import pytest

from omnisource.errors import WorkspaceError
from omnisource.pipeline.what_to_forget import (
    note_finished,
    note_unfinished,
    parse_domain,
    parse_url,
    what_to_forget,
)
from omnisource.workspace import Workspace
from tests.fetched_workspace import MIRROR, MISSING, URLS, build
from tests.workspaces import key


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    return build(tmp_path_factory.mktemp("fetched") / "w")


@pytest.mark.parametrize(
    ("urls", "domains", "numbers", "others", "own"),
    [
        ([], ["pictures.test"], [1, 2, 3], [MIRROR, MISSING, URLS[7]], 1),
        ([], ["gallery.pictures.test"], [2], [], 0),
        ([], ["mirror.test"], [1], [MIRROR], 0),  # the content goes, and with it where else it was found
        ([], ["ictures.test"], [], [], 0),  # only whole names
        ([], ["test"], [1, 2, 3, 5, 6], [MIRROR, MISSING, URLS[7]], 1),
        (["http://pictures.test/3.jpg"], [], [3], [], 0),  # where short.test redirects to
        (["http://other.test/p"], [], [5], [], 0),  # a page
        (["http://pictures.test/404.jpg"], [], [], [MISSING], 0),
        (["http://pictures.test/nothing.jpg"], [], [], [], 0),
        (["http://other.test/5.jpg"], ["cdn.test"], [2, 5], [], 0),
    ],
)
def test_what_to_forget__finds_what_came_from_there(
    urls: list[str], domains: list[str], numbers: list[int], others: list[str], own: int, workspace: Workspace
) -> None:
    what = what_to_forget(workspace, urls, domains)
    assert what.contents == tuple(key(number) for number in numbers)
    assert set(what.addresses) == {URLS[number] for number in numbers} | set(others)
    assert what.own == own


def test_what_to_forget__goes_on_with_what_was_not_finished(tmp_path: Path) -> None:
    workspace = build(tmp_path / "w")
    first = what_to_forget(workspace, ["http://other.test/5.jpg"], ["cdn.test"])
    note_unfinished(workspace, first)
    assert what_to_forget(workspace, [], []) == first
    both = what_to_forget(workspace, [], ["mirror.test"])
    assert both.domains == ("cdn.test", "mirror.test")
    assert both.contents == (key(1), key(2), key(5))
    note_finished(workspace)
    with pytest.raises(WorkspaceError, match="nothing is named that could be forgotten; give --url or --domain"):
        what_to_forget(workspace, [], [])


@pytest.mark.parametrize(
    ("text", "domain"),
    [("Example.COM", "example.com"), ("*.example.com", "example.com"), ("bücher.example.", "xn--bcher-kva.example")],
)
def test_parse_domain__as_dns_writes_it(text: str, domain: str) -> None:
    assert parse_domain(text) == domain


@pytest.mark.parametrize(
    "text", ["", "https://example.com", "example.com/a", "ann@example.com", "example.com:80", "a b"]
)
def test_parse_domain__refuses_others(text: str) -> None:
    with pytest.raises(WorkspaceError, match="is no domain; write it as example.com, or use --url for an address"):
        parse_domain(text)


@pytest.mark.parametrize("text", ["example.com/a.jpg", "ftp://example.com/a", "https://", "/a/b.jpg"])
def test_parse_url__refuses_others(text: str) -> None:
    with pytest.raises(WorkspaceError, match="is no address; write it as https://example.com/picture.jpg, or use"):
        parse_url(text)
