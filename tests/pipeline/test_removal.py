"""Rows and files of some contents: found, counted, taken away."""

from pathlib import Path

import pytest

from omnisource.pipeline import removal
from omnisource.pipeline.what_to_forget import ToForget
from omnisource.workspace import Workspace
from tests.fetched_workspace import MIRROR, build, media, thumbnail
from tests.workspaces import key


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return build(tmp_path / "w")


def contents(*numbers: int, addresses: tuple[str, ...] = ()) -> ToForget:
    return ToForget(urls=(), domains=(), addresses=addresses, contents=tuple(map(key, numbers)), own=0)


def test_tables_with_web_data__are_those_with_keys_or_addresses(workspace: Workspace) -> None:
    assert [table.name for table in removal.tables_with_web_data(workspace)] == [
        *("alike", "attempts", "candidates", "features/resnet/target", "features/resnet/web"),
        *("items", "listed", "scores/teacher", "similar", "validity"),
    ]


@pytest.mark.parametrize(
    ("table", "what", "expected"),
    [
        ("scores/teacher", contents(1), 1),
        ("alike", contents(1), 1),
        ("alike", contents(5), 2),  # as the copy and as the kept one
        ("validity", contents(2), 2),  # the row, and the dropped item
        ("items", contents(1), 1),  # not the repeat in a folder of one's own
        ("items", contents(1, addresses=(MIRROR,)), 2),  # and the repeat that was fetched
        ("attempts", contents(addresses=(MIRROR,)), 1),
        ("attempts", contents(1), 2),
        ("candidates", contents(1), 0),  # they have no key
        ("features/resnet/target", contents(1, 2, 3), 0),
    ],
)
def test_remove_rows__counts_what_it_removes(table: str, what: ToForget, expected: int, workspace: Workspace) -> None:
    opened = workspace.table(table)
    before = opened.num_rows() + opened.dropped().num_rows()
    assert removal.remove_rows(workspace, opened, what, really=False) == expected
    assert opened.num_rows() + opened.dropped().num_rows() == before
    assert removal.remove_rows(workspace, opened, what, really=True) == expected
    assert opened.num_rows() + opened.dropped().num_rows() == before - expected
    assert removal.remove_rows(workspace, opened, what, really=True) == 0


def test_remove_rows__touches_no_other_part(workspace: Workspace) -> None:
    table = workspace.table("scores/teacher")
    before = {part: part.stat().st_mtime_ns for part in table.parts()}
    removal.remove_rows(workspace, table, contents(3), really=True)
    changed = [part.name for part in table.parts() if part.stat().st_mtime_ns != before[part]]
    assert changed == ["part-000001.parquet"]  # 1 and 2 lie in the first part, 3 and 5 in the second


def test_remove_rows__a_killed_writers_part_goes_too(workspace: Workspace) -> None:
    table = workspace.table("scores/teacher")
    leftover = table.folder / "part-000009.parquet.partial"
    leftover.write_bytes(b"half")
    removal.remove_rows(workspace, table, contents(), really=False)
    assert leftover.exists()
    removal.remove_rows(workspace, table, contents(), really=True)
    assert not leftover.exists()


def test_media_files__and_what_was_made_of_them(workspace: Workspace) -> None:
    assert list(removal.media_files(workspace, contents(1, 4))) == [media(workspace, 1)]
    made = [str(path.relative_to(workspace.root)) for path in removal.derived_files(workspace, contents(1))]
    name = key(1).hex()
    assert made == [
        str(thumbnail(workspace, 1).relative_to(workspace.root)),
        *(f"previews/01/{name}.mp4", f"fiftyone/frames/01/{name}-250.jpg", f"flow/m/01/{name}.mp4"),
        "previews/clips/01/abc.mp4",
    ]


def test_derived_files__contents_that_share_a_folder_of_clips_name_it_once(workspace: Workspace) -> None:
    neighbour = ToForget(urls=(), domains=(), addresses=(), contents=(key(1), b"\x02" + key(1)[1:]), own=0)
    found = [path.name for path in removal.derived_files(workspace, neighbour)]
    assert found.count("abc.mp4") == 1


def test_remove_caches__what_is_made_anew(workspace: Workspace) -> None:
    unfinished = workspace.root / "media" / "00000001.partial"
    unfinished.write_bytes(b"half a picture")
    (workspace.root / "feature_search" / "net").mkdir(parents=True)
    removal.remove_caches(workspace)
    assert not (workspace.root / "answers").exists()
    assert not (workspace.root / "feature_search").exists()  # copies of features, and words
    assert not list((workspace.root / "tables" / "similar").glob("pairs-*"))
    assert not unfinished.exists()
    assert workspace.table("similar").num_rows() == 2


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        (1, {"strict": {"web": "fingerprint of strict"}}),
        (5, {"loose": {"web": "fingerprint of loose"}, "strict": {"web": "fingerprint of strict"}}),
        (2, {}),
    ],
)
def test_examples_with__are_those_that_hold_it(number: int, expected: dict, workspace: Workspace) -> None:
    assert removal.examples_with(workspace, contents(number)) == expected


def test_remove_examples__keeps_the_recipe(workspace: Workspace) -> None:
    removal.remove_examples(workspace.auxiliary("strict"))
    assert [path.name for path in workspace.auxiliary("strict").iterdir()] == ["recipe.yaml"]
    assert removal.applied_examples(workspace) == {"loose": {"web": "fingerprint of loose"}}


def test_remove_from_run__without_a_list(workspace: Workspace) -> None:
    removal.remove_from_run(workspace.run("tsn-loose"), contents(1))
    assert not (workspace.run("tsn-loose") / "dropped.jsonl").exists()
