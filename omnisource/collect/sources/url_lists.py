"""A list of addresses with classes, queries or captions -> the candidates of each class (paper 3.3).

The list is never held: it is read once for the class of every row, four bytes each, and then once for each cell.
"""

import logging
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from omnisource.collect.local import class_of_cell
from omnisource.collect.search import Cell, Found, ResultPage
from omnisource.collect.sources.list_columns import TEXTS, find_columns, list_files, read_batches
from omnisource.collect.sources.site_answers import candidate, is_web_address, number_at, text_at
from omnisource.collect.sources.text_classes import TextClasses, joined
from omnisource.config import SourceConfig
from omnisource.errors import DataError, UnknownClassError
from omnisource.types import Taxonomy

logger = logging.getLogger(__name__)

PAGE_SIZE = 500
UNKNOWN = -1
MAX_SHOWN = 10
_WATCH = "https://www.youtube.com/watch?v="


@dataclass(frozen=True, kw_only=True, slots=True)
class Census:
    """What a list holds."""

    num_rows: int
    """Rows of all its files."""
    by_class: Mapping[int, int]
    """Rows of each class that the study knows."""
    num_queries: int
    """Rows that wait for a cell that searches what their query column says."""
    unknown: Mapping[str, int]
    """What rows of no class say, with their number among the first of them; at most ten texts."""

    @property
    def num_unknown(self) -> int:
        """Rows of no class."""
        return self.num_rows - sum(self.by_class.values()) - self.num_queries

    @property
    def as_sentence(self) -> str:
        """For a person."""
        text = f"{self.num_rows} rows: {sum(self.by_class.values())} of {len(self.by_class)} classes"
        if self.num_queries:
            text += f", {self.num_queries} of other queries"
        if self.num_unknown:
            shown = ", ".join(f"{name!r} ({count})" for name, count in self.unknown.items())
            text += f"; {self.num_unknown} name no class of the study and are passed over, such as {shown}"
        return text


class UrlList:
    """A list, or a folder of lists, whose rows belong to classes."""

    def __init__(self, source: SourceConfig, taxonomy: Taxonomy, path: Path, *, with_files: bool = False) -> None:
        """Reads every row once. `with_files`: the list is ours and has a column `file` with paths on disk.

        Raises DataError for what is no such list, and where no row is of any class.
        """
        self._source, self._taxonomy, self._with_files = source, taxonomy, with_files
        self._classes = TextClasses(taxonomy)
        self._files = [(file, self._columns(file)) for file in list_files(path)]
        self._queries: dict[str, int] = {}
        self._unknown: Counter[str] = Counter()
        parts = [self._codes(batch) for file, columns in self._files for batch in read_batches(file, columns)]
        self._code_of_row = np.concatenate([np.empty(0, np.int32), *parts])
        if not (self._code_of_row >= 0).any():
            raise DataError(f"{path}: {self.census().as_sentence}; name the classes as the study does")
        if self.census().num_unknown:
            logger.warning("source %s: %s", source.name, self.census().as_sentence)

    def census(self) -> Census:
        """How many rows there are of each class, and of none."""
        codes, counts = np.unique(self._code_of_row, return_counts=True)
        by_code = dict(zip(codes.tolist(), counts.tolist()))
        num_classes = len(self._taxonomy)
        return Census(
            num_rows=len(self._code_of_row),
            by_class={code: count for code, count in by_code.items() if 0 <= code < num_classes},
            num_queries=sum(count for code, count in by_code.items() if code >= num_classes),
            unknown=dict(self._unknown.most_common(MAX_SHOWN)),
        )

    def pages(self, cell: Cell) -> Iterator[ResultPage]:
        """The rows of the cell's class, and those whose query is the cell's; no request is made for them."""
        wanted = [cell.class_index, self._queries.get(joined(cell.query), cell.class_index)]
        start = 0
        for file, columns in self._files:
            for batch in read_batches(file, columns):
                mask = np.isin(self._code_of_row[start : start + len(batch)], wanted)
                start += len(batch)
                rows = batch.filter(pa.array(mask)).to_pylist()
                for first in range(0, len(rows), PAGE_SIZE):
                    found = (self._found(cell, row) for row in rows[first : first + PAGE_SIZE])
                    yield ResultPage(found=tuple(one for one in found if one is not None), requests=0)

    def _columns(self, file: Path) -> dict[str, str]:
        return find_columns(file) | ({"file": "file"} if self._with_files else {})

    def _codes(self, batch: pa.RecordBatch) -> np.ndarray:
        """(rows,) int32: class index; beyond the classes, which query; -1 for neither. The surest column counts."""
        code_of = {"class": self._class_of, "query": self._query_of, "caption": self._mentioned}
        codes = np.full(len(batch), UNKNOWN, np.int32)
        for name in TEXTS:
            if name in batch.schema.names:
                of_column = _mapped(batch.column(name), code_of[name])
                codes = np.where(codes == UNKNOWN, of_column, codes)
        texts = next(batch.column(name) for name in TEXTS if name in batch.schema.names)
        if len(self._unknown) < 1000:  # a column of something else would have as many as rows
            self._unknown.update(text or "" for text in texts.filter(pa.array(codes == UNKNOWN)).to_pylist())
        return codes

    def _class_of(self, text: str) -> int:
        try:
            return class_of_cell(text.strip(), self._taxonomy)
        except UnknownClassError:
            named = self._classes.named(text)
            return UNKNOWN if named is None else named

    def _query_of(self, text: str) -> int:
        named = self._classes.named(text)
        if named is not None or not joined(text):
            return UNKNOWN if named is None else named
        return self._queries.setdefault(joined(text), len(self._taxonomy) + len(self._queries))

    def _mentioned(self, text: str) -> int:
        mentioned = self._classes.mentioned(text)
        return UNKNOWN if mentioned is None else mentioned

    def _found(self, cell: Cell, row: dict[str, object]) -> Found | None:
        """None for a row without an address."""
        start_s, end_s = number_at(row, "start_s"), number_at(row, "end_s")
        video = text_at(row, "youtube_id")
        url = text_at(row, "url") or (_WATCH + video if video else None)
        if url is None or not (self._with_files or is_web_address(url)):
            return None
        if start_s is not None and end_s is not None and "#" not in url:
            url = f"{url}#t={start_s:g},{end_s:g}"  # sections of one video are candidates of their own
        file = text_at(row, "file")
        if file is not None:  # a section that is on disk is a file of its own
            start_s = end_s = None
        return Found(
            candidate=candidate(self._source, cell, url),
            page_url=text_at(row, "page_url"),
            title=text_at(row, "caption"),
            author=text_at(row, "author"),
            licence=text_at(row, "licence"),
            start_s=start_s,
            end_s=end_s,
            file=file,
        )


def _mapped(column: pa.Array, code_of: Callable[[str], int]) -> np.ndarray:
    """`code_of` of every text of a column, asked once for each different text; -1 for absent ones."""
    encoded = column.dictionary_encode()
    codes = np.array([*(code_of(text) for text in encoded.dictionary.to_pylist()), UNKNOWN], np.int32)
    return codes[encoded.indices.fill_null(len(codes) - 1).to_numpy(zero_copy_only=False)]
