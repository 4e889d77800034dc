"""The first stages: labelled data, local folders of web data, validity (paper 3.3, 4)."""

import hashlib
import json
import logging
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from pathlib import Path

from omnisource import config, media
from omnisource.catalog import Catalog, source
from omnisource.clean import validity
from omnisource.collect import local, released
from omnisource.errors import ConfigError, WorkspaceError
from omnisource.known_items import KnownFiles
from omnisource.pipeline.forgotten import Forgotten, read_forgotten
from omnisource.report import MAX_LISTED, Dropped, Report
from omnisource.tables import Table, sole_writer
from omnisource.target import read_target
from omnisource.types import Example, Format, Taxonomy
from omnisource.workspace import Workspace

logger = logging.getLogger(__name__)

ROWS_PER_PART = 20_000
FILES_PER_CHUNK = 2_000
BYTES_PER_CHUNK = 2 << 30
"""What a killed `add` reads again at most."""


def collect_target(workspace: Workspace, *, redo: bool = False) -> int:
    """Labelled data -> taxonomy and the table `target`; returns the number of clips. A finished table is kept."""
    study = workspace.study()
    settings = study.target.model_dump(mode="json") | {"seed": study.seed}
    table = workspace.table("target")
    located = study.target.model_copy(update={"root": workspace.root / study.target.root})
    if redo:
        read_target(located, seed=study.seed)  # what is wrong with the lists is said before anything is cleared
        table.clear()
    with table.writer(settings, rows_per_part=10**9, seconds_per_part=float("inf")) as writer:
        if table.parts():  # the only part is written whole
            return table.num_rows()
        target = read_target(located, seed=study.seed)
        workspace.save_taxonomy(target.taxonomy)
        absent = [Dropped(path=Path(name), key=None, reason="missing_clip", detail="") for name in target.missing]
        writer.add([_target_row(example, split="train") for example in target.train], absent)
        writer.add([_target_row(example, split="val") for example in target.val])
    save_report(workspace, "target", table, Report("target", progress=False))
    logger.info("target: %d classes, %d train, %d val", len(target.taxonomy), len(target.train), len(target.val))
    return table.num_rows()


def target_examples(workspace: Workspace, split: str) -> list[Example]:
    """The labelled clips of "train" or "val"; raises WorkspaceError before the target stage has run."""
    rows = workspace.table("target").read().to_pylist()
    examples = [
        Example(path=Path(row["path"]), format=Format(row["format"]), source="target", class_index=row["class_index"])
        for row in rows
        if row["split"] == split
    ]
    if not examples:
        raise WorkspaceError(f"{workspace.root} has no {split} clips yet; `omnisource run --to target` reads them")
    return examples


def target_fingerprint(workspace: Workspace) -> str:
    """Hash of the table `target`, by which later stages know that they worked on the same clips."""
    digest = hashlib.blake2b(digest_size=16)
    for row in workspace.table("target").read().to_pylist():
        digest.update(json.dumps(row, sort_keys=True).encode())
    return digest.hexdigest()


def register_source(workspace: Workspace, folder: config.SourceConfig) -> None:
    """Add a local folder to the study, so that `add` reads it.

    Raises ConfigError for a name that is taken, and what is wrong with the folder before it is written down.
    """
    _scan(located(workspace, folder), workspace.taxonomy())
    with sole_writer(workspace.root, what="study.yaml"):
        study = workspace.study()
        for known in study.sources:
            if known.name == folder.name and known != folder:
                where = "searched for" if known.path is None else f"as {known.path}"
                raise ConfigError(f"source {folder.name!r} is there already, {where}; choose another --name")
        if folder not in study.sources:
            config.save_study(study.model_copy(update={"sources": (*study.sources, folder)}), workspace.study_path)


def add(workspace: Workspace, *, progress: bool | None = None, redo: bool = False) -> dict[str, int]:
    """Files of every source that is a folder -> the table `items`; returns new items per source.

    A file whose content is there already (under any source or class) is dropped as `repeat`, one whose content a
    person told the workspace to forget as `forgotten`.
    """
    study, taxonomy, table = workspace.study(), workspace.taxonomy(), workspace.table("items")
    files = {
        source.name: _scan(located(workspace, source), taxonomy) for source in study.folders
    }  # what is wrong with a folder is said here, before anything is cleared
    if redo:
        table.clear()
    counts: dict[str, int] = dict.fromkeys(files, 0)
    done = 0
    with table.writer(rows_per_part=ROWS_PER_PART) as writer, Report("add", progress=progress) as report:
        known, gone = KnownFiles(Catalog(workspace), table), read_forgotten(workspace)
        for source in study.folders:
            for found in _chunks(files[source.name]):
                rows, dropped = _new_items(found, source, known, gone, report)
                known.add(rows)
                writer.add(rows, dropped)
                counts[source.name] += len(rows)
                done += len(found)
                report.progress(done, None, f"add {source.name}")
    save_report(workspace, "add", table, report)
    return counts


def check(workspace: Workspace, *, progress: bool | None = None, redo: bool = False) -> dict[str, int]:
    """Items -> the table `validity`; returns the number of items that are fine and the number of each reason."""
    study, table = workspace.study(), workspace.table("validity")
    if redo:
        table.clear()
    settings = study.validity.model_dump(mode="json", exclude={"workers", "timeout_s", "memory_mib"})
    with table.writer(settings, rows_per_part=ROWS_PER_PART) as writer, Report("check", progress=progress) as report:
        pending = Catalog(workspace).pending(table, valid=False, formats=tuple(Format), chunk=256)
        items = (item for chunk in pending for item in chunk)
        for verdict in validity.check_items(items, study.validity, report):
            writer.add([asdict(verdict)], report.take_dropped())
    save_report(workspace, "check", table, report)
    catalog = Catalog(workspace)
    num_ok = catalog.value(f"SELECT count(*) FROM {source(table)} WHERE ok")
    return {"ok": int(num_ok)} | catalog.dropped_by_reason(table.name)


def save_report(workspace: Workspace, stage: str, table: Table, report: Report) -> None:
    """Totals of a stage over every session that worked on its table."""
    catalog = Catalog(workspace)
    reasons = Counter(catalog.dropped_by_reason(table.name))
    first = catalog.first_dropped(table.name, MAX_LISTED)
    report.save(workspace.report_path(stage), num_done=table.num_rows(), reasons=reasons, dropped=first)


def located(workspace: Workspace, folder: config.SourceConfig) -> config.SourceConfig:
    """Paths of the study are relative to the workspace."""
    classes = None if folder.classes is None else workspace.root / folder.classes
    lists = None if folder.lists is None else workspace.root / folder.lists
    path = None if folder.path is None else workspace.root / folder.path
    return folder.model_copy(update={"path": path, "classes": classes, "lists": lists})


def _scan(folder: config.SourceConfig, taxonomy: Taxonomy) -> Iterator[local.FoundFile]:
    """The files of a source: those that the released lists name, or those that are in its folder."""
    return (local.scan_folder if folder.lists is None else released.scan_lists)(folder, taxonomy)


def _new_items(
    found: list[local.FoundFile], folder: config.SourceConfig, known: KnownFiles, gone: Forgotten, report: Report
) -> tuple[list[dict[str, object]], list[Dropped]]:
    """Rows of the files that are not known by path or content, and what is left out."""
    named = {str(file.path): file for file in found if _is_text(file.path)}
    dropped = [
        Dropped(path=Path(repr(str(file.path))), key=None, reason="bad_name", detail="the name is not UTF-8; rename it")
        for file in found
        if str(file.path) not in named
    ]
    new = known.new_paths(list(named))
    keys = dict(report.each((file for path, file in named.items() if path in new), _keyed))
    failed = report.take_dropped()
    known_missing = known.known_missing([str(one.path) for one in failed])
    dropped += [one for one in failed if str(one.path) not in known_missing]
    holders = known.holders(list(keys.values()))
    rows = []
    for path, key in keys.items():
        if gone.holds_content(key):
            detail = "its content is on the list of what is forgotten"
            dropped.append(Dropped(path=Path(path), key=None, reason="forgotten", detail=detail))
            continue
        if key in holders:
            detail = f"the same content as {holders[key]}"
            dropped.append(Dropped(path=Path(path), key=None, reason="repeat", detail=detail))
            continue
        holders[key] = path
        row = {"key": key, "path": path, "source": folder.name, "format": str(folder.format)}
        rows.append(row | {"class_index": named[path].class_index, "url": None})
    return rows, dropped


def _keyed(file: local.FoundFile) -> tuple[str, bytes]:
    if file.num_parts is not None:
        media.parts_of(file.path, at_least=file.num_parts)
    return str(file.path), media.content_key(file.path)


def _is_text(path: Path) -> bool:
    """Whether a file's name can be written down: one that is not UTF-8 reaches Python as lone surrogates."""
    return not any("\ud800" <= letter <= "\udfff" for letter in str(path))


def _chunks(files: Iterable[local.FoundFile]) -> Iterator[list[local.FoundFile]]:
    """Files in groups that are hashed before they are written down: many small ones, or a few large ones."""
    chunk: list[local.FoundFile] = []
    num_bytes = 0
    for file in files:
        chunk.append(file)
        num_bytes += media.num_bytes(file.path)
        if len(chunk) == FILES_PER_CHUNK or num_bytes >= BYTES_PER_CHUNK:
            yield chunk
            chunk, num_bytes = [], 0
    if chunk:
        yield chunk


def _target_row(example: Example, *, split: str) -> dict[str, object]:
    where = {"path": str(example.path), "split": split}
    return where | {"class_index": example.class_index, "format": str(example.format)}
