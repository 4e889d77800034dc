"""A run's folder belongs to one process and to one choice of settings, and keeps what a session warned of."""

import json
import logging
from pathlib import Path

import pytest

from omnisource.errors import WorkspaceError, WriterBusyError
from omnisource.pipeline.run_folders import (
    changed_settings,
    forget,
    is_first_process,
    prepared,
    run_state,
    saved_settings,
)
from omnisource.tables import sole_writer

SETTINGS = {"seed": 0, "network": {"optim": {"epochs": 3}}, "auxiliary": {}}


def write_state(folder: Path, state: str) -> None:
    (folder / "state.json").write_text(json.dumps({"state": state}))


def test_run_state__is_what_the_run_last_said(tmp_path: Path):
    assert run_state(tmp_path) == "new"
    write_state(tmp_path, "done")
    assert run_state(tmp_path) == "done"


def test_run_state__running_without_a_writer_is_interrupted(tmp_path: Path):
    write_state(tmp_path, "running")
    assert run_state(tmp_path) == "interrupted"
    with sole_writer(tmp_path, what="run"):
        assert run_state(tmp_path) == "running"


def test_prepared__binds_the_settings_and_refuses_others_by_their_full_name(tmp_path: Path):
    with prepared(tmp_path, SETTINGS, redo=False):
        pass
    assert saved_settings(tmp_path) == SETTINGS
    with prepared(tmp_path, SETTINGS, redo=False):
        pass
    changed = SETTINGS | {"network": {"optim": {"epochs": 4}}}
    message = r"was made with network.optim.epochs = 3, now it is 4; .* --redo"
    with pytest.raises(WorkspaceError, match=message), prepared(tmp_path, changed, redo=False):
        pass


def test_prepared__redo_starts_from_an_empty_folder(tmp_path: Path):
    (tmp_path / "checkpoints").mkdir()
    (tmp_path / "checkpoints" / "update-1.pt").touch()
    with prepared(tmp_path, SETTINGS, redo=True):
        assert not (tmp_path / "checkpoints").exists()


def test_prepared__keeps_the_warnings_of_every_session(tmp_path: Path):
    for number in range(2):
        with prepared(tmp_path, SETTINGS, redo=False):
            logging.getLogger("omnisource.models").warning("the classifier starts fresh: %d", number)
    logging.getLogger("omnisource.models").warning("of no run")
    lines = (tmp_path / "log.txt").read_text().splitlines()
    assert [line.partition("WARNING omnisource.models: ")[2] for line in lines] == [
        "the classifier starts fresh: 0",
        "the classifier starts fresh: 1",
    ]


def test_prepared__a_quiet_session_leaves_no_log(tmp_path: Path):
    with prepared(tmp_path, SETTINGS, redo=False):
        pass
    assert not (tmp_path / "log.txt").exists()


def test_prepared__of_torchruns_processes_only_the_first_has_the_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    with sole_writer(tmp_path, what="run"):
        refused = pytest.raises(WriterBusyError, match="is being written by process")
        with refused, prepared(tmp_path, SETTINGS, redo=False):
            pass
        monkeypatch.setenv("RANK", "1")
        with prepared(tmp_path, SETTINGS, redo=False):
            assert not is_first_process()


def test_forget__empties_a_run_and_makes_none(tmp_path: Path):
    forget(tmp_path / "none")
    assert not (tmp_path / "none").exists()
    with prepared(tmp_path / "run", SETTINGS, redo=False):
        pass
    forget(tmp_path / "run")
    assert saved_settings(tmp_path / "run") == {}


def test_forget__is_left_to_the_first_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    write_state(tmp_path, "done")
    monkeypatch.setenv("RANK", "1")
    forget(tmp_path)
    assert run_state(tmp_path) == "done"


def test_changed_settings__names_what_differs_and_leaves_out_what_was_not_asked(tmp_path: Path):
    assert changed_settings(tmp_path, SETTINGS) == []  # before it started
    with prepared(tmp_path, SETTINGS, redo=False):
        pass
    assert changed_settings(tmp_path, SETTINGS) == []
    wanted = {"network": {"optim": {"epochs": 5}}, "auxiliary": {"web": "a1"}}
    said = [change.as_sentence for change in changed_settings(tmp_path, wanted)]
    assert said == ["network.optim.epochs: 3 to 5", "auxiliary.web: null to a1", "auxiliary: {} to null"]
