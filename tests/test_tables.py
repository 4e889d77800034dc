"""Tables: written whole or not at all, resumable, one writer."""

import os
import signal
import subprocess
import sys
import textwrap
import threading
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from filelock import FileLock

from omnisource.errors import WorkspaceError, WriterBusyError
from omnisource.report import Dropped
from omnisource.schemas import SCHEMAS
from omnisource.tables import Table, is_being_written, owner_of, refuse_damaged, require_same, sole_writer


@pytest.fixture
def table(tmp_path: Path) -> Table:
    return Table(tmp_path / "tables" / "items", SCHEMAS["items"], name="items")


def item(number: int) -> dict:
    return {"key": bytes([number]) * 16, "path": f"{number}.jpg", "source": "web", "format": "image"}


def test_writer__one_part_per_rows_per_part_and_the_rest_at_the_end(table: Table):
    with table.writer(rows_per_part=2) as writer:
        for number in range(5):
            writer.add([item(number)])
    assert [pq.read_metadata(part).num_rows for part in table.parts()] == [2, 2, 1]
    assert table.read(["path"])["path"].to_pylist() == ["0.jpg", "1.jpg", "2.jpg", "3.jpg", "4.jpg"]
    assert table.num_rows() == 5


def test_writer__a_failing_block_keeps_finished_parts_and_loses_the_one_in_flight(table: Table):
    with pytest.raises(RuntimeError), table.writer(rows_per_part=2) as writer:
        writer.add([item(0), item(1)])
        writer.add([item(2)])
        raise RuntimeError
    assert table.num_rows() == 2


def test_writer__rows_added_together_stay_in_one_part(table: Table):
    with table.writer(rows_per_part=2) as writer:
        writer.add([item(0), item(1), item(2)])
    assert len(table.parts()) == 1


def test_writer__dropped_items_are_written_with_the_part(table: Table):
    dropped = Dropped(path=Path("bad.jpg"), key=b"k" * 16, reason="truncated", detail="half is missing")
    with table.writer(rows_per_part=10) as writer:
        writer.add([], [dropped])
    assert table.num_rows() == 0
    assert len(table.parts()) == 1  # an empty part makes the dropped ones count
    assert table.dropped_counts() == {"truncated": 1}


def test_writer__forgets_what_a_killed_writer_left(table: Table):
    with table.writer(rows_per_part=1) as writer:
        writer.add([item(0)])
    beside = table.dropped().folder
    (table.folder / "part-000001.parquet.partial").write_bytes(b"half")
    orphan = beside / "part-000001.parquet"
    orphan.write_bytes((beside / "part-000000.parquet").read_bytes())
    with table.writer(rows_per_part=1):
        pass
    assert not orphan.exists()
    assert not list(table.folder.glob("*.partial"))


def test_writer__a_part_ends_after_its_seconds(table: Table):
    with table.writer(rows_per_part=1000, seconds_per_part=0) as writer:
        writer.add([item(0)])
        writer.add([item(1)])
    assert len(table.parts()) == 2


def test_writer__refuses_other_settings_and_names_the_first_difference(table: Table):
    with table.writer({"min_side_px": 32}, rows_per_part=1) as writer:
        writer.add([item(0)])
    with (
        pytest.raises(WorkspaceError, match="table 'items' was made with min_side_px = 32, now it is 64.*--redo"),
        table.writer({"min_side_px": 64}, rows_per_part=1),
    ):
        pass


def test_writer__other_settings_are_fine_while_there_are_no_rows(table: Table):
    with table.writer({"min_side_px": 32}, rows_per_part=1):
        pass
    with table.writer({"min_side_px": 64}, rows_per_part=1) as writer:
        writer.add([item(0)])
    assert table.num_rows() == 1


def test_clear__removes_rows_dropped_items_and_settings(table: Table):
    with table.writer({"a": 1}, rows_per_part=1) as writer:
        writer.add([item(0)], [Dropped(path=None, key=b"k" * 16, reason="x", detail="")])
    table.clear()
    assert table.num_rows() == 0
    assert not table.dropped_counts()
    with table.writer({"a": 2}, rows_per_part=1):
        pass


def test_sole_writer__the_second_is_refused_with_the_owner_named(tmp_path: Path):
    holder = subprocess.Popen(
        [
            sys.executable,
            "-c",
            textwrap.dedent(f"""
                import time
                from pathlib import Path
                from omnisource.tables import sole_writer
                with sole_writer(Path({str(tmp_path)!r}), what="it"):
                    print("held", flush=True)
                    time.sleep(60)
            """),
        ],
        stdout=subprocess.PIPE,
    )
    try:
        assert holder.stdout is not None
        holder.stdout.readline()
        with (
            pytest.raises(WriterBusyError, match=f"table 't' is being written by process {holder.pid}"),
            sole_writer(tmp_path, what="table 't'"),
        ):
            pass
    finally:
        os.kill(holder.pid, signal.SIGKILL)
        holder.wait()
    with sole_writer(tmp_path, what="table 't'"):  # a killed owner holds nothing
        pass


def test_sole_writer__whoever_only_looks_is_waited_for(tmp_path: Path):
    looking = FileLock(tmp_path / ".lock", thread_local=False)
    looking.acquire()
    threading.Timer(0.15, looking.release).start()
    with sole_writer(tmp_path, what="it"):
        assert owner_of(tmp_path) == os.getpid()
    assert owner_of(tmp_path) is None


def test_is_being_written__whoever_only_looks_does_not_write(tmp_path: Path):
    looking = FileLock(tmp_path / ".lock", thread_local=False)
    looking.acquire()
    threading.Timer(0.03, looking.release).start()
    assert not is_being_written(tmp_path)


def test_owner_of__a_file_that_says_nothing(tmp_path: Path):
    (tmp_path / ".owner.json").write_text("{}")
    assert owner_of(tmp_path) is None


def test_is_being_written__while_someone_is(tmp_path: Path):
    assert not is_being_written(tmp_path)
    with sole_writer(tmp_path, what="it"):
        assert is_being_written(tmp_path)
    assert not is_being_written(tmp_path)


def test_require_same__extra_key_on_either_side_is_a_difference():
    require_same({"a": 1}, {"a": 1}, what="x")
    with pytest.raises(WorkspaceError, match="b = None, now it is 2"):
        require_same({"a": 1}, {"a": 1, "b": 2}, what="x")
    with pytest.raises(WorkspaceError, match="b = 2, now it is None"):
        require_same({"a": 1, "b": 2}, {"a": 1}, what="x")


@pytest.mark.parametrize("ask", [lambda table: table.read(), lambda table: table.num_rows()])
def test_table__a_damaged_part_is_named(tmp_path: Path, ask):
    (tmp_path / "part-000000.parquet").write_bytes(b"PAR1" + b"\0" * 100)
    with pytest.raises(WorkspaceError, match=r"part-000000\.parquet is damaged .* run its stage again"):
        ask(Table(tmp_path, SCHEMAS["items"], name="items"))


def part_with_damaged_pages(path: Path) -> Path:
    """A part whose footer is whole, so that its rows can be counted and not read."""
    pq.write_table(pa.table({"x": list(range(1000))}), path)
    whole = path.read_bytes()
    footer = int.from_bytes(whole[-8:-4], "little") + 8
    path.write_bytes(whole[:4] + bytes(len(whole) - 4 - footer) + whole[-footer:])
    return path


def test_refuse_damaged__nothing_to_say_about_whole_parts(tmp_path: Path):
    pq.write_table(pa.table({"x": [1]}), tmp_path / "part-000000.parquet")
    refuse_damaged(tmp_path, [tmp_path / "part-000000.parquet"])


def test_refuse_damaged__reads_every_row_of_the_parts_that_are_asked_for(tmp_path: Path):
    part = part_with_damaged_pages(tmp_path / "part-000000.parquet")
    refuse_damaged(tmp_path)  # its footer is fine
    for _ in range(2):  # the second time from memory
        with pytest.raises(WorkspaceError, match=r"part-000000\.parquet is damaged .* run its stage again"):
            refuse_damaged(tmp_path, [part])
    pq.write_table(pa.table({"x": [1]}), part)
    refuse_damaged(tmp_path, [part])


def test_table__damaged_pages_are_named(tmp_path: Path):
    part_with_damaged_pages(tmp_path / "part-000000.parquet")
    with pytest.raises(WorkspaceError, match=r"part-000000\.parquet is damaged"):
        Table(tmp_path, pa.schema([("x", pa.int64())]), name="items").read()


def test_table__a_part_that_cannot_be_opened_is_not_called_damaged(tmp_path: Path):
    (tmp_path / "part-000000.parquet").symlink_to(tmp_path / "gone")
    with pytest.raises(FileNotFoundError):
        Table(tmp_path, SCHEMAS["items"], name="items").num_rows()
