"""Lists as people write them."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from omnisource.collect.sources.list_columns import find_columns, list_files, read_batches
from omnisource.errors import DataError


def _rows(file: Path) -> list[dict[str, object]]:
    columns = find_columns(file)
    return [row for batch in read_batches(file, columns) for row in batch.to_pylist()]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.csv", 'URL,Class\nhttps://a.example/1.jpg,"bee, keeping"\n'),
        ("a.csv", '\ufeffclass;url\n"bee, keeping";https://a.example/1.jpg\n'),  # as spreadsheets write it
        ("a.TSV", "url\tlabel\nhttps://a.example/1.jpg\tbee, keeping\n"),
        ("a.csv", "width|url|class_name\n7|https://a.example/1.jpg|bee, keeping\n"),
    ],
)
def test_read_batches__any_delimiter_and_case(tmp_path: Path, name: str, text: str) -> None:
    file = tmp_path / name
    file.write_text(text, encoding="utf-8")
    assert _rows(file) == [{"url": "https://a.example/1.jpg", "class": "bee, keeping"}]


def test_read_batches__parquet_of_any_types(tmp_path: Path) -> None:
    file = tmp_path / "a.parquet"
    pq.write_table(pa.table({"URL": ["https://a.example/1.jpg"], "label": [3], "start": [1.5]}), file)
    assert _rows(file) == [{"url": "https://a.example/1.jpg", "class": "3", "start_s": "1.5"}]


def test_read_batches__a_caption_may_have_lines(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_text('url,caption\nhttps://a.example/1.jpg,"two\nlines"\n', encoding="utf-8")
    assert _rows(file)[0]["caption"] == "two\nlines"


def test_find_columns__kinetics_lists_are_known(tmp_path: Path) -> None:
    file = tmp_path / "k400.csv"
    file.write_text("label,youtube_id,time_start,time_end,split\n", encoding="utf-8")
    expected = {"youtube_id": "youtube_id", "class": "label", "start_s": "time_start", "end_s": "time_end"}
    assert find_columns(file) == expected


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ("address,class", r"none of its columns 'address', 'class' holds addresses; name one `url`"),
        ("url,width", r"none of its columns 'url', 'width' tells classes; name one `class`, `query` or `caption`"),
        ("", "holds addresses"),
    ],
)
def test_find_columns__says_what_is_missing(tmp_path: Path, header: str, message: str) -> None:
    file = tmp_path / "a.csv"
    file.write_text(header + "\n", encoding="utf-8")
    with pytest.raises(DataError, match=message):
        find_columns(file)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", b"url,class\nhttps://a.example/\xff.jpg,bees\n"),  # Latin-1
        ("a.csv", b"url,class\nhttps://a.example/1.jpg\n"),  # a field is missing
        ("a.parquet", b"PAR1 and no more"),
    ],
)
def test_read_batches__says_what_cannot_be_read(tmp_path: Path, name: str, content: bytes) -> None:
    file = tmp_path / name
    file.write_bytes(content)
    with pytest.raises(DataError, match="cannot be read: .*; save it again, as UTF-8"):
        _rows(file)


def test_list_files__a_folder_of_lists_is_read_in_order(tmp_path: Path) -> None:
    for name in ("b.csv", "a.parquet", "notes.txt"):
        (tmp_path / name).touch()
    assert [file.name for file in list_files(tmp_path)] == ["a.parquet", "b.csv"]


@pytest.mark.parametrize(
    ("name", "message"),
    [("none.csv", "is no list of addresses; set `path`"), ("a.json", "ends in none of .csv, .tsv, .parquet")],
)
def test_list_files__says_what_is_no_list(tmp_path: Path, name: str, message: str) -> None:
    (tmp_path / "a.json").touch()
    with pytest.raises(DataError, match=message):
        list_files(tmp_path / name)
