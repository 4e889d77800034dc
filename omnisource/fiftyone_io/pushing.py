"""Workspace -> datasets in FiftyOne: adds what is new, updates what changed, and leaves edits alone (design 8)."""

import json
import logging
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace

from omnisource.browsing import Browsing, applied_recipes
from omnisource.catalog import Catalog
from omnisource.fiftyone_io.datasets import find_datasets
from omnisource.fiftyone_io.known_items import KnownItems, chosen_recipe
from omnisource.fiftyone_io.pairs import push_pairs
from omnisource.fiftyone_io.ready import APP_URL, FOLDER, USUAL_LIMIT, pushed_before
from omnisource.fiftyone_io.sample_updates import CHUNK, SampleUpdates
from omnisource.fiftyone_io.vectors import push_vectors
from omnisource.fiftyone_io.views import save_views
from omnisource.files import write_atomically
from omnisource.filters import Filters, Order, filter_settings, parse_filters
from omnisource.report import Report
from omnisource.tables import sole_writer
from omnisource.types import Format
from omnisource.workspace import Workspace

logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class Pushed:
    """What a push did."""

    recipe: str | None
    """Whose decisions are shown."""
    passing: int
    """Items that pass the filter, pushed or not."""
    limit: int
    """So many of them are pushed."""
    added: int
    """Items that are new in FiftyOne."""
    updated: int
    """Items of which something was changed."""
    unchanged: int
    """Items that were as they should be."""
    unpulled: int
    """Items and pairs with edits that `omnisource fiftyone pull` has not fetched: those were left alone."""
    removed: int
    """Items that the workspace no longer holds, and pairs that are measured no longer."""
    pairs: int
    """Suspected pairs that were added or changed."""
    vectors: int
    """Items that got a new embedding."""
    left_out: Mapping[str, int]
    """Items and pairs that FiftyOne cannot show, by reason."""
    datasets: Mapping[str, int]
    """Samples of each dataset, by its name; a pair counts once."""


def push(
    workspace: Workspace,
    *,
    recipe: str | None = None,
    filters: Filters | None = None,
    limit: int = USUAL_LIMIT,
    app_url: str | None = None,
    progress: bool | None = None,
) -> Pushed:
    """Push the first `limit` items that pass the filters, and bring those that are there already up to date.

    `app_url`: where the OmniSource app answers; default: as before. Raises WorkspaceError for a recipe that was not
    applied, or while somebody else pushes or pulls.
    """
    catalog = Catalog(workspace)
    chosen, browsing = chosen_recipe(catalog, recipe), Browsing(catalog)
    before = pushed_before(workspace)
    url = app_url or (before.app_url if before else APP_URL)
    with (
        sole_writer(workspace.root / FOLDER, what="the FiftyOne datasets"),
        Report("fiftyone push", progress=progress) as report,
    ):
        known = KnownItems(catalog, chosen)
        updates = SampleUpdates(workspace, known, report, app_url=url)
        walls = _walls(browsing, known, filters or Filters())
        passing = sum(browsing.count(wall) for wall in walls)
        for done, keys in _asked(browsing, walls, limit):
            updates.push(keys, adds=True)
            report.progress(done, min(limit, passing), "pushing")
        updates.refresh()
        of_pairs = push_pairs(catalog, known.suspect_line, app_url=url, limit=limit, report=report)
        datasets = updates.datasets()
        vectors = sum(push_vectors(catalog, one) for one in datasets)
        for one in datasets:
            save_views(one, workspace.taxonomy().names)
        counts = {name: updates.counts[name] for name in ("added", "updated", "unchanged")}
        counts |= {name: updates.counts[name] + of_pairs[name] for name in ("unpulled", "removed")}
        told = Pushed(
            recipe=chosen,
            passing=passing,
            limit=limit,
            pairs=of_pairs["changed"],
            vectors=vectors,
            left_out=dict(report.reasons),
            datasets=_sizes(workspace),
            **counts,
        )
        where = filter_settings(filters or Filters(), workspace.taxonomy())
        document = asdict(told) | {"finished_s": time.time(), "app_url": url, "where": where}
        write_atomically(workspace.root / FOLDER / "pushed.json", json.dumps(document, indent=1))
    logger.info("fiftyone: %d added, %d updated, %d unchanged", told.added, told.updated, told.unchanged)
    return told


def push_again(workspace: Workspace, *, app_url: str | None = None, progress: bool | None = None) -> Pushed:
    """Push what is missing of what the last push asked for; everything, up to the usual limit, if it is the first."""
    before = pushed_before(workspace)
    if before is None:
        return push(workspace, app_url=app_url, progress=progress)
    filters = parse_filters(before.where, workspace.taxonomy())
    recipe = before.recipe if before.recipe in applied_recipes(workspace) else None
    return push(workspace, recipe=recipe, filters=filters, limit=before.limit, app_url=app_url, progress=progress)


def _walls(browsing: Browsing, known: KnownItems, filters: Filters) -> list[Filters]:
    """The filters, once for each teacher where they ask for scores and name none: it decides about some formats."""
    if filters.teacher or not filters.reads_scores:
        return [browsing.with_teacher(filters)]
    formats: dict[str, list[Format]] = {}
    for item_format in filters.formats or Format:
        if (teacher := known.decider(item_format)) is not None:
            formats.setdefault(teacher, []).append(item_format)
    return [replace(filters, teacher=teacher, formats=tuple(mine)) for teacher, mine in formats.items()]


def _asked(browsing: Browsing, walls: Sequence[Filters], limit: int) -> Iterator[tuple[int, list[bytes]]]:
    """(how many so far, keys) of each wall, newest first; files that never became items have no key."""
    done = 0
    for wall in walls:
        offset, page = 0, None
        while done < limit and (page is None or len(page) == CHUNK):
            page = browsing.page(wall, Order(), offset=offset, limit=min(CHUNK, limit - done))
            offset, done = offset + len(page), done + len(page)
            yield done, [item.key for item in page if item.key is not None]


def _sizes(workspace: Workspace) -> dict[str, int]:
    return {one.name: len(one) for one in find_datasets(workspace).values()}
