"""The app's own route: frames of what stands in the tables, and of nothing else."""

import io
from pathlib import Path

import pytest
from PIL import Image
from starlette.applications import Starlette
from starlette.testclient import TestClient

from app import serving, workspaces
from omnisource.catalog import Catalog, source
from omnisource.previews import clip_token, item_token
from omnisource.workspace import Workspace


@pytest.fixture
def client(half_done: Workspace) -> TestClient:
    workspaces._opened[workspaces.media_name(half_done)] = half_done.root
    return TestClient(Starlette(routes=serving.ROUTES))


def token_of(workspace: Workspace, format: str) -> str:
    sql = f"SELECT key FROM {source(workspace.table('items'))} WHERE format = $format AND path NOT LIKE '%page.jpg'"
    return item_token(bytes(Catalog(workspace).table(sql, {"format": format})["key"][0].as_py()))


@pytest.mark.parametrize(
    ("format", "asked", "size"),
    [
        ("image", "", (432, 360)),  # 48 x 40, its short side enlarged to the usual 360
        ("image", "?side=80", (96, 80)),
        ("image", "?side=1", (77, 64)),  # never smaller; 76.8
        ("untrimmed", "?t=3.5&side=80", (96, 80)),
        ("untrimmed", "?t=1e9&side=99999", (1296, 1080)),  # the last frame; never larger
    ],
)
def test_frame__of_bounded_size(
    client: TestClient, half_done: Workspace, format: str, asked: str, size: tuple[int, int]
):
    name = workspaces.media_name(half_done)
    answer = client.get(f"/api/frame/{name}/{token_of(half_done, format)}{asked}")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/webp")
    assert "max-age" in answer.headers["cache-control"]
    assert Image.open(io.BytesIO(answer.content)).size == size


def test_frame__of_a_labelled_clip(client: TestClient, half_done: Workspace):
    path = half_done.table("target").read(["path"])["path"][0].as_py()
    answer = client.get(f"/api/frame/{workspaces.media_name(half_done)}/{clip_token(path)}?t=0.5")
    assert answer.status_code == 200


@pytest.mark.parametrize("asked", ["t=soon", "t=-1", "t=nan", "t=inf", "side=large"])
def test_frame__refuses_what_is_no_time(client: TestClient, half_done: Workspace, asked: str):
    name = workspaces.media_name(half_done)
    assert client.get(f"/api/frame/{name}/{token_of(half_done, 'image')}?{asked}").status_code == 400


@pytest.mark.parametrize(
    ("workspace", "token", "reason"),
    [
        ("nobody", "0" * 32, "unknown_workspace"),
        (None, "0" * 32, "unknown_item"),
        (None, "t" + "0" * 32, "unknown_item"),
        (None, "..%2F..%2Fstudy.yaml", None),
        (None, "study.yaml", "unknown_item"),
    ],
)
def test_frame__only_of_what_stands_in_the_tables(
    client: TestClient, half_done: Workspace, workspace: str | None, token: str, reason: str | None
):
    answer = client.get(f"/api/frame/{workspace or workspaces.media_name(half_done)}/{token}")
    assert answer.status_code == 404
    assert reason is None or answer.text == reason


def test_media__a_picture_is_not_what_its_name_says(client: TestClient, half_done: Workspace, tmp_path: Path):
    path, name, token = tmp_path / "page.html", workspaces.media_name(half_done), "a" * 32
    Image.new("RGB", (40, 40)).save(path, "PNG")
    serving.previews(name).announce([(token, path, "image")])
    answer = client.get(f"/api/media/{name}/{token}")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/octet-stream")


def test_frame__a_file_that_is_gone(client: TestClient, half_done: Workspace, tmp_path: Path):
    name, token = workspaces.media_name(half_done), "a" * 32
    serving.previews(name).announce([(token, tmp_path / "gone.jpg", "image")])
    answer = client.get(f"/api/frame/{name}/{token}")
    assert (answer.status_code, answer.headers["cache-control"]) == (404, "no-store")
