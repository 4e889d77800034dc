"""Forgetting a domain and an address: what goes, what stays, what is said."""

import json
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from omnisource import config
from omnisource.errors import WorkspaceError, WriterBusyError
from omnisource.pipeline.forgetting import forget
from omnisource.pipeline.forgotten import read_forgotten
from omnisource.reviews import Reviews
from omnisource.tables import sole_writer
from omnisource.workspace import Workspace
from tests.fetched_workspace import MIRROR, MISSING, URLS, build, media, snapshot, thumbnail
from tests.workspaces import key


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Where the workspace lies, whose tables name whole paths, and what it was like."""
    folder = tmp_path_factory.mktemp("forgetting")
    build(folder / "w")
    return folder, Path(shutil.copytree(folder, tmp_path_factory.mktemp("kept") / "as_built"))


@pytest.fixture
def workspace(built: tuple[Path, Path]) -> Workspace:
    folder, kept = built
    shutil.rmtree(folder)
    shutil.copytree(kept, folder)
    return Workspace(folder / "w")


def numbers(workspace: Workspace, table: str, column: str = "key") -> list[int]:
    """Which items a table speaks of."""
    return sorted(found[0] for found in workspace.table(table).read([column])[column].to_pylist() if found)


def test_forget__counts_and_removes_nothing_unless_told_to(workspace: Workspace) -> None:
    before = snapshot(workspace)
    told = forget(workspace, domains=["pictures.test"])
    assert not told.is_done
    # 1, 2, 3, 7, the mirror of 1, and what was not there
    assert (told.addresses, told.contents, told.files, told.num_bytes) == (6, 3, 3, 30)
    assert snapshot(workspace) == before
    assert not read_forgotten(workspace).holds_url(URLS[1])


def test_forget__removes_a_domain_with_all_that_was_made_of_it(workspace: Workspace) -> None:
    counted = forget(workspace, domains=["pictures.test"])
    told = forget(workspace, domains=["pictures.test"], really=True)
    assert told.is_done
    assert told.rows == counted.rows
    assert told.rows == {
        "alike": 1,
        "features/resnet/web": 3,
        "listed": 3,
        "scores/teacher": 3,
        "similar": 1,
        "validity": 3 + 1,  # and one that it had dropped
        "items": 3 + 1,  # and the repeat at the mirror
        "attempts": 6,
        "candidates": 6,
    }
    for table in ("validity", "scores/teacher", "features/resnet/web", "listed", "items"):
        assert numbers(workspace, table) == [5, 6, 7], table
    assert numbers(workspace, "similar") == [5]
    assert (numbers(workspace, "alike"), numbers(workspace, "alike", "kept_key")) == ([6], [5])
    for table in ("candidates", "attempts"):
        assert workspace.table(table).read(["url"])["url"].to_pylist() == [URLS[5], URLS[6]]
    assert [media(workspace, n).exists() for n in (1, 2, 3, 5, 6)] == [False] * 3 + [True] * 2
    assert [thumbnail(workspace, n).exists() for n in (1, 2, 3, 5, 6)] == [False] * 3 + [True] * 2
    assert workspace.table("features/resnet/target").num_rows() == 1


def test_forget__leaves_no_trace_of_keys_and_addresses(workspace: Workspace) -> None:
    forget(workspace, domains=["pictures.test"], really=True)
    own_copies = ("dropped/items", "reviews")
    for name, content in snapshot(workspace).items():
        if not any(part in name for part in own_copies):
            text = repr(content) + name
            assert key(1).hex() not in text, name
            assert repr(key(1)) not in text, name
            assert not any(url in text for url in (URLS[1], URLS[2], URLS[3], MIRROR, MISSING)), name
    # the repeat in a folder of one's own stays known, so that `add` does not make it an item
    assert [row["path"][-9:] for row in workspace.table("items").dropped().read().to_pylist()] == ["own/1.jpg"]


def test_forget__parts_keep_their_names_and_numbers(workspace: Workspace) -> None:
    table = workspace.table("scores/teacher")
    before = [part.name for part in table.parts()]
    forget(workspace, domains=["pictures.test"], really=True)
    assert [part.name for part in table.parts()] == before  # the first held 1 and 2: it is empty now
    with table.writer(rows_per_part=1) as writer:
        writer.add([{"key": key(8)}])
    assert numbers(workspace, "scores/teacher") == [5, 6, 7, 8]


def test_forget__one_address_takes_its_mirror_along(workspace: Workspace) -> None:
    told = forget(workspace, urls=["HTTP://pictures.test:80/1.jpg#top"], really=True)
    assert (told.addresses, told.contents, told.files) == (2, 1, 1)
    assert numbers(workspace, "items") == [2, 3, 5, 6, 7]
    assert MIRROR not in workspace.table("candidates").read(["url"])["url"].to_pylist()


def test_forget__a_page_takes_its_media_along(workspace: Workspace) -> None:
    forget(workspace, urls=["https://gallery.pictures.test/p2"], really=True)
    assert numbers(workspace, "items") == [1, 3, 5, 6, 7]


def test_forget__nothing_comes_back(workspace: Workspace) -> None:
    forget(workspace, domains=["pictures.test"], really=True)
    forgotten = read_forgotten(workspace)
    for url in (*(URLS[n] for n in (1, 2, 3, 7)), MIRROR, MISSING, "https://www.pictures.test/new.jpg"):
        assert forgotten.holds_url(url), url
    assert not any(forgotten.holds_url(URLS[n]) for n in (5, 6))
    assert [forgotten.holds_content(key(n)) for n in (1, 2, 3, 5, 7)] == [True, True, True, False, False]


def test_forget__names_what_has_learnt_from_it(workspace: Workspace) -> None:
    told = forget(workspace, domains=["pictures.test"])
    assert told.runs == ("tsn-strict", "tsn-strict-finetuned")
    assert told.runs_in_doubt == ("tsn-old",)
    assert told.recipes == ("strict",)
    told = forget(workspace, domains=["nobody.test"])
    assert (told.runs, told.runs_in_doubt, told.recipes, told.rows) == ((), (), (), {})


def test_forget__removes_examples_and_lists_of_runs(workspace: Workspace) -> None:
    forget(workspace, domains=["pictures.test"], really=True)
    strict, loose = workspace.auxiliary("strict"), workspace.auxiliary("loose")
    assert sorted(path.name for path in strict.iterdir() if path.name[0] != ".") == ["recipe.yaml"]
    assert (loose / "done.json").is_file()
    dropped = (workspace.run("tsn-strict") / "dropped.jsonl").read_text()
    assert [json.loads(line)["path"] for line in dropped.splitlines()] == [str(media(workspace, 5))]
    report = json.loads(workspace.report_path("fetch").read_text())
    assert (report["dropped"], [one["path"] for one in report["first_dropped"]]) == (2, ["/own/9.jpg"])


def test_forget__what_people_said_stays(workspace: Workspace) -> None:
    told = forget(workspace, domains=["pictures.test"], really=True)
    assert told.reviews == 1
    assert len(Reviews(workspace.reviews_path).current()) == 2


def test_forget__files_of_ones_own_stay(workspace: Workspace) -> None:
    told = forget(workspace, domains=["pictures.test"], really=True)
    assert told.own == 1
    assert (workspace.root.parent / "own" / "7.jpg").exists()


def test_forget__files_of_a_finished_crawl_are_named_and_stay(workspace: Workspace, tmp_path: Path) -> None:
    crawled = tmp_path / "crawl" / "4.jpg"
    crawled.parent.mkdir()
    crawled.write_bytes(b"4")
    with workspace.table("items").writer(rows_per_part=9) as writer:
        row = {"key": key(4), "path": str(crawled), "source": "web", "format": "image", "class_index": 1}
        writer.add([row | {"url": "http://pictures.test/4.jpg"}])
    told = forget(workspace, domains=["pictures.test"], really=True)
    assert told.files_elsewhere == (str(crawled),)
    assert crawled.exists()
    assert numbers(workspace, "items") == [5, 6, 7]


def test_forget__twice_is_once(workspace: Workspace) -> None:
    forget(workspace, domains=["pictures.test"], really=True)
    before = snapshot(workspace)
    told = forget(workspace, domains=["pictures.test"], really=True)
    assert (told.addresses, told.contents, told.rows, told.files) == (0, 0, {}, 0)
    assert snapshot(workspace) == before


@pytest.mark.parametrize(
    ("folder", "what"),
    [("tables/attempts", "table 'attempts'"), ("auxiliary/strict", "auxiliary set 'strict'")]
    + [("runs/tsn-strict", "run 'tsn-strict'")],
)
def test_forget__waits_for_whoever_writes(folder: str, what: str, workspace: Workspace) -> None:
    before = snapshot(workspace)
    with (
        sole_writer(workspace.root / folder, what="x"),
        pytest.raises(WriterBusyError, match=f"{what} is being written"),
    ):
        forget(workspace, domains=["pictures.test"], really=True)
    assert snapshot(workspace) == before


@pytest.mark.parametrize("table", ["candidates", "attempts"])
def test_forget__waits_for_a_first_search_or_fetch_that_has_written_nothing_yet(table: str, tmp_path: Path) -> None:
    made = Workspace.create(tmp_path / "w", config.Study())
    with (
        made.table(table).writer(rows_per_part=10),
        pytest.raises(WriterBusyError, match=f"table '{table}' is being written"),
    ):
        forget(made, domains=["pictures.test"], really=True)
    assert not read_forgotten(made).hashes


def test_forget__of_a_workspace_without_anything(tmp_path: Path) -> None:
    told = forget(Workspace.create(tmp_path / "w", config.Study()), domains=["pictures.test"], really=True)
    assert (told.is_done, told.addresses, told.rows) == (True, 0, {})
    assert read_forgotten(Workspace(tmp_path / "w")).holds_url(URLS[1])


@pytest.mark.parametrize(
    ("urls", "domains", "message"),
    [
        ((), (), "nothing is named that could be forgotten; give --url or --domain"),
        (("pictures.test",), (), "'pictures.test' is no address; write it as https://example.com/picture.jpg"),
        ((), ("http://pictures.test/",), "is no domain; write it as example.com, or use --url for an address"),
        ((), ("",), "'' is no domain"),
    ],
)
def test_forget__wants_an_address_or_a_domain(
    urls: tuple[str, ...], domains: tuple[str, ...], message: str, workspace: Workspace
) -> None:
    with pytest.raises(WorkspaceError) as error:
        forget(workspace, urls=urls, domains=domains)
    assert message in str(error.value)


@pytest.mark.slow
def test_forget__killed_at_any_moment_is_finished_by_the_next_one(workspace: Workspace, tmp_path: Path) -> None:
    once, killed = (Workspace(shutil.copytree(workspace.root, tmp_path / name)) for name in ("once", "killed"))
    program = (
        "import sys; from pathlib import Path; from omnisource.workspace import Workspace;"
        "from omnisource.pipeline.forgetting import forget; w = Workspace(Path(sys.argv[1]));"
        "forget(w, domains=['pictures.test']); print('ready', flush=True);"
        "forget(w, domains=['pictures.test'], really=True); print('done', flush=True)"
    )
    forget(once, domains=["pictures.test"], really=True)
    for delay_s in (0.1, 0.2):
        process = subprocess.Popen([sys.executable, "-c", program, str(killed.root)], stdout=subprocess.PIPE, text=True)
        assert process.stdout.readline() == "ready\n"
        time.sleep(delay_s)
        process.kill()
        process.communicate()
    forget(killed, domains=["pictures.test"], really=True)
    assert not (killed.root / "forgotten" / "unfinished.json").exists()
    assert _without_roots(snapshot(killed)) == _without_roots(snapshot(once))
    assert read_forgotten(killed) == read_forgotten(once)


def _without_roots(found: dict[str, object]) -> dict[str, str]:
    return {name: repr(content) for name, content in found.items() if "partial" not in name}


def test_forget__an_unfinished_one_is_finished_whatever_is_named_next(workspace: Workspace) -> None:
    from omnisource.pipeline.what_to_forget import note_unfinished, what_to_forget

    note_unfinished(workspace, what_to_forget(workspace, ["http://short.test/3"], []))
    told = forget(workspace, domains=["cdn.test"], really=True)
    assert (told.addresses, told.contents) == (2, 2)
    assert numbers(workspace, "items") == [1, 5, 6, 7]
    assert read_forgotten(workspace).holds_url("http://short.test/3")
