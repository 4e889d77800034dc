"""Three workspaces - empty, half done, finished - and pages of the app opened on them without a browser."""

import shlex
import shutil
import sys
import tomllib
from collections.abc import Callable, Sequence
from pathlib import Path
from types import SimpleNamespace

import pytest
from streamlit import config
from streamlit.testing.v1 import AppTest

from app import serving, workspaces
from omnisource import jobs
from omnisource.__main__ import main
from omnisource.workspace import Workspace
from tests import micro_workspaces, micro_world

REPOSITORY = Path(__file__).resolve().parents[2]
SLOWEST_S = 60.0
"""Tests run on every core, so a page may wait for its turn."""

OpenPage = Callable[..., AppTest]


@pytest.fixture(autouse=True)
def _at_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test sees or changes the recent workspaces of the person who runs it, nor those of another test."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr(workspaces, "RECENT", tmp_path / "recent_workspaces.json")
    monkeypatch.setattr(workspaces, "_opened", {})
    monkeypatch.setattr(sys, "argv", ["streamlit"])
    monkeypatch.chdir(tmp_path)
    serving.previews.cache_clear()


@pytest.fixture(autouse=True)
def _main_stays_main(monkeypatch: pytest.MonkeyPatch) -> None:
    """Streamlit puts a page in the place of `__main__` and leaves it there.

    Every process that a later test spawns would import it as its own, that is run the whole app before its work.
    """
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])


@pytest.fixture(scope="session", autouse=True)
def _as_configured() -> None:
    """Pages run with the app's own settings, as `streamlit run` would find them.

    Without magic above all: it parses every page in a thread, which CPython 3.11 may confuse with pytest's parsing of
    the tests.
    """
    settings = tomllib.loads((REPOSITORY / "app" / ".streamlit" / "config.toml").read_text(encoding="utf-8"))
    for section in ("runner", "global"):
        for name, value in settings.get(section, {}).items():
            config.set_option(f"{section}.{name}", value)


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files of the micro world, which no test changes."""
    return micro_workspaces.world_once(tmp_path_factory)


@pytest.fixture(scope="session")
def _half_done_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return micro_workspaces.half_done_once(tmp_path_factory)


@pytest.fixture(scope="session")
def _finished_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return micro_workspaces.finished_once(tmp_path_factory)


@pytest.fixture
def empty(world: Path, tmp_path: Path) -> Workspace:
    """A workspace in which nothing was run."""
    return Workspace.create(tmp_path / "empty", micro_world.study(world))


@pytest.fixture
def half_done(_half_done_once: Path, tmp_path: Path) -> Workspace:
    """Web data was added and checked; nothing was scored."""
    return Workspace(Path(shutil.copytree(_half_done_once, tmp_path / "half_done")))


@pytest.fixture
def finished(_finished_once: Path, tmp_path: Path) -> Workspace:
    """Every stage ran, for the recipes "unfiltered" and "omnisource"."""
    return Workspace(Path(shutil.copytree(_finished_once, tmp_path / "finished")))


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Path, list[str]]]:
    """What buttons put into the queue: folder and arguments; nothing is really started."""
    found: list[tuple[Path, list[str]]] = []

    def start_in(root: Path, arguments: Sequence[str], *, title: str, needs_device: bool) -> SimpleNamespace:
        found.append((root, list(arguments)))
        return SimpleNamespace(title=title)

    monkeypatch.setattr(jobs, "start_in", start_in)
    return found


@pytest.fixture
def run_command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[[str], str]:
    """`run_command("omnisource plan -w here")`: what a command that a page offers prints; it must succeed."""

    def ran(command: str) -> str:
        monkeypatch.setattr(sys, "argv", shlex.split(command.replace("\\\n", " ")))
        with pytest.raises(SystemExit) as ended:
            main()
        told = capsys.readouterr()
        assert ended.value.code == 0, told.err
        return told.out

    return ran


@pytest.fixture
def open_page() -> OpenPage:
    """`open_page("browse", workspace, item=...)`: a page with its link's parameters, run once."""

    def opened(page: str, workspace: Workspace | None, **link: str | list[str]) -> AppTest:
        test = AppTest.from_file(str(REPOSITORY / "app" / "ui.py"), default_timeout=SLOWEST_S)
        if workspace is not None:
            test.query_params["workspace"] = str(workspace.root)
        for name, value in link.items():
            test.query_params[name] = value
        test.switch_page(f"views/{page}.py")
        return test.run()

    return opened
