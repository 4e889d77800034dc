"""The folder of a training run: who may write it, which settings it belongs to, what it last said."""

import json
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import yaml

from omnisource.files import write_atomically
from omnisource.study_changes import Change
from omnisource.tables import is_being_written, require_same, sole_writer


def run_state(folder: Path) -> str:
    """What the run last said: new, running, stopped or done; interrupted if it was running and nobody writes."""
    path = folder / "state.json"
    state = json.loads(path.read_text(encoding="utf-8"))["state"] if path.is_file() else "new"
    return "interrupted" if state == "running" and not is_being_written(folder) else state


def saved_settings(folder: Path) -> dict[str, object]:
    """What the run was made with; empty before it started."""
    path = folder / "config.yaml"
    return yaml.safe_load(path.read_text(encoding="utf-8")) if path.is_file() else {}


def changed_settings(folder: Path, settings: dict[str, object]) -> list[Change]:
    """What the run was made with otherwise, as far as `settings` speak of it; empty before it started."""
    made = saved_settings(folder)
    before, after = _flat({name: made.get(name) for name in settings}), _flat(settings)
    places = dict.fromkeys([*after, *before]) if made else ()
    return [
        Change(setting=place, before=before.get(place), after=after.get(place))
        for place in places
        if before.get(place) != after.get(place)
    ]


@contextmanager
def prepared(folder: Path, settings: dict[str, object], redo: bool) -> Iterator[None]:
    """A run's folder for this process alone; of those that torchrun starts, the first one prepares it for all.

    The others meet it where `loop.fit` connects them, before anything else in the folder is read. Warnings of the
    session are kept in log.txt. Raises WorkspaceError for a run that was made with other settings.
    """
    if not is_first_process():
        yield
        return
    with sole_writer(folder, what=f"run {folder.name!r}"):
        if redo:
            _empty(folder)
        _bind(folder, settings)
        with _logged(folder / "log.txt"):
            yield


def forget(folder: Path) -> None:
    """Remove what a run left, since the run that it starts from is made anew."""
    if is_first_process() and folder.is_dir():
        with sole_writer(folder, what=f"run {folder.name!r}"):
            _empty(folder)


def is_first_process() -> bool:
    """Of those that torchrun started; a process alone is the first."""
    return os.environ.get("RANK", "0") == "0"


def _bind(folder: Path, settings: dict[str, object]) -> None:
    found = saved_settings(folder)
    if found:
        require_same(_flat(found), _flat(settings), what=f"run {folder.name!r}")
    else:
        write_atomically(folder / "config.yaml", yaml.safe_dump(settings, sort_keys=False, allow_unicode=True))


def _flat(settings: dict[str, object], prefix: str = "") -> dict[str, object]:
    """Nested settings by their full names, such as network.optim.epochs."""
    flat: dict[str, object] = {}
    for key, value in settings.items():
        flat |= _flat(value, f"{prefix}{key}.") if isinstance(value, dict) and value else {f"{prefix}{key}": value}
    return flat


def _empty(folder: Path) -> None:
    """Remove a run's files, but not the lock that is held."""
    for path in sorted(folder.rglob("*"), reverse=True):
        if path.name.startswith("."):
            continue
        path.rmdir() if path.is_dir() else path.unlink()


@contextmanager
def _logged(path: Path) -> Iterator[None]:
    """Append our warnings to a file as well: which weights started fresh, which examples were left out."""
    handler = logging.FileHandler(path, encoding="utf-8", delay=True)
    handler.setLevel(logging.WARNING)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    ours = logging.getLogger("omnisource")
    ours.addHandler(handler)
    try:
        yield
    finally:
        ours.removeHandler(handler)
        handler.close()
