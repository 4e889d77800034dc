"""What was left out, by stage, reason and source."""

from pathlib import Path

from omnisource.catalog import Catalog
from omnisource.pipeline.failures import failures
from omnisource.report import Dropped
from omnisource.workspace import Workspace
from tests.workspaces import change, key, workspace_with


def drop(workspace: Workspace, table: str, *dropped: Dropped) -> None:
    with workspace.table(table).writer(rows_per_part=99) as writer:
        writer.add([], dropped)


def test_failures__of_items_and_of_files_that_never_became_items(tmp_path: Path):
    scored = [{"number": number, "top": 0, "confidence": 0.5} for number in (1, 2)]
    workspace = workspace_with(tmp_path / "w", scored=scored)
    folder = tmp_path / "it's web"
    source = {"name": "crawled", "format": "image", "path": str(folder)}
    change(workspace, f"sources=[{source}]")
    bad = [Dropped(path=Path(f"/web/{n}"), key=key(n), reason="unreadable", detail="truncated") for n in (1, 2)]
    drop(workspace, "validity", *bad)
    repeat = Dropped(path=folder / "a.jpg", key=None, reason="repeat", detail="the same content as /web/1")
    drop(workspace, "items", repeat, Dropped(path=Path("/elsewhere/b.jpg"), key=None, reason="repeat", detail=""))
    found = [
        (one.table, one.reason, one.source, one.browse_source, one.count, one.example)
        for one in failures(workspace, Catalog(workspace))
    ]
    assert found == [
        ("validity", "unreadable", "web", "web", 2, "truncated"),
        ("items", "repeat", "crawled", None, 1, "the same content as /web/1"),
        ("items", "repeat", None, None, 1, "/elsewhere/b.jpg"),
    ]


def test_failures__where_nothing_was_left_out(tmp_path: Path):
    workspace = workspace_with(tmp_path / "w", scored=[{"number": 1, "top": 0, "confidence": 0.5}])
    assert failures(workspace, Catalog(workspace)) == []
