"""FiftyOne's App over a workspace's datasets, on this machine alone, with OmniSource's operators in it."""

import json
import logging
from pathlib import Path
from urllib.parse import quote

import fiftyone as fo

import omnisource.fiftyone_plugin
from omnisource.errors import OmniSourceError, WorkspaceError
from omnisource.fiftyone_io.datasets import find_datasets
from omnisource.fiftyone_io.ready import FOLDER
from omnisource.files import write_atomically
from omnisource.workspace import Workspace

logger = logging.getLogger(__name__)

HOST = "127.0.0.1"
FIRST_PORT = 5151
NUM_TRIES = 3


def install_plugin() -> Path:
    """Put the plugin where FiftyOne looks for plugins, and bring it up to date; returns its folder.

    Its files only name what the package holds, so an older copy calls today's code.
    """
    folder = Path(fo.config.plugins_dir) / "omnisource"
    shipped = Path(omnisource.fiftyone_plugin.__file__).parent
    for name in ("fiftyone.yml", "__init__.py"):
        text, kept = (shipped / name).read_text(encoding="utf-8"), folder / name
        if not kept.is_file() or kept.read_text(encoding="utf-8") != text:
            folder.mkdir(parents=True, exist_ok=True)
            write_atomically(kept, text)
    return folder


def launch(workspace: Workspace, *, port: int) -> tuple[fo.Session, str]:
    """Open the App on this machine; returns the session and its address.

    Raises WorkspaceError where nothing was pushed, OmniSourceError where the server does not come up.
    """
    dataset = next(iter(find_datasets(workspace).values()), None)
    if dataset is None:
        raise WorkspaceError(
            f"nothing of {workspace.root} is in FiftyOne; collect web data first, then `omnisource fiftyone push`"
        )
    session = _session(dataset, port)
    url = dataset_url(dataset.name, port=port)
    write_atomically(workspace.root / FOLDER / "serving.json", json.dumps({"url": url}))
    return session, url


def _session(dataset: fo.Dataset, port: int) -> fo.Session:
    """FiftyOne waits a minute for its server, which a busy machine exceeds once: its files are cached then."""
    for _ in range(NUM_TRIES):
        try:
            return fo.launch_app(dataset, address=HOST, port=port, remote=True, auto=False)
        except fo.core.service.ServiceListenTimeout:
            logger.warning("FiftyOne's server did not answer on port %d within a minute; starting it again", port)
    raise OmniSourceError(
        f"FiftyOne's server does not answer on port {port}; the machine may be busy: try again, or name another --port"
    )


def dataset_url(name: str, *, port: int) -> str:
    """Where the App shows a dataset."""
    return f"http://{HOST}:{port}/datasets/{quote(name)}"
