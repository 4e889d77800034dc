"""A list of addresses as people write them (CSV, TSV, Parquet) -> batches of rows with our names (paper 3.3)."""

import csv
from collections.abc import Iterator, Mapping
from pathlib import Path

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

from omnisource.errors import DataError

NAMES: dict[str, tuple[str, ...]] = {
    "url": ("url", "link", "image_url", "video_url", "contenturl"),
    "youtube_id": ("youtube_id", "video_id"),
    "class": ("class", "class_name", "label"),
    "query": ("query", "keyword", "tag"),
    "caption": ("caption", "text", "title", "name"),
    "page_url": ("page_url", "page"),
    "author": ("author", "creator"),
    "licence": ("licence", "license"),
    "start_s": ("start_s", "start", "time_start"),
    "end_s": ("end_s", "end", "time_end"),
}
"""Our name -> theirs, whatever their case; img2dataset's input, WebVid's and Kinetics' lists are among them."""
TEXTS = ("class", "query", "caption")
"""What may tell the class of a row, the surest first."""
ENDINGS = (".csv", ".tsv", ".parquet")
BLOCK_BYTES = 8 << 20


def list_files(path: Path) -> list[Path]:
    """The lists at a path: itself, or those in a folder. Raises DataError."""
    files = sorted(one for one in path.glob("*") if one.suffix.casefold() in ENDINGS) if path.is_dir() else [path]
    if not path.exists() or not files:
        raise DataError(
            f"{path} is no list of addresses; set `path` to a CSV, TSV or Parquet file, or a folder of them"
        )
    if files[0].suffix.casefold() not in ENDINGS:
        raise DataError(f"{files[0]} ends in none of {', '.join(ENDINGS)}; save the list as one of them")
    return files


def find_columns(file: Path) -> dict[str, str]:
    """Our name -> the column that it is in; raises DataError for a list without addresses, or without classes."""
    header = _header(file)
    by_name = {name.strip().casefold(): name for name in reversed(header)}
    columns = {
        ours: by_name[theirs[0]]
        for ours, names in NAMES.items()
        if (theirs := [name for name in names if name in by_name])
    }
    shown = ", ".join(repr(name) for name in header[:20])
    if "url" not in columns and "youtube_id" not in columns:
        raise DataError(f"{file}: none of its columns {shown} holds addresses; name one `url`")
    if not set(TEXTS) & set(columns):
        raise DataError(f"{file}: none of its columns {shown} tells classes; name one `class`, `query` or `caption`")
    return columns


def read_batches(file: Path, columns: Mapping[str, str]) -> Iterator[pa.RecordBatch]:
    """Rows in the file's order, `columns` (our name -> theirs) as text under our names; raises DataError."""
    try:
        for batch in _parquet(file, columns) if file.suffix.casefold() == ".parquet" else _csv(file, columns):
            arrays = [batch.column(batch.schema.get_field_index(name)).cast(pa.string()) for name in columns.values()]
            yield pa.RecordBatch.from_arrays(arrays, names=list(columns))
    except (pa.ArrowException, UnicodeDecodeError) as error:
        raise DataError(f"{file} cannot be read: {error}; save it again, as UTF-8") from None


def _header(file: Path) -> list[str]:
    try:
        if file.suffix.casefold() == ".parquet":
            return pq.read_schema(file).names
        with file.open(encoding="utf-8-sig", newline="") as opened:
            return next(csv.reader(opened, delimiter=_delimiter(file)), [])
    except (pa.ArrowException, UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{file} cannot be read: {error}; save it again, as UTF-8") from None


def _delimiter(file: Path) -> str:
    """Tabs in a TSV; in a CSV what parts its header best."""
    if file.suffix.casefold() == ".tsv":
        return "\t"
    with file.open(encoding="utf-8-sig", newline="") as opened:
        header = opened.readline()
    return max(",;\t|", key=lambda delimiter: len(next(csv.reader([header], delimiter=delimiter), [])))


def _parquet(file: Path, columns: Mapping[str, str]) -> Iterator[pa.RecordBatch]:
    with pq.ParquetFile(file) as opened:
        yield from opened.iter_batches(columns=list(dict.fromkeys(columns.values())))


def _csv(file: Path, columns: Mapping[str, str]) -> Iterator[pa.RecordBatch]:
    theirs = list(dict.fromkeys(columns.values()))
    yield from pyarrow.csv.open_csv(
        file,
        read_options=pyarrow.csv.ReadOptions(block_size=BLOCK_BYTES),
        parse_options=pyarrow.csv.ParseOptions(delimiter=_delimiter(file), newlines_in_values=True),
        convert_options=pyarrow.csv.ConvertOptions(
            include_columns=theirs, column_types=dict.fromkeys(theirs, pa.string()), strings_can_be_null=False
        ),
    )
