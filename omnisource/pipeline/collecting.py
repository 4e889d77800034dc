"""The first stages: labelled data, local folders of web data, validity (paper 3.3, 4)."""

import hashlib
import json
import logging
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict
from itertools import islice
from pathlib import Path

from omnisource import config, media
from omnisource.catalog import Catalog, KnownFiles, source
from omnisource.clean import validity
from omnisource.collect import local
from omnisource.errors import ConfigError, ItemError, WorkspaceError
from omnisource.report import MAX_LISTED, Dropped, Report
from omnisource.tables import Table
from omnisource.target import read_target
from omnisource.types import Example, Format
from omnisource.workspace import Workspace

logger = logging.getLogger(__name__)

ROWS_PER_PART = 20_000


def collect_target(workspace: Workspace, *, redo: bool = False) -> int:
    """Labelled data -> taxonomy and the table `target`; returns the number of clips. A finished table is kept."""
    study = workspace.study()
    settings = study.target.model_dump(mode="json") | {"seed": study.seed}
    table = workspace.table("target")
    if redo:
        table.clear()
    with table.writer(settings, rows_per_part=10**9, seconds_per_part=float("inf")) as writer:
        if table.parts():  # the only part is written whole
            return table.num_rows()
        located = study.target.model_copy(update={"root": workspace.root / study.target.root})
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
    study = workspace.study()
    for known in study.sources:
        if known.name == folder.name and known != folder:
            raise ConfigError(f"source {folder.name!r} is there already, as {known.path}; choose another --name")
    local.scan_folder(_located(workspace, folder), workspace.taxonomy())
    if folder not in study.sources:
        config.save(study.model_copy(update={"sources": (*study.sources, folder)}), workspace.study_path)


def add(workspace: Workspace, *, progress: bool | None = None, redo: bool = False) -> dict[str, int]:
    """Files of every source in the study -> the table `items`; returns new items per source.

    A file whose content is there already (under any source or class) is dropped as `repeat`.
    """
    study, taxonomy, table = workspace.study(), workspace.taxonomy(), workspace.table("items")
    if redo:
        table.clear()
    counts: dict[str, int] = {}
    with table.writer(rows_per_part=ROWS_PER_PART) as writer, Report("add", progress=progress) as report:
        known = KnownFiles(Catalog(workspace), table)
        done = 0
        for folder in study.sources:
            counts[folder.name] = 0
            for found in _chunks(local.scan_folder(_located(workspace, folder), taxonomy), size=ROWS_PER_PART):
                rows, dropped = _new_items(found, folder, known, lambda n: report.progress(n, None, "add"), done)
                done += len(found)
                known.add(rows)
                writer.add(rows, dropped)
                counts[folder.name] += len(rows)
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


def _located(workspace: Workspace, folder: config.SourceConfig) -> config.SourceConfig:
    """Paths of the study are relative to the workspace."""
    classes = None if folder.classes is None else workspace.root / folder.classes
    return folder.model_copy(update={"path": workspace.root / folder.path, "classes": classes})


def _new_items(
    found: list[local.FoundFile],
    folder: config.SourceConfig,
    known: KnownFiles,
    progress: Callable[[int], None],
    done: int,
) -> tuple[list[dict[str, object]], list[Dropped]]:
    new = known.new_paths([str(file.path) for file in found])
    keys: dict[Path, bytes] = {}
    dropped = []
    for number, file in enumerate(found, start=done + 1):
        progress(number)
        if str(file.path) in new:
            try:
                keys[file.path] = media.content_key(file.path)
            except ItemError as error:
                dropped.append(Dropped(path=file.path, key=None, reason=error.reason, detail=error.detail))
    holders = known.holders(list(keys.values()))
    rows = []
    for file in found:
        key = keys.get(file.path)
        if key is None:
            continue
        if key in holders:
            detail = f"the same content as {holders[key]}"
            dropped.append(Dropped(path=file.path, key=None, reason="repeat", detail=detail))
            continue
        holders[key] = str(file.path)
        row = {"key": key, "path": str(file.path), "source": folder.name, "format": str(folder.format)}
        rows.append(row | {"class_index": file.class_index, "url": None})
    return rows, dropped


def _chunks(files: Iterable[local.FoundFile], *, size: int) -> Iterator[list[local.FoundFile]]:
    iterator = iter(files)
    while chunk := list(islice(iterator, size)):
        yield chunk


def _target_row(example: Example, *, split: str) -> dict[str, object]:
    where = {"path": str(example.path), "split": split}
    return where | {"class_index": example.class_index, "format": str(example.format)}
