"""The HTML report: complete, self-contained, and safe whatever classes and files are called."""

import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from omnisource import config, media
from omnisource.errors import WorkspaceError
from omnisource.pipeline.reporting import headline, html_report
from omnisource.pipeline.side_by_side import side_by_side
from omnisource.types import Taxonomy
from omnisource.workspace import Workspace
from tests.evaluated_runs import BASELINE, STUDENT, write_run
from tests.workspaces import apply_recipe, workspace_with

HOSTILE = '<script>alert(1)</script> & "quotes" \''


class Tags(HTMLParser):
    """Every tag and every address of a document."""

    def __init__(self, document: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.addresses: list[str] = []
        self.feed(document)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.addresses += [value or "" for name, value in attrs if name in ("src", "href")]


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    made = workspace_with(tmp_path / "w", scored=[])
    write_run(made, "tsn-baseline", BASELINE)
    write_run(made, "tsn-default", STUDENT)
    return made


def test_headline__says_how_much_and_how_sure(workspace: Workspace):
    (_, student) = side_by_side(workspace, "tsn-baseline")
    assert headline(student, "tsn-baseline") == (
        "tsn-default has 87.5% of 8 clips right, +25.0 points against tsn-baseline "
        "(95 % interval -11.6 to +51.6): 2 clips gained, 0 lost, McNemar's p 0.5."
    )


def test_html_report__has_runs_classes_pairs_and_clips(workspace: Workspace):
    document = html_report(workspace, "tsn-baseline", ["tsn-default"])
    for text in ("<h2>Runs side by side</h2>", "boxing and yoyo: -0.375", "boxing and kick: +0.250", "2 clips gained"):
        assert text in document
    assert "no_such_file" in document or "missing" in document  # the clips are not there, and it says so
    assert str(workspace.root.parent) not in document


def test_html_report__says_what_is_damaged_without_the_folders_of_this_machine(workspace: Workspace):
    (workspace.run("tsn-default") / "predictions.parquet").write_bytes(b"half")
    document = html_report(workspace, "tsn-baseline", ["tsn-default"])
    assert "tsn-default: runs/tsn-default/predictions.parquet cannot be read" in document
    assert str(workspace.root.parent) not in document


def test_html_report__needs_nothing_beside_it(workspace: Workspace, tmp_path: Path):
    clip = tmp_path / "clip.mp4"
    media.write_video(clip, np.zeros((8, 32, 32, 3), np.uint8), 8)
    for run in ("tsn-baseline", "tsn-default"):
        _move_clips(workspace, run, str(clip))
    apply_recipe(workspace, "default", config.Recipe(), kept=[1])
    tags = Tags(html_report(workspace, "tsn-baseline", ["tsn-default"]))
    assert tags.addresses and all(address.startswith("data:image/webp;base64,") for address in tags.addresses)
    assert {"svg", "table", "img", "details"} <= tags.tags
    assert "script" not in tags.tags and "link" not in tags.tags


def test_html_report__escapes_names(tmp_path: Path):
    workspace = workspace_with(tmp_path / "w", scored=[])
    workspace.taxonomy_path.unlink()
    workspace.save_taxonomy(Taxonomy(names=(HOSTILE, "yoyo", "kick")))
    write_run(workspace, "tsn-baseline", BASELINE)
    write_run(workspace, "tsn-<b>x", STUDENT)
    document = html_report(workspace, "tsn-baseline", ["tsn-<b>x"])
    assert "script" not in Tags(document).tags
    assert not re.search(r"<b>x|<script>", document)
    assert "&lt;script&gt;" in document


def test_html_report__a_run_that_cannot_be_compared_says_why(workspace: Workspace):
    write_run(workspace, "tsn-old", STUDENT, clips="others")
    assert "tested on other clips" in html_report(workspace, "tsn-baseline", ["tsn-old"])


def test_html_report__of_the_baseline_alone(workspace: Workspace):
    assert "tsn-baseline" in html_report(workspace, "tsn-baseline", [])


def test_html_report__a_run_without_metrics(workspace: Workspace):
    with pytest.raises(WorkspaceError, match="run 'tsn-x' has no metrics yet"):
        html_report(workspace, "tsn-baseline", ["tsn-x"])


def _move_clips(workspace: Workspace, run: str, path: str) -> None:
    """Let the predictions speak of a file that is there."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    file = workspace.run(run) / "predictions.parquet"
    table = pq.read_table(file)
    place = table.schema.get_field_index("path")
    pq.write_table(table.set_column(place, "path", pa.array([path] * table.num_rows)), file)
