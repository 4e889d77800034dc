"""What notebooks show: everything is in the file, and text from the web is escaped."""

import base64
import re
import shutil

import av
import numpy as np
import plotly.graph_objects as go
import pytest

from omnisource import notebook
from omnisource.browsing import WallItem
from omnisource.clean.pairs import Pair
from omnisource.config import Study
from omnisource.figures import drawing
from omnisource.types import Format, Taxonomy
from omnisource.workspace import Workspace
from tests import micro_world

HOSTILE = '<img src=x onerror="alert(1)">'


@pytest.fixture
def workspace(tmp_path) -> Workspace:
    made = Workspace.create(tmp_path / "work", Study())
    made.save_taxonomy(Taxonomy(names=("juggling", HOSTILE)))
    return made


def item_at(path: str, **known: object) -> WallItem:
    values = {"key": bytes(16), "path": path, "source": "web", "format": Format.IMAGE, "query_class": 1}
    values |= dict.fromkeys(("top_class", "confidence", "query_prob", "start_s", "end_s"))
    values |= dict.fromkeys(("dropped_by", "reason", "detail")) | {"num_segments": 0}
    return WallItem(**(values | known))


def test_wall__shows_the_picture_and_what_is_known_of_it(workspace: Workspace, rng) -> None:
    path = workspace.root / "picture.png"
    micro_world._image(path, rng.integers(0, 255, (40, 60, 3), dtype=np.uint8))
    shown = notebook.wall(workspace, [item_at(str(path), query_class=0, top_class=0, confidence=0.826)]).html
    assert re.search(r'src="data:image/webp;base64,[^"]{100,}"', shown)
    assert "query: juggling<br>teacher: juggling 83%" in shown


def test_wall__escapes_class_names_and_says_what_cannot_be_read(workspace: Workspace) -> None:
    (workspace.root / "page.jpg").write_text("not a picture")
    shown = notebook.wall(workspace, [item_at(str(workspace.root / "page.jpg"), reason="not_media")]).html
    assert "<img src=x" not in shown
    assert "&lt;img src=x" in shown
    assert "no picture" in shown and "dropped: not media" in shown


def test_wall__has_at_most_so_many_tiles(workspace: Workspace) -> None:
    endless = (item_at(str(workspace.root / f"{number}.jpg")) for number in range(10**9))
    assert notebook.wall(workspace, endless, limit=3).html.count("<figure") == 3


def test_players__hold_a_video_that_browsers_play(rng, tmp_path) -> None:
    shown = notebook.players({HOSTILE: rng.integers(0, 255, (6, 32, 48, 3), dtype=np.uint8)}, fps=4).html
    assert "<img src=x" not in shown
    (tmp_path / "clip.mp4").write_bytes(base64.b64decode(re.search(r'base64,([^"]+)"', shown)[1]))
    with av.open(str(tmp_path / "clip.mp4")) as container:
        stream = container.streams.video[0]
        assert (stream.codec_context.name, stream.frames, stream.average_rate) == ("h264", 6, 4)


def test_strip__edges_have_the_colours_that_are_given(rng) -> None:
    frames = rng.integers(0, 255, (2, 8, 8, 3), dtype=np.uint8)
    shown = notebook.strip(frames, ["0 s", "1 s"], colours=["#123456", "#654321"]).html
    assert shown.index("#123456") < shown.index("0 s") < shown.index("#654321") < shown.index("1 s")
    with pytest.raises(ValueError, match="shorter"):
        notebook.strip(frames, ["only one"])


def test_pairs__stand_side_by_side(workspace: Workspace, rng) -> None:
    micro_world._image(workspace.root / "target.png", rng.integers(0, 255, (40, 60, 3), dtype=np.uint8))
    known = {"number": 0, "key": bytes(16), "source": "web", "format": Format.IMAGE, "class_index": 0, "time_s": 0.0}
    known |= {"target_path": str(workspace.root / "target.png"), "target_format": Format.IMAGE, "target_class": 1}
    known |= {"target_split": "val", "target_time_s": 0.0, "similarity": 0.9342, "state": "open"}
    shown = notebook.pairs(workspace, [Pair(path=str(workspace.root / "gone.png"), **known)]).html
    assert shown.count("<figure") == 1 and "<figcaption" in shown
    assert shown.index("no picture") < shown.index("data:image/webp") < shown.index("similarity 0.934: &lt;img")


def test_pictures__show_files_with_their_captions(tmp_path, rng) -> None:
    micro_world._image(tmp_path / "a.png", rng.integers(0, 255, (40, 60, 3), dtype=np.uint8))
    shown = notebook.pictures({"there": tmp_path / "a.png", "gone": tmp_path / "b.png"}, format=Format.IMAGE).html
    assert shown.count("data:image/webp") == 1 and shown.count("no picture") == 1


def test_table__escapes_and_says_when_it_is_empty() -> None:
    shown = notebook.table([{"class": HOSTILE, "count": 12345, "share": 0.25, "sure": True}]).html
    assert "&lt;img" in shown and "<img" not in shown
    assert ">12,345</td>" in shown and ">0.25</td>" in shown and ">True</td>" in shown
    assert notebook.table([]).html == "<p>No rows.</p>"


def test_figure__is_live_has_words_and_is_drawn_where_a_browser_is() -> None:
    given = go.Figure(go.Bar(y=[1, 2]), {"paper_bgcolor": "rgba(0,0,0,0)"})
    bundle, metadata = notebook.figure(given, "two bars")._repr_mimebundle_()
    assert bundle["application/vnd.plotly.v1+json"]["data"][0]["type"] == "bar"
    assert bundle["text/plain"] == "two bars"
    assert metadata["image/svg+xml"]["alt"] == "two bars"
    if any(map(shutil.which, drawing.BROWSERS)):
        assert bundle["image/svg+xml"].startswith("<svg")


def test_figure__is_on_white_and_the_given_one_stays() -> None:
    given = go.Figure(go.Bar(y=[1, 2]), {"paper_bgcolor": "rgba(0,0,0,0)"})
    assert notebook.figure(given, "two bars").figure.layout.paper_bgcolor == "white"
    assert given.layout.paper_bgcolor == "rgba(0,0,0,0)"
