"""A finished crawl on disk -> its files with what the crawler knew of each (paper 3.3).

Read are the folders of img2dataset and video2dataset (files, or tars, which are unpacked into the workspace), of
gallery-dl and of instaloader, and the lists of `gallery-dl -j`. The class of a file is named by a folder above it, by
what was searched, or by its caption. One pass writes all that into a list, which is then read as any list is.
"""

import logging
import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from omnisource.collect.local import really_inside
from omnisource.collect.search import Cell, ResultPage
from omnisource.collect.sources.crawl_notes import Note, note_of, read_dump
from omnisource.collect.sources.media_links import VIDEOS, endings_of
from omnisource.collect.sources.shards import unpack_shard
from omnisource.collect.sources.site_answers import storable
from omnisource.collect.sources.text_classes import TextClasses
from omnisource.collect.sources.url_lists import UrlList
from omnisource.config import SourceConfig
from omnisource.errors import DataError, ItemError
from omnisource.files import save_atomically
from omnisource.report import Report
from omnisource.types import Format, Taxonomy

logger = logging.getLogger(__name__)

ROWS_PER_GROUP = 10_000
_TEXTS = ("url", "file", "class", "query", "caption", "page_url", "author", "licence", "start_s", "end_s")
_INDEX = pa.schema([(name, pa.string()) for name in _TEXTS])
_UNREADABLE = (".tfrecord", ".tfrecords")


class Crawl:
    """A crawl that is finished; what lies in tars is unpacked below `unpacked`, where the list of all files is too."""

    def __init__(self, source: SourceConfig, taxonomy: Taxonomy, path: Path, *, unpacked: Path, max_bytes: int) -> None:
        """Raises DataError for what is no crawl; its files are looked at when the first cell is asked."""
        self._source, self._taxonomy, self._path = source, taxonomy, path
        self._unpacked, self._max_bytes = unpacked, max_bytes
        self._endings = endings_of(source.format)
        self._classes = TextClasses(taxonomy)
        self._list: UrlList | None = None
        self._num_rows = 0
        self._report = Report(f"crawl {source.name}", progress=False)
        check_crawl(path, self._endings)

    def pages(self, cell: Cell) -> Iterator[ResultPage]:
        """Files of the cell's class; no request is made for them, but what a list names is still to be downloaded."""
        return self.listed().pages(cell)

    def listed(self) -> UrlList:
        """The list of all files, made anew once; raises DataError where none is of any class."""
        if self._list is None:
            index = self._unpacked / "index.parquet"
            save_atomically(index, self._write_index)
            self._say_what_was_left_out()
            self._list = UrlList(self._source, self._taxonomy, index, with_files=True)
        return self._list

    @property
    def left_out(self) -> Counter[str]:
        """Files that cannot be used, by reason; known once the files were looked at."""
        return self._report.reasons

    def _say_what_was_left_out(self) -> None:
        where, dropped = self._unpacked / "left_out.json", self._report.take_dropped()
        self._report.save(where, num_done=self._num_rows, reasons=self.left_out, dropped=dropped)
        if self.left_out:
            logger.warning("source %s: %s left out; see %s", self._source.name, dict(self.left_out), where)

    def _write_index(self, partial: Path) -> None:
        with pq.ParquetWriter(partial, _INDEX) as writer:
            rows: list[dict[str, str | None]] = []
            for row in self._rows():
                rows.append(row)
                self._num_rows += 1
                if len(rows) == ROWS_PER_GROUP:
                    writer.write_table(pa.Table.from_pylist(rows, _INDEX))
                    rows = []
            writer.write_table(pa.Table.from_pylist(rows, _INDEX))

    def _rows(self) -> Iterator[dict[str, str | None]]:
        if self._path.is_file():
            yield from self._dumped(self._path)
            return
        for file in _walk(self._path):
            ending = file.suffix.casefold()
            if ending == ".tar":
                yield from self._unpacked_rows(file)
            elif ending == ".json":
                yield from self._dumped(file) if not _is_note(file) else ()
            else:
                yield from self._row(file, self._path, above=Path())

    def _unpacked_rows(self, shard: Path) -> Iterator[dict[str, str | None]]:
        below = shard.relative_to(self._path).with_suffix("")
        folder = self._unpacked / "shards" / below
        left_out = unpack_shard(shard, folder, endings=self._endings, max_bytes=self._max_bytes)
        for member, reason in left_out.items():
            self._leave_out(shard / member, ItemError(reason, "in a tar"))
        for file in _walk(folder):
            yield from self._row(file, folder, above=below.parent)

    def _row(self, file: Path, root: Path, *, above: Path) -> Iterator[dict[str, str | None]]:
        """The row of one file; none for what is no media of the source's format."""
        if file.suffix.casefold() not in self._endings or (self._source.format is Format.IMAGE and _is_cover(file)):
            return
        try:
            if storable(str(file)) != str(file):
                raise ItemError("bad_name", "its name is not UTF-8; rename it")
            if file.is_symlink() and not really_inside(file, root):
                raise ItemError("link_leads_out", "replace the link by the file")
            if (num_bytes := file.stat().st_size) > self._max_bytes:
                raise ItemError("too_large", f"{num_bytes} bytes")
            note = note_of(file)
        except ItemError as error:
            self._leave_out(file, error)
            return
        yield _described(note, file, self._folder_class(above / file.relative_to(root).parent))

    def _dumped(self, file: Path) -> Iterator[dict[str, str | None]]:
        try:
            for note in read_dump(file):
                if Path((note.url or "").partition("?")[0]).suffix.casefold() in self._endings:
                    yield _described(note, None, None)
        except ItemError as error:
            self._leave_out(file, error)

    def _leave_out(self, file: Path, error: ItemError) -> None:
        """Names that are not UTF-8 are written down as well as they can be."""
        self._report.drop(Path(storable(str(file))), None, ItemError(error.reason, storable(error.detail)))

    def _folder_class(self, folder: Path) -> str | None:
        """The nearest folder above a file that bears a class's name; numbers are shards, not class indices."""
        for name in (*reversed(folder.parts), self._path.name):
            if not name.isdigit() and (index := self._classes.named(name)) is not None:
                return self._taxonomy.names[index]
        return None


def check_crawl(path: Path, endings: frozenset[str]) -> None:
    """Raises DataError for what holds nothing that can be read, with the form that can."""
    if path.is_file() and path.suffix.casefold() == ".json":
        return
    if not path.is_dir():
        raise DataError(f"{path} is no folder of a crawl, nor a list of `gallery-dl -j` (.json); correct `path`")
    for file in _walk(path):
        if file.suffix.casefold() in endings or file.suffix.casefold() in (".tar", ".json"):
            return
        if file.suffix.casefold() in _UNREADABLE:
            raise DataError(f"{path} holds TFRecord shards, which are not read; crawl with --output_format webdataset")
    raise DataError(
        f"{path} holds no file that ends in {', '.join(sorted(endings))}, and no tar; correct `path`, or use "
        "engine urls for a list of addresses"
    )


def _walk(folder: Path) -> Iterator[Path]:
    """Plain files below a folder, sorted; hidden and unfinished ones, and linked folders, are passed over."""
    for parent, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            file = Path(parent, name)
            if not name.startswith(".") and not name.endswith((".partial", ".part")) and file.is_file():
                yield file


def _is_note(file: Path) -> bool:
    """Whether a JSON belongs to a file beside it, so that it is no list of its own."""
    named = file.with_suffix("")  # x.jpg.json or x.json
    return named.is_file() or any(named.with_suffix(ending).exists() for ending in (".jpg", ".txt", ".mp4", ".webm"))


def _is_cover(file: Path) -> bool:
    """Whether a picture is the first frame of a video beside it, as instaloader saves them."""
    return any(file.with_suffix(ending).is_file() for ending in VIDEOS)


def _described(note: Note, file: Path | None, class_name: str | None) -> dict[str, str | None]:
    values = asdict(note) | {
        "class": class_name,
        "file": None if file is None else str(file),
        "url": note.url or (None if file is None else file.absolute().as_uri()),
    }
    return {name: None if values[name] is None else storable(str(values[name])) for name in _TEXTS}
