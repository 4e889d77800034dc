"""`omnisource app` as a person meets it: a server for this machine alone, and what is wrong in one line."""

import importlib.util
import os
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from omnisource import config
from omnisource.commands import app as command
from omnisource.errors import MissingExtraError, OmniSourceError, WorkspaceError
from omnisource.workspace import Workspace


@pytest.fixture
def taken() -> socket.socket:
    """A port that somebody listens on."""
    listener = socket.socket()
    listener.bind((command.HOST, 0))
    listener.listen()
    yield listener
    listener.close()


def test_app__without_streamlit(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match=r"`omnisource app` needs streamlit, .*pip install 'omnisource\[app\]'"):
        command.app()


def test_app__a_folder_that_is_no_workspace(tmp_path: Path):
    with pytest.raises(WorkspaceError, match="is no workspace"):
        command.app(workspace=tmp_path, port=None, browser=False)


def test_main_script__of_an_installation_without_the_app(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setattr(command.omnisource, "__file__", str(tmp_path / "omnisource" / "__init__.py"))
    with pytest.raises(OmniSourceError, match="the app is not installed: there is no .*main.py; get the repository"):
        command.main_script()


def test_choose_port__the_first_free_one(monkeypatch: pytest.MonkeyPatch, taken: socket.socket):
    number = taken.getsockname()[1]
    monkeypatch.setattr(command, "FIRST_PORT", number)
    assert command.choose_port(None) > number
    monkeypatch.setattr(command, "NUM_PORTS", 1)
    with pytest.raises(OmniSourceError, match=f"the ports {number} to {number} are all in use; name a free one"):
        command.choose_port(None)


def test_choose_port__one_that_is_taken(taken: socket.socket):
    number = taken.getsockname()[1]
    with pytest.raises(OmniSourceError, match=f"port {number} is in use; choose another one"):
        command.choose_port(number)


def test_serving_command__only_for_this_machine():
    arguments = command.serving_command(Path("/app/main.py"), Path("/w"), 8600)
    assert arguments[1:6] == ["-m", "streamlit", "run", "/app/main.py", "--server.address"]
    assert arguments[6:] == ["127.0.0.1", "--server.port", "8600", "--server.headless", "true", "--", "/w"]
    assert "--" not in command.serving_command(Path("/app/main.py"), None, 8600)


@pytest.mark.slow
@pytest.mark.parametrize("is_asked_by", [signal.SIGINT, signal.SIGTERM])
def test_app__serves_until_it_is_asked_to_end(tmp_path: Path, is_asked_by: signal.Signals):
    workspace = Workspace.create(tmp_path / "w", config.Study())
    server = subprocess.Popen(
        [sys.executable, "-m", "omnisource", "app", str(workspace.root), "--no-browser"],
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        assert server.stdout is not None
        lines = iter(server.stdout.readline, "")
        said = next(line for line in lines if line.startswith("app: "))
        url = said.split()[1]
        assert url.startswith("http://127.0.0.1:")
        with urllib.request.urlopen(f"{url}/_stcore/health", timeout=60) as answer:
            assert answer.status == 200
    finally:
        if is_asked_by is signal.SIGINT:
            os.killpg(server.pid, is_asked_by)  # as Ctrl-C does: every process of the terminal's group
        else:
            server.send_signal(is_asked_by)
        server.wait(timeout=60)
    assert server.returncode in ((0, 1) if is_asked_by is signal.SIGINT else (128 + signal.SIGTERM,))
    with pytest.raises(urllib.error.URLError):  # nobody is left behind
        urllib.request.urlopen(f"{url}/_stcore/health", timeout=5)
