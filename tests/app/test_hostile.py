"""What would do harm if it were trusted: names, lost and damaged workspaces, links to other files, very many items."""

import json
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient
from streamlit.testing.v1 import AppTest

from app import clip_serving, serving, workspaces
from benchmarks.catalog import fill
from omnisource import config
from omnisource.catalog import Catalog, source
from omnisource.previews import clip_token, item_token
from omnisource.types import Taxonomy
from omnisource.workspace import Workspace
from tests.app.conftest import OpenPage

PAGES = ("overview", "browse", "collect", "duplicates", "thresholds", "balance", "clips", "train", "results")
CLASSES = (
    "<img src=x onerror=alert(1)> $x$ :red[y] **b**",
    "\u202egnp 🙂 \"quoted\" 'and' `code` [a](b)",
    "long " * 60,
)
FILES = ("<b>&amp; $x$ :red[y].png", "\u202egnp.🙂 \"q\" 'q' `c` [a](b).png", "w" * 240 + ".png")
MARKDOWN = ("markdown", "caption", "error", "warning", "info", "success", "button", "checkbox", "toggle", "expander")
NUM_MANY = 100_000
"""Items of a large wall."""
PAGE_SIZE = 60


def renamed(workspace: Workspace) -> Workspace:
    """The same workspace, its classes and its first pictures called as above."""
    workspace.taxonomy_path.unlink()
    workspace.save_taxonomy(Taxonomy(names=CLASSES))
    names = iter(FILES)
    for part in workspace.table("items").parts():
        table = pq.read_table(part)
        paths = [
            _renamed(path, next(names, None), workspace.root.parent) if path.endswith(".png") else path
            for path in table["path"].to_pylist()
        ]
        column = table.schema.get_field_index("path")
        pq.write_table(table.set_column(column, table.schema.field(column), [paths]), part)
    return workspace


def _renamed(path: str, name: str | None, folder: Path) -> str:
    """The same picture under another name, beside the workspace: no test changes the world itself."""
    return path if name is None else str(shutil.copy(path, folder / name))


def markdown(page: AppTest) -> Iterator[str]:
    """Every text of a page that is rendered as Markdown."""
    for kind in MARKDOWN:
        for element in page.get(kind):
            proto = getattr(element, "proto", None)
            for name in ("body", "label", "help"):
                text = getattr(proto, name, "")
                if isinstance(text, str) and text:
                    yield text


@pytest.mark.parametrize("view", PAGES)
def test_names__are_text_on_every_page(open_page: OpenPage, finished: Workspace, view: str):
    page = open_page(view, renamed(finished))
    assert not page.exception
    for text in markdown(page):
        for harm in (":red[y]", "$x$", "**b**", "[a](b)", "<img"):
            assert harm not in text.replace(f"\\{harm[0]}", "").replace("\\:", ""), f"{harm} is markup in {text[:200]}"
    assert not any(element.proto.allow_html for element in page.markdown)


@pytest.mark.parametrize("view", PAGES)
def test_workspace__deleted_while_it_is_open(open_page: OpenPage, finished: Workspace, view: str):
    page = open_page(view, finished)
    shutil.rmtree(finished.root)
    page.run()
    assert not page.exception
    assert any(str(finished.root) in element.value.replace("\\", "") for element in page.sidebar.error)


@pytest.mark.parametrize("view", PAGES)
def test_tables__a_corrupted_part(open_page: OpenPage, finished: Workspace, view: str):
    part = finished.table("items").parts()[0]
    part.write_bytes(b"PAR1" + b"\0" * 100)
    page = open_page(view, finished)
    assert not page.exception


@pytest.mark.parametrize("table", ["items", "scores/flat", "validity", "target"])
@pytest.mark.parametrize("view", PAGES)
def test_tables__a_part_with_damaged_pages(open_page: OpenPage, finished: Workspace, view: str, table: str):
    part = finished.table(table).parts()[0]
    whole = part.read_bytes()
    size = int.from_bytes(whole[-8:-4], "little") + 8  # of the footer, which stays as it was
    part.write_bytes(whole[:4] + bytes(len(whole) - 4 - size) + whole[-size:])
    page = open_page(view, finished)
    assert not page.exception
    if (table, view) in {("items", "browse"), ("items", "overview"), ("target", "overview"), ("validity", "collect")}:
        assert any("part-000000.parquet is damaged" in one.value.replace("\\", "") for one in page.error)


@pytest.fixture
def client(finished: Workspace) -> TestClient:
    workspaces._opened[workspaces.media_name(finished)] = finished.root
    return TestClient(Starlette(routes=[*serving.ROUTES, *clip_serving.CLIP_ROUTES]))


def rows(workspace: Workspace, format: str) -> list[dict]:
    sql = f"SELECT key, path FROM {source(workspace.table('items'))} WHERE format = $format ORDER BY path"
    return Catalog(workspace).table(sql, {"format": format}).to_pylist()


ROUTES = ("thumbnail", "frame", "media", "clip")
CLIP = "?mode=replicate&frames=2&steps=1"


OUTSIDE = (
    "..",
    "../study.yaml",
    "..%2Fstudy.yaml",
    "%2e%2e%2fstudy.yaml",
    "%252e%252e%252fstudy.yaml",
    "..\\study.yaml",
    "/etc/passwd",
    "%2Fetc%2Fpasswd",
    "file:%2F%2F%2Fetc%2Fpasswd",
    "study.yaml",
    "study.yaml%00.png",
    "0" * 32,
    "t" + "0" * 32,
    "0" * 5000,
    "%27%20OR%201%3D1%20--",
)
"""Tokens that are none."""


@pytest.mark.parametrize("route", ROUTES)
def test_routes__no_way_out_of_the_tables(client: TestClient, finished: Workspace, route: str):
    for token in OUTSIDE:
        answer = client.get(f"/api/{route}/{workspaces.media_name(finished)}/{token}{CLIP if route == 'clip' else ''}")
        assert answer.status_code == 404, token
        assert b"networks" not in answer.content, token
        assert b"root:" not in answer.content, token


@pytest.mark.parametrize("route", ROUTES)
def test_routes__an_unknown_workspace(client: TestClient, finished: Workspace, route: str):
    token = item_token(rows(finished, "image")[0]["key"])
    for name in ("..", "%2e%2e", "nobody", "%2Ftmp", "0" * 12):
        answer = client.get(f"/api/{route}/{name}/{token}{CLIP if route == 'clip' else ''}")
        assert answer.status_code == 404, name
        assert answer.text in ("unknown_workspace", "Not Found"), name  # of ours, or of no route at all


@pytest.mark.parametrize("route", ROUTES)
def test_routes__a_token_of_another_workspace(client: TestClient, finished: Workspace, tmp_path: Path, route: str):
    other = Workspace.create(tmp_path / "other", config.Study())
    workspaces._opened[workspaces.media_name(other)] = other.root
    token = item_token(rows(finished, "image")[0]["key"])
    asked = CLIP if route == "clip" else ""
    assert client.get(f"/api/{route}/{workspaces.media_name(finished)}/{token}{asked}").status_code == 200
    assert client.get(f"/api/{route}/{workspaces.media_name(other)}/{token}{asked}").status_code == 404


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize("format", ["image", "trimmed"])
def test_routes__an_item_that_leads_elsewhere(
    client: TestClient, finished: Workspace, tmp_path: Path, route: str, format: str
):
    secret, link = tmp_path / "secret.txt", tmp_path / "picture.png"
    secret.write_text("a secret of this machine")
    link.symlink_to(secret)
    token = "a" * 32
    serving.previews(workspaces.media_name(finished)).announce([(token, link, format)])
    asked = CLIP if route == "clip" else ""
    answer = client.get(f"/api/{route}/{workspaces.media_name(finished)}/{token}{asked}")
    assert answer.status_code == 404
    assert b"secret" not in answer.content


def test_routes__a_deleted_workspace(client: TestClient, finished: Workspace):
    shutil.rmtree(finished.root)
    assert client.get(f"/api/thumbnail/{workspaces.media_name(finished)}/{'0' * 32}").status_code == 404


@pytest.mark.parametrize(
    ("asked", "start", "end"),
    [("bytes=0-9", 0, 10), ("bytes=100-", 100, None), ("bytes=-7", -7, None)],
)
def test_media__ranges(client: TestClient, finished: Workspace, asked: str, start: int, end: int | None):
    item = next(row for row in rows(finished, "trimmed") if not row["path"].endswith("empty.mp4"))
    whole = Path(item["path"]).read_bytes()
    url = f"/api/media/{workspaces.media_name(finished)}/{item_token(item['key'])}"
    answer = client.get(url, headers={"Range": asked})
    assert answer.status_code == 206
    assert answer.content == whole[start:end]
    assert answer.headers["content-range"].endswith(f"/{len(whole)}")
    assert client.get(url).content == whole


def test_media__a_range_behind_the_end(client: TestClient, finished: Workspace):
    path = finished.table("target").read(["path"])["path"][0].as_py()
    url = f"/api/media/{workspaces.media_name(finished)}/{clip_token(path)}"
    assert client.get(url, headers={"Range": "bytes=99999999-"}).status_code == 416


def test_browse__a_hundred_thousand_items(open_page: OpenPage, tmp_path: Path):
    workspace = Workspace.create(tmp_path / "many", config.Study())
    workspace.save_taxonomy(Taxonomy(names=tuple(f"class {i}" for i in range(400))))
    fill(workspace, NUM_MANY)
    page = open_page("browse", workspace)
    assert not page.exception
    started = time.perf_counter()
    page.pagination[0].set_value(2).run() if hasattr(page, "pagination") else page.button(key="browse_on").click().run()
    drawn_s = time.perf_counter() - started
    (wall,) = (one for one in page.get("bidi_component") if one.proto.component_name.endswith("wall"))
    sent = wall.proto.mixed.json if wall.proto.HasField("mixed") else wall.proto.json
    assert len(json.loads(sent)["tiles"]) == PAGE_SIZE
    assert len(sent) < 1000 * PAGE_SIZE  # only what is shown
    assert f"{NUM_MANY:,}"[:2] in page.markdown[0].value
    for beyond in (0, 10**9):  # as the wall's arrows ask for it
        page.session_state["browse_page"] = beyond
        assert not page.run().exception
    assert drawn_s < 5, f"{drawn_s:.2f} s; a few tenths on a machine that does nothing else"
