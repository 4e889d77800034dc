"""Contents and addresses -> nothing left of them in tables, caches and lists (paper 3.3).

Parts of tables are never rewritten, but for this: a part that speaks of what is forgotten is replaced by one that does
not, under the lock of the table's writer. Readers see the one or the other. A part that is emptied stays, since later
stages count parts.
"""

import json
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.ipc
import pyarrow.parquet as pq

from omnisource.files import save_atomically, write_atomically
from omnisource.pipeline.what_to_forget import ToForget
from omnisource.schemas import SCHEMAS
from omnisource.tables import Table
from omnisource.workspace import Workspace

_KEYS = ("key", "kept_key")
_HEX_KEY = re.compile(r"(?<![0-9a-f])[0-9a-f]{32}(?![0-9a-f])")


def tables_with_web_data(workspace: Workspace) -> list[Table]:
    """Tables on the disk that speak of web items or addresses; their dropped items are tables beside them."""
    root = workspace.root / "tables"
    names = {str(part.parent.relative_to(root)) for part in root.rglob("part-*.parquet")}
    names = {name.removeprefix("dropped/") for name in names}
    speaking = [name for name in sorted(names) if {*_KEYS, "url"} & set(SCHEMAS[name.partition("/")[0]].names)]
    return [workspace.table(name) for name in speaking]


def remove_rows(workspace: Workspace, table: Table, what: ToForget, *, really: bool) -> int:
    """Take the rows out of a table and out of its dropped items; returns how many. `really` False only counts."""
    count = 0
    for one in (table, table.dropped()):
        if really:
            for leftover in one.folder.glob("*.partial"):  # a killed writer's, with rows that nobody counted
                leftover.unlink()
        for part in one.parts():
            count += _remove_from_part(workspace, one, part, what, really=really)
    return count


def media_files(workspace: Workspace, what: ToForget) -> Iterator[Path]:
    """Downloaded files of the contents."""
    for key in what.contents:
        yield from (workspace.root / "media" / key.hex()[:2]).glob(f"{key.hex()}.*")


def derived_files(workspace: Workspace, what: ToForget) -> Iterator[Path]:
    """Files that were made of the contents: thumbnails, previews, frames for FiftyOne, optical flow."""
    root = workspace.root
    names = [key.hex() for key in what.contents]
    for name in names:
        yield from (root / "thumbnails" / name[-2:]).glob(f"{name}.*")
        yield from (root / "previews" / name[-2:]).glob(f"{name}.*")
        yield from (root / "fiftyone" / "frames" / name[-2:]).glob(f"{name}-*")
        yield from root.glob(f"flow/*/{name[:2]}/{name}.*")
    for folder in dict.fromkeys(name[-2:] for name in names):  # clips are named by a hash: their neighbours go too
        yield from (root / "previews" / "clips" / folder).glob("*.mp4")


def remove_caches(workspace: Workspace) -> None:
    """Remove what is made anew of the tables whenever it is asked for."""
    for path in (workspace.root / "tables").glob("similar/pairs-*.parquet"):
        path.unlink()
    for name in ("answers", "spill", "feature_search"):
        shutil.rmtree(workspace.root / name, ignore_errors=True)
    for path in (workspace.root / "media").glob("*.partial"):
        path.unlink()


def applied_examples(workspace: Workspace) -> dict[str, dict[str, str]]:
    """Fingerprints of the examples that recipes yielded: of each recipe, by source."""
    done = sorted((workspace.root / "auxiliary").glob("*/done.json"))
    return {path.parent.name: json.loads(path.read_text(encoding="utf-8"))["files"] for path in done}


def examples_with(workspace: Workspace, what: ToForget) -> dict[str, dict[str, str]]:
    """Those of the applied examples that hold one of the contents."""
    wanted = _key_array(what)
    found: dict[str, dict[str, str]] = {}
    for recipe, fingerprints in applied_examples(workspace).items():
        for name, fingerprint in fingerprints.items():
            with pa.memory_map(str(workspace.auxiliary(recipe) / f"{name}.arrow")) as file:
                keys = pyarrow.ipc.open_file(file).read_all()["key"]
                if pc.any(pc.is_in(keys, wanted)).as_py():
                    found.setdefault(recipe, {})[name] = fingerprint
    return found


def remove_examples(folder: Path) -> None:
    """Remove what a recipe yielded; its settings stay, so that it can be applied again."""
    (folder / "done.json").unlink(missing_ok=True)
    for path in [*folder.glob("*.arrow"), *folder.glob("*.partial")]:
        path.unlink()


def remove_from_reports(workspace: Workspace, what: ToForget) -> None:
    """Take contents and addresses out of the stages' lists of dropped items; their counts stay."""
    speaks = _speaking_of(what)
    for path in (workspace.root / "reports").glob("*.json"):
        document = json.loads(path.read_text(encoding="utf-8"))
        listed = document.get("first_dropped", [])
        kept = [entry for entry in listed if not speaks(json.dumps(entry, ensure_ascii=False))]
        if len(kept) < len(listed):
            write_atomically(path, json.dumps(document | {"first_dropped": kept}, indent=1, ensure_ascii=False))


def remove_from_run(folder: Path, what: ToForget) -> None:
    """Take contents out of a run's list of examples that could not be read."""
    path = folder / "dropped.jsonl"
    if path.is_file():
        lines, speaks = path.read_text(encoding="utf-8").splitlines(keepends=True), _speaking_of(what)
        write_atomically(path, "".join(line for line in lines if not speaks(line)))


def _remove_from_part(workspace: Workspace, table: Table, part: Path, what: ToForget, *, really: bool) -> int:
    columns = [name for name in (*_KEYS, "url", "path", "detail") if name in table.schema.names]
    gone = _gone(workspace, table, pq.read_table(part, columns=columns), what)
    count = int(pc.sum(gone).as_py() or 0)
    if count and really:
        rows = pq.read_table(part, schema=table.schema).filter(pc.invert(gone))
        save_atomically(part, lambda partial: pq.write_table(rows, partial, compression="zstd"))
    return count


def _gone(workspace: Workspace, table: Table, rows: pa.Table, what: ToForget) -> pa.ChunkedArray | pa.Array:
    """(N,) bool: whether a row speaks of what is forgotten."""
    gone = pa.repeat(pa.scalar(False), rows.num_rows)
    for name in set(_KEYS) & set(rows.column_names):
        gone = pc.or_(gone, pc.is_in(rows[name], _key_array(what)))
    if "url" in rows.column_names and table.name != "items":  # an item goes by its content
        gone = pc.or_(gone, pc.is_in(rows["url"], pa.array(what.addresses, pa.string())))
    if table.name == "dropped/items":  # one's own copies stay repeats, so that they do not become items instead
        is_ours = pc.fill_null(pc.starts_with(rows["path"], str(workspace.root / "media")), True)
        first_word = pc.list_element(pc.split_pattern(pc.fill_null(rows["detail"], ""), " ", max_splits=1), 0)
        is_said = pc.is_in(first_word, pa.array(what.addresses, pa.string()))
        gone = pc.or_(pc.and_(gone, is_ours), is_said)
    return gone


def _key_array(what: ToForget) -> pa.Array:
    return pa.array(what.contents, SCHEMAS["items"].field("key").type)


def _speaking_of(what: ToForget) -> Callable[[str], bool]:
    """Whether a text holds one of the keys in hex, or one of the addresses as a word."""
    keys, addresses = {key.hex() for key in what.contents}, set(what.addresses)

    def speaks(text: str) -> bool:
        words = (word.strip('",') for word in text.split())
        return not (keys.isdisjoint(_HEX_KEY.findall(text)) and addresses.isdisjoint(words))

    return speaks
