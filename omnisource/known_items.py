"""Which files and contents the tables hold already, asked without holding them in Python (design: The workspace)."""

import pyarrow as pa

from omnisource.catalog import Catalog, source
from omnisource.tables import Table


class KnownFiles:
    """Which paths and contents a table of items holds already, without holding them in Python.

    What was missing is not known: it may have come since.
    """

    def __init__(self, catalog: Catalog, items: Table) -> None:
        self._catalog = catalog
        dropped = f"SELECT path, key FROM {source(items.dropped())} WHERE reason"
        missing = "IN ('missing_file', 'missing_part')"
        paths = f"SELECT path, key FROM {source(items)} UNION ALL {dropped} NOT {missing}"
        catalog.execute(f"CREATE OR REPLACE TABLE known AS {paths}")
        catalog.execute(f"CREATE OR REPLACE TABLE missing AS {dropped} {missing}")

    def new_paths(self, paths: list[str]) -> set[str]:
        """Those of the paths that are not known."""
        self._catalog.create("asked", pa.table({"path": paths}))
        answer = self._catalog.table("SELECT path FROM known WHERE path IN (SELECT path FROM asked)")
        return set(paths) - set(answer["path"].to_pylist())

    def known_missing(self, paths: list[str]) -> set[str]:
        """Those of the paths that were dropped before because nothing was there."""
        self._catalog.create("asked", pa.table({"path": pa.array(paths, pa.string())}))
        return set(self._catalog.table("SELECT path FROM missing WHERE path IN (FROM asked)")["path"].to_pylist())

    def holders(self, keys: list[bytes]) -> dict[bytes, str]:
        """The path that is known for each of the contents, where there is one."""
        self._catalog.create("asked", pa.table({"key": pa.array(keys, pa.binary())}))
        answer = self._catalog.table("SELECT key, min(path) AS path FROM known WHERE key IN (FROM asked) GROUP BY key")
        return dict(zip(answer["key"].to_pylist(), answer["path"].to_pylist()))

    def keys(self, paths: list[str]) -> dict[str, bytes]:
        """The content of each of the paths that is an item."""
        self._catalog.create("asked", pa.table({"path": pa.array(paths, pa.string())}))
        sql = "SELECT path, key FROM known WHERE key IS NOT NULL AND path IN (FROM asked)"
        answer = self._catalog.table(sql)
        return dict(zip(answer["path"].to_pylist(), answer["key"].to_pylist()))

    def add(self, rows: list[dict[str, object]]) -> None:
        """Remember rows with the columns path and key."""
        columns = {"path": [row["path"] for row in rows], "key": pa.array([row["key"] for row in rows], pa.binary())}
        self._catalog.create("asked", pa.table(columns))
        self._catalog.execute("INSERT INTO known SELECT path, key FROM asked")


class KnownKeys:
    """Which items a table has rows of already, without holding them in Python."""

    def __init__(self, catalog: Catalog, table: Table) -> None:
        self._catalog = catalog
        catalog.execute(f"CREATE OR REPLACE TABLE known_keys AS SELECT DISTINCT key FROM {source(table)}")

    def add(self, keys: list[bytes]) -> set[bytes]:
        """Remember keys; returns those that are new."""
        self._catalog.create("asked", pa.table({"key": pa.array(keys, pa.binary())}))
        new = "SELECT DISTINCT key FROM asked WHERE key NOT IN (FROM known_keys)"
        found = set(self._catalog.table(new)["key"].to_pylist())
        self._catalog.execute(f"INSERT INTO known_keys {new}")
        return found
