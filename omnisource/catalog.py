"""Questions over the tables, answered by DuckDB without loading them (design: the catalog)."""

import functools
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pyarrow as pa

from omnisource import kept_answers
from omnisource.report import Dropped
from omnisource.tables import Table, refuse_damaged
from omnisource.types import Format, WebItem
from omnisource.workspace import Workspace


class Catalog:
    """One connection with bounded memory; large sorts and joins spill into the workspace."""

    def __init__(self, workspace: Workspace, *, memory_mib: int = 2048, threads: int | None = None) -> None:
        self.workspace = workspace
        self._connection = duckdb.connect()
        self._connection.execute(f"SET memory_limit = '{int(memory_mib)}MiB'")
        self._connection.execute("SET temp_directory = ?", [str(workspace.root / "spill")])
        if threads is not None:
            self._connection.execute(f"SET threads = {int(threads)}")

    def rows(
        self,
        sql: str,
        parameters: Mapping[str, object] | None = None,
        *,
        tables: Mapping[str, pa.Table] | None = None,
    ) -> pa.RecordBatchReader:
        """Answer of a query, batch by batch; `tables` in memory are known by name to this query alone.

        Raises WorkspaceError for a damaged part.
        """
        cursor = self._connection.cursor()
        for name, rows in (tables or {}).items():
            cursor.register(name, rows)
        with self._naming_damage(sql):
            answer = cursor.sql(sql, params=dict(parameters or {})).to_arrow_reader(50_000)
        return pa.RecordBatchReader.from_batches(answer.schema, self._batches(answer, sql))

    def _batches(self, answer: pa.RecordBatchReader, sql: str) -> Iterator[pa.RecordBatch]:
        with self._naming_damage(sql):
            yield from answer

    @contextmanager
    def _naming_damage(self, sql: str) -> Iterator[None]:
        """Where a query fails because a part that it reads is damaged, say which one."""
        try:
            yield
        except (duckdb.Error, pa.ArrowInvalid, OSError):
            parts = [part for part in kept_answers.parts_of(sql) if part.is_file()]
            refuse_damaged(self.workspace.root / "tables", parts)
            raise

    def table(self, sql: str, parameters: Mapping[str, object] | None = None) -> pa.Table:
        """Answer of a query, whole: for answers that are small."""
        return self.rows(sql, parameters).read_all()

    def kept(self, sql: str, parameters: Mapping[str, object] | None = None) -> pa.Table:
        """Like `table`, and kept in the workspace until a part changes: for looks through whole tables."""
        ask = functools.partial(self.table, sql, parameters)
        return kept_answers.answer(self.workspace.root / "answers", sql, parameters or {}, ask)

    def value(self, sql: str, parameters: Mapping[str, object] | None = None) -> object:
        """The single value that a query answers with."""
        return self.table(sql, parameters).columns[0][0].as_py()

    def execute(self, sql: str) -> None:
        """Run a statement that answers nothing."""
        self._connection.execute(sql)

    def create(self, name: str, rows: pa.Table) -> None:
        """Make a small in-memory table that queries can join with."""
        self._connection.register("incoming", rows)
        self._connection.execute(f'CREATE OR REPLACE TABLE "{name}" AS SELECT * FROM incoming')
        self._connection.unregister("incoming")

    def pending(self, done: Table, *, valid: bool, formats: tuple[Format, ...], chunk: int) -> Iterator[list[WebItem]]:
        """Items that the stage behind `done` has neither measured nor dropped, in the order in which they were added.

        `valid`: only those that the validity stage let through.
        """
        items = source(self.workspace.table("items"), order=True)
        sql = f"SELECT * FROM {items} i WHERE {self._is_pending(done, valid)} ORDER BY filename, file_row_number"
        waiting: list[WebItem] = []
        for batch in self.rows(sql, {"formats": [str(f) for f in formats]}):
            for row in batch.to_pylist():
                waiting.append(item_of(row))
                if len(waiting) == chunk:
                    yield waiting
                    waiting = []
        if waiting:
            yield waiting

    def has_pending(self, done: Table, *, valid: bool, formats: tuple[Format, ...]) -> bool:
        """Whether there is any such item; much faster than looking for the first."""
        items = source(self.workspace.table("items"))
        sql = f"SELECT 1 AS found FROM {items} i WHERE {self._is_pending(done, valid)} LIMIT 1"
        return self.kept(sql, {"formats": [str(f) for f in formats]}).num_rows > 0

    def _is_pending(self, done: Table, valid: bool) -> str:
        """SQL condition on the items `i`; $formats are those that are asked for."""
        tables = [table for table in (done, done.dropped()) if table.parts()]
        conditions = ["list_contains($formats, i.format)", *([passes_validity(self.workspace, "i")] if valid else [])]
        conditions += [f"NOT EXISTS (SELECT 1 FROM {source(table)} d WHERE d.key = i.key)" for table in tables]
        return " AND ".join(conditions)

    def item(self, key: bytes) -> WebItem | None:
        """An item by its key; None where there is none."""
        rows = self.table(
            f"SELECT * FROM {source(self.workspace.table('items'))} WHERE key = $key LIMIT 1", {"key": key}
        )
        return item_of(rows.to_pylist()[0]) if rows.num_rows else None

    def count_items(self, formats: tuple[Format, ...]) -> int:
        """Items of these formats that the validity stage let through."""
        tables = source(self.workspace.table("items")), source(self.workspace.table("validity"))
        listed = ", ".join(f"'{item_format}'" for item_format in formats)
        joined = f"{tables[0]} i JOIN {tables[1]} v USING (key)"
        answer = self.kept(f"SELECT count(*) AS n FROM {joined} WHERE v.ok AND format IN ({listed})")
        return int(answer["n"][0].as_py())

    def dropped_by_reason(self, table: str) -> dict[str, int]:
        """How many items a stage left out, by reason, most frequent first."""
        answer = self.table(
            f"SELECT reason, count(*) AS n FROM {source(self.workspace.table(table).dropped())}"
            " GROUP BY reason ORDER BY n DESC, reason"
        )
        return dict(zip(answer["reason"].to_pylist(), answer["n"].to_pylist()))

    def first_dropped(self, table: str, limit: int) -> list[Dropped]:
        """The first items that a stage left out."""
        rows = self.table(f"SELECT * FROM {source(self.workspace.table(table).dropped())} LIMIT {int(limit)}")
        return [
            Dropped(
                path=Path(row["path"]) if row["path"] else None,
                key=row["key"],
                reason=row["reason"],
                detail=row["detail"],
            )
            for row in rows.to_pylist()
        ]


def passes_validity(workspace: Workspace, items: str) -> str:
    """SQL condition that the validity stage let an item through; `items` is what the query calls the item's row.

    Where everything was checked, looking for the few that failed is much faster than for the many that passed.
    """
    validity = workspace.table("validity")
    if validity.num_rows() == workspace.table("items").num_rows():
        return f"NOT EXISTS (SELECT 1 FROM {source(validity)} v WHERE v.key = {items}.key AND NOT v.ok)"
    return f"EXISTS (SELECT 1 FROM {source(validity)} v WHERE v.key = {items}.key AND v.ok)"


def listed_rows(workspace: Workspace) -> str:
    """SQL for what the released lists say of the items of every source; empty where there are none."""
    folder = workspace.root / "tables" / "listed"
    names = sorted(path.name for path in folder.iterdir() if path.is_dir()) if folder.is_dir() else []
    tables = [table for table in (workspace.table(f"listed/{name}") for name in names) if table.parts()]
    return " UNION ALL ".join(f"SELECT * FROM {source(table)}" for table in tables)


def source(table: Table, *, order: bool = False) -> str:
    """SQL for the rows of a table; `order` adds filename and file_row_number."""
    parts = table.parts()
    if parts:
        extra = ", filename = true, file_row_number = true" if order else ""
        return source_of_parts(parts, options=extra)
    columns = [f"NULL::{_SQL_TYPES.get(str(field.type), 'VARCHAR')} AS {field.name}" for field in table.schema]
    if order:
        columns += ["NULL::VARCHAR AS filename", "NULL::BIGINT AS file_row_number"]
    return f"(SELECT {', '.join(columns)} WHERE false)"


def source_of_parts(parts: Sequence[Path], *, options: str = "") -> str:
    """SQL for the rows of some parts of a table, at least one."""
    return f"read_parquet([{', '.join(_quoted(part) for part in parts)}]{options})"


def item_of(row: Mapping[str, object]) -> WebItem:
    """A row of the table of items as a record."""
    return WebItem(
        key=row["key"],
        path=Path(row["path"]),
        source=row["source"],
        format=Format(row["format"]),
        class_index=row["class_index"],
        url=row["url"],
    )


_SQL_TYPES = {
    "fixed_size_binary[16]": "BLOB",
    "bool": "BOOLEAN",
    "int8": "TINYINT",
    "int16": "SMALLINT",
    "int32": "INTEGER",
    "int64": "BIGINT",
    "float": "FLOAT",
    "double": "DOUBLE",
    "list<item: int16>": "SMALLINT[]",
    "list<item: float>": "FLOAT[]",
    "list<item: halffloat>": "FLOAT[]",
}


def _quoted(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"
