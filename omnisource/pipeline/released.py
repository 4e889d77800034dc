"""The released Mini-Kinetics web data -> sources, items, and what its lists say of them (paper 4.2)."""

import logging
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from omnisource import config
from omnisource.catalog import Catalog
from omnisource.collect import released
from omnisource.collect.released_classes import class_indices
from omnisource.errors import DataError
from omnisource.known_items import KnownFiles, KnownKeys
from omnisource.media_files import content_key
from omnisource.pipeline import collecting
from omnisource.report import Report
from omnisource.tables import Table
from omnisource.video_parts import PART_S
from omnisource.workspace import Workspace

logger = logging.getLogger(__name__)

LINES_PER_CHUNK = 20_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Added:
    """What `add` found and did."""

    items: dict[str, int]
    """New items of each source of the release."""
    dropped: dict[str, int]
    """Files left out this time, by reason."""
    lists: list[released.ListCount]
    """The lists that are there."""
    unread: list[str]
    """Files among the lists whose names say nothing."""
    without_media: list[str]
    """Sources with lists, but without a folder of media."""

    @property
    def differences(self) -> list[released.ListCount]:
        """Lists that are not as long as the release's README says."""
        return [count for count in self.lists if count.expected not in (None, count.found)]


def add(workspace: Workspace, folder: Path, *, progress: bool | None = None, redo: bool = False) -> Added:
    """Make every source of a released folder a source of the study, and add its items and what the lists say.

    `redo` reads what the lists say anew, should they have changed. Raises DataError for a folder without lists or
    without media, and for lists that cannot be read, before anything is written.
    """
    folder = folder.absolute()
    annotations = folder / "annotations"
    collecting.collect_target(workspace)
    num_labels = len(class_indices(annotations, workspace.taxonomy()))
    lists, unread = released.count_lists(annotations, num_labels)
    chosen, without_media = _choose_sources(folder)
    for one in chosen:
        collecting.register_source(workspace, one)
    before = workspace.table("items").dropped_counts()
    new = collecting.add(workspace, progress=progress)
    left_out = workspace.table("items").dropped_counts() - before
    write_listed(workspace, progress=progress, redo=redo)
    return Added(
        items={one.name: new[one.name] for one in chosen},
        dropped=dict(Counter(left_out).most_common()),
        lists=lists,
        unread=unread,
        without_media=without_media,
    )


def write_listed(workspace: Workspace, *, progress: bool | None = None, redo: bool = False) -> dict[str, int]:
    """What the lists say of every item -> `listed/<source>`; returns the rows of each; goes on where it stopped.

    Raises WorkspaceError where the lists are others than those that the table was made from.
    """
    counts = {}
    for one in workspace.study().sources:
        if one.lists is None:
            continue
        table = workspace.table(f"listed/{one.name}")
        if redo:
            table.clear()
        _write_source(workspace, collecting.located(workspace, one), table, progress)
        counts[one.name] = table.num_rows()
        logger.info("listed %s: %d rows", one.name, counts[one.name])
    return counts


def _choose_sources(folder: Path) -> tuple[list[config.SourceConfig], list[str]]:
    """Sources with lists and media, and the names of those with lists only."""
    annotations = folder / "annotations"
    with_lists = [one for one in released.SOURCES if released.lists_of(annotations, one.name)]
    if not with_lists:
        looked = ", ".join(f"{one.name}/" for one in released.SOURCES)
        raise DataError(
            f"{annotations} has no released list; looked in {looked} and {released.UNION}/ of it: "
            "give the folder that holds annotations/, as the release unpacks it"
        )
    chosen = [
        config.SourceConfig(name=one.name, format=one.format, path=folder / one.media, lists=annotations)
        for one in with_lists
        if (folder / one.media).is_dir()
    ]
    if not chosen:
        looked = ", ".join(f"{one.media}/" for one in with_lists)
        raise DataError(f"{folder} has lists but no media; looked for {looked}: unpack the released volumes there")
    return chosen, [one.name for one in with_lists if not (folder / one.media).is_dir()]


def _write_source(workspace: Workspace, one: config.SourceConfig, table: Table, progress: bool | None) -> None:
    settings = _fingerprints(one) | {"path": str(one.path)}
    with (
        table.writer(settings, rows_per_part=collecting.ROWS_PER_PART) as writer,
        Report(f"listed {one.name}", progress=progress) as report,
    ):
        catalog = Catalog(workspace)
        known = KnownFiles(catalog, workspace.table("items"))
        done = KnownKeys(catalog, table)
        read = 0
        lines = released.read_source(one, workspace.taxonomy())
        while chunk := list(islice(lines, LINES_PER_CHUNK)):
            keys = known.keys([str(listed.path) for listed in chunk])
            new = done.add(list(keys.values()))
            by_key = {keys[path]: listed for listed in chunk if (path := str(listed.path)) in keys}
            writer.add(row for key, listed in by_key.items() if key in new for row in _rows(key, listed, one))
            read += len(chunk)
            report.progress(read, None, report.stage)


def _rows(key: bytes, listed: released.Listed, one: config.SourceConfig) -> Iterator[dict[str, object]]:
    """One row of a picture or clip, as long as it is; one per part of an untrimmed video."""
    shared = {"key": key, "class_index": listed.class_index, "teacher": listed.teacher, "duplicate": listed.duplicate}
    shared |= {"source": one.name, "format": str(one.format)}
    if listed.num_parts is None:
        yield shared | {"start_s": 0.0, "end_s": 0.0, "kept": listed.kept}
        return
    for part in range(listed.num_parts):
        span = {"start_s": PART_S * part, "end_s": PART_S * (part + 1)}
        yield shared | span | {"kept": part in listed.positives}


def _fingerprints(one: config.SourceConfig) -> dict[str, str]:
    """Hash of each list that speaks of a source."""
    assert one.lists is not None
    return {
        f"{listed.path.parent.name}/{listed.path.name}": content_key(listed.path).hex()
        for listed in released.lists_of(one.lists, one.name)
    }
