"""`app`: the pages in a browser, served from this machine to this machine."""

import importlib.util
import os
import signal
import socket
import subprocess
import sys
import time
import webbrowser
from pathlib import Path
from typing import Annotated

import typer

import omnisource
from omnisource.errors import MissingExtraError, OmniSourceError
from omnisource.workspace import Workspace

HOST = "127.0.0.1"
FIRST_PORT = 8501
NUM_PORTS = 50
"""So many are tried where the person names none."""
PATIENCE_S = 60.0
"""A busy machine needs so long until the server answers."""


def app(
    workspace: Annotated[Path | None, typer.Argument(help="What to open; default: the current folder's.")] = None,
    port: Annotated[int | None, typer.Option(min=1, max=65535, help="Default: the first free one from 8501.")] = None,
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Open a browser there.")] = True,
) -> None:
    """See, decide and train in the browser; ends with Ctrl-C, while what was started there goes on.

    Example: `omnisource app work --no-browser`
    """
    if importlib.util.find_spec("streamlit") is None:
        raise MissingExtraError("streamlit", extra="app", purpose="`omnisource app`")
    opened = None if workspace is None else Workspace(workspace)  # a wrong folder is said here, not in the browser
    chosen = choose_port(port)
    url = f"http://{HOST}:{chosen}"
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # else the server would stay behind
    server = subprocess.Popen(serving_command(main_script(), None if opened is None else opened.root, chosen))
    try:
        if _answers(server, chosen):
            print(f"app: {url} (Ctrl-C ends it)", flush=True)
            if browser and has_screen():
                webbrowser.open(url)
        state = server.wait()
    except KeyboardInterrupt:
        state = server.wait()  # it has seen the same key
    finally:
        if server.poll() is None:
            server.terminate()
            server.wait()
    if state > 0:
        raise typer.Exit(state)


def main_script() -> Path:
    """The app beside the package; raises OmniSourceError for an installation without it."""
    path = Path(omnisource.__file__).resolve().parent.parent / "app" / "main.py"
    if not path.is_file():
        raise OmniSourceError(
            f"the app is not installed: there is no {path}; get the repository, then `pip install -e '.[app]'` there"
        )
    return path


def choose_port(wanted: int | None, *, first: int | None = None) -> int:
    """The wanted port, else the first free one from `first` or the usual one; OmniSourceError: there is none."""
    if wanted is not None:
        if not _is_free(wanted):
            raise OmniSourceError(f"port {wanted} is in use; choose another one, or leave --port out")
        return wanted
    lowest = FIRST_PORT if first is None else first
    ports = range(lowest, lowest + NUM_PORTS)
    free = next((port for port in ports if _is_free(port)), None)
    if free is None:
        raise OmniSourceError(f"the ports {ports[0]} to {ports[-1]} are all in use; name a free one with --port")
    return free


def serving_command(script: Path, root: Path | None, port: int) -> list[str]:
    """What serves the app to this machine alone."""
    server = ["--server.address", HOST, "--server.port", str(port), "--server.headless", "true"]
    opened = [] if root is None else ["--", str(root)]
    return [sys.executable, "-m", "streamlit", "run", str(script), *server, *opened]


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as the server does, after one that just ended
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
        return True


def has_screen() -> bool:
    """Without one, a browser of the terminal would cover what the server says."""
    return sys.platform != "linux" or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def _answers(server: subprocess.Popen, port: int) -> bool:
    """Wait until somebody listens; False where the server ended before."""
    until = time.monotonic() + PATIENCE_S
    while server.poll() is None and time.monotonic() < until:
        with socket.socket() as caller:
            if caller.connect_ex((HOST, port)) == 0:
                return True
        time.sleep(0.1)
    return server.poll() is None
