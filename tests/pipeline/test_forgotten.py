"""The list of what must not come back: hashes, whatever the spelling."""

from pathlib import Path

import pytest

from omnisource import config
from omnisource.errors import WorkspaceError
from omnisource.pipeline.forgotten import (
    forgotten_path,
    host_of,
    read_forgotten,
    remember_forgotten,
    same_url,
)
from omnisource.workspace import Workspace
from tests.workspaces import key


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace.create(tmp_path / "w", config.Study())


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://a.test/1.jpg", True),
        ("HTTP://A.test:80/1.jpg#top", True),
        ("http://a.test/1.jpg?s=1", False),
        ("https://a.test/1.jpg", False),  # another address
        ("http://b.test/x", True),
        ("https://www.b.test:8443/", True),
        ("http://notb.test/", False),
        ("http://b.test.evil.test/", False),
        ("http://xn--bcher-kva.test/1", True),
        ("http://bücher.test/2", True),
        ("no address at all", False),
        ("http://[::1", False),
    ],
)
def test_read_forgotten__knows_an_address_whatever_its_spelling(url: str, expected: bool, workspace: Workspace) -> None:
    remember_forgotten(
        workspace, [("url", "http://a.test/1.jpg"), ("domain", "b.test"), ("domain", "xn--bcher-kva.test")]
    )
    assert read_forgotten(workspace).holds_url(url) is expected


def test_read_forgotten__nothing_in_a_new_workspace(workspace: Workspace) -> None:
    assert not read_forgotten(workspace).holds_url("http://a.test/1.jpg")
    assert not read_forgotten(workspace).holds_content(key(1))


def test_read_forgotten__contents_and_addresses_are_not_mixed_up(workspace: Workspace) -> None:
    remember_forgotten(workspace, [("content", key(1).hex()), ("domain", "b.test")])
    forgotten = read_forgotten(workspace)
    assert (forgotten.holds_content(key(1)), forgotten.holds_content(key(2))) == (True, False)
    assert not forgotten.holds_url(f"http://{key(1).hex()}/")


def test_remember_forgotten__holds_hashes_once(workspace: Workspace) -> None:
    for _ in range(2):
        remember_forgotten(workspace, [("url", "http://a.test/secret.jpg"), ("domain", "b.test")])
    text = forgotten_path(workspace).read_text(encoding="utf-8")
    assert len(text.splitlines()) == 2
    assert "a.test" not in text
    assert "b.test" not in text


def test_read_forgotten__a_damaged_list_stops_everything(workspace: Workspace) -> None:
    forgotten_path(workspace).parent.mkdir()
    forgotten_path(workspace).write_text('{"kind": "url"')
    with pytest.raises(WorkspaceError, match="list.jsonl is damaged; put it back from a backup before anything is"):
        read_forgotten(workspace)


@pytest.mark.parametrize(
    ("url", "same"),
    [
        ("http://A.test", "http://a.test/"),
        ("https://a.test:443/b?c#d", "https://a.test/b?c"),
        ("http://a.test:8080/", "http://a.test:8080/"),
        ("http://ann@a.test:99999/", "http://a.test/"),
    ],
)
def test_same_url__is_one_spelling(url: str, same: str) -> None:
    assert same_url(url) == same


def test_host_of__what_has_none() -> None:
    assert [host_of(text) for text in ("", "a/b", "http://", "http://A.test.:80/")] == ["", "", "", "a.test"]
