"""Forget what came from an address or a domain: files, rows, and all that was made of them (paper 3.3).

Written first is the list of what is forgotten, so that no fetch brings it back, then what is about to be removed, so
that a forgetting that is killed is finished by the next one. What people decided is never removed, and what a network
has learnt cannot be: the runs that saw the data are named.
"""

import logging
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from omnisource.catalog import Catalog, source
from omnisource.pipeline import removal
from omnisource.pipeline.forgotten import remember_forgotten
from omnisource.pipeline.run_folders import saved_settings
from omnisource.pipeline.what_to_forget import ToForget, note_finished, note_unfinished, what_to_forget
from omnisource.reviews import Reviews
from omnisource.tables import sole_writer
from omnisource.workspace import Workspace

logger = logging.getLogger(__name__)

_KEYS_AT_ONCE = 500
_WITH_ADDRESSES = ("items", "attempts", "candidates")


@dataclass(frozen=True, kw_only=True, slots=True)
class Forgetting:
    """What was removed, or would be."""

    is_done: bool
    """Whether it was removed; False: only counted."""
    addresses: int
    """Addresses that were meant, or gave the same content as one that was."""
    contents: int
    """Pictures and videos that came from them."""
    rows: Mapping[str, int]
    """Rows in each table, its dropped items included."""
    files: int
    """Downloaded files."""
    num_bytes: int
    """Their size."""
    derived_files: int
    """Thumbnails, previews, optical flow."""
    files_elsewhere: tuple[str, ...]
    """Files of finished crawls, outside of the workspace: they are not touched."""
    own: int
    """The same content in folders of one's own: it stays an item."""
    recipes: tuple[str, ...]
    """Recipes whose examples held it and were removed: they must be applied again."""
    runs: tuple[str, ...]
    """Runs that were trained with it, or start from one that was."""
    runs_in_doubt: tuple[str, ...]
    """Runs with web data whose examples are no longer there to be looked at."""
    reviews: int
    """Decisions of people about it: they stay."""
    fiftyone: bool
    """Whether FiftyOne holds datasets of this workspace; the next push takes it out of them."""


def forget(
    workspace: Workspace, *, urls: Sequence[str] = (), domains: Sequence[str] = (), really: bool = False
) -> Forgetting:
    """Remove everything that came from these addresses and domains, for good; `really` False only counts.

    Raises WorkspaceError for what is no address or domain, WriterBusyError while a stage writes one of the tables or a
    run that saw the data is trained.
    """
    if not really:
        what = what_to_forget(workspace, urls, domains)
        return _go_through(workspace, what, _traces(workspace, what), really=False)
    with ExitStack() as held:
        by_address = [workspace.table(name) for name in _WITH_ADDRESSES]  # a first search or fetch has no part yet
        tables = {table.name: table for table in (*removal.tables_with_web_data(workspace), *by_address)}
        for table in tables.values():
            held.enter_context(sole_writer(table.folder, what=f"table {table.name!r}"))
        what = what_to_forget(workspace, urls, domains)
        traces = _traces(workspace, what)
        for name in traces.examples:
            held.enter_context(sole_writer(workspace.auxiliary(name), what=f"auxiliary set {name!r}"))
        for name in (*traces.runs, *traces.runs_in_doubt):
            held.enter_context(sole_writer(workspace.run(name), what=f"run {name!r}"))
        note_unfinished(workspace, what)
        named = [("url", one) for one in (*what.urls, *what.addresses)] + [("domain", one) for one in what.domains]
        remember_forgotten(workspace, [*named, *(("content", key.hex()) for key in what.contents)])
        done = _go_through(workspace, what, traces, really=True)
        for name in (*traces.runs, *traces.runs_in_doubt):
            removal.remove_from_run(workspace.run(name), what)
        note_finished(workspace)
    logger.info("forget: %d addresses, %d contents, %s", done.addresses, done.contents, dict(done.rows))
    return done


@dataclass(frozen=True, kw_only=True, slots=True)
class _Traces:
    """Where the contents were used."""

    examples: Mapping[str, Mapping[str, str]]
    """Recipes whose examples hold them: of each, the fingerprints by source."""
    runs: tuple[str, ...]
    """Runs that were trained with them."""
    runs_in_doubt: tuple[str, ...]
    """Runs of which nobody can tell any more."""


def _traces(workspace: Workspace, what: ToForget) -> _Traces:
    examples = removal.examples_with(workspace, what)
    runs, in_doubt = _runs(workspace, what, examples)
    return _Traces(examples=examples, runs=runs, runs_in_doubt=in_doubt)


def _go_through(workspace: Workspace, what: ToForget, traces: _Traces, *, really: bool) -> Forgetting:
    """Count, and remove as well if `really`: what is derived before items, attempts and candidates."""
    elsewhere, num_reviews = _files_elsewhere(workspace, what), _num_reviews(workspace, what)
    if really:
        for name in traces.examples:
            removal.remove_examples(workspace.auxiliary(name))
    derived, _ = _remove(removal.derived_files(workspace, what), really=really)
    files, num_bytes = _remove(removal.media_files(workspace, what), really=really)
    tables = sorted(removal.tables_with_web_data(workspace), key=lambda table: _place(table.name))
    rows = {table.name: removal.remove_rows(workspace, table, what, really=really) for table in tables}
    if really:
        removal.remove_caches(workspace)
        removal.remove_from_reports(workspace, what)
    return Forgetting(
        is_done=really,
        addresses=len(what.addresses),
        contents=len(what.contents),
        rows={name: count for name, count in rows.items() if count},
        files=files,
        num_bytes=num_bytes,
        derived_files=derived,
        files_elsewhere=elsewhere,
        own=what.own,
        recipes=tuple(traces.examples),
        runs=traces.runs,
        runs_in_doubt=traces.runs_in_doubt,
        reviews=num_reviews,
        fiftyone=(workspace.root / "fiftyone" / "pushed.json").is_file(),
    )


def _place(name: str) -> int:
    """Derived tables first: by the last ones an interrupted forgetting can still be understood."""
    return _WITH_ADDRESSES.index(name) + 1 if name in _WITH_ADDRESSES else 0


def _remove(paths: Iterable[Path], *, really: bool) -> tuple[int, int]:
    """How many files, and their bytes."""
    count = num_bytes = 0
    for path in list(paths):
        count, num_bytes = count + 1, num_bytes + path.stat().st_size
        if really:
            path.unlink()
    return count, num_bytes


def _files_elsewhere(workspace: Workspace, what: ToForget) -> tuple[str, ...]:
    catalog = Catalog(workspace)
    catalog.create("contents", pa.table({"key": pa.array(what.contents, pa.binary())}))
    found = catalog.table(f"SELECT path FROM {source(workspace.table('items'))} SEMI JOIN contents USING (key)")
    media = workspace.root / "media"
    return tuple(sorted(path for path in found["path"].to_pylist() if not Path(path).is_relative_to(media)))


def _runs(
    workspace: Workspace, what: ToForget, examples: Mapping[str, Mapping[str, str]]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Runs that were trained with the contents, and those of which nobody can tell any more."""
    if not what.contents:
        return (), ()
    holding = {fingerprint for of_recipe in examples.values() for fingerprint in of_recipe.values()}
    present = {print_ for of_recipe in removal.applied_examples(workspace).values() for print_ in of_recipe.values()}
    made = {name: saved_settings(workspace.run(name)) for name in workspace.runs()}
    used = {name: set((settings.get("auxiliary") or {}).values()) for name, settings in made.items()}
    trained = _with_successors({name for name in made if used[name] & holding}, made)
    in_doubt = _with_successors({name for name in made if used[name] - present}, made) - trained
    return tuple(sorted(trained)), tuple(sorted(in_doubt))


def _with_successors(names: set[str], made: Mapping[str, Mapping[str, object]]) -> set[str]:
    """The runs and all that start from their weights, as fine-tuning does."""
    found = set(names)
    while more := {name for name, settings in made.items() if _predecessor(settings) in found} - found:
        found |= more
    return found


def _predecessor(settings: Mapping[str, object]) -> str | None:
    """The run whose weights a run starts from; None for weights of other files."""
    parts = Path(str(_pick(settings, "network", "model", "pretrained"))).parts
    return parts[-2] if len(parts) >= 3 and parts[-3] == "runs" else None


def _pick(settings: object, *names: str) -> object:
    """A nested setting; None where it is not there."""
    for name in names:
        settings = settings.get(name) if isinstance(settings, Mapping) else None
    return settings


def _num_reviews(workspace: Workspace, what: ToForget) -> int:
    reviews, keys = Reviews(workspace.reviews_path), what.contents
    return sum(len(reviews.about(keys[i : i + _KEYS_AT_ONCE])) for i in range(0, len(keys), _KEYS_AT_ONCE))
