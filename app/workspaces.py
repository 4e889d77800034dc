"""Which workspace a page shows: from the link, else the command line, else the nearest one; and names for the route.

The media route serves only files of workspaces that this process has opened, under a name that tells no path.
"""

import hashlib
import json
import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import streamlit as st

from omnisource.errors import WorkspaceError
from omnisource.files import write_atomically
from omnisource.workspace import Workspace

RECENT = Path.home() / ".cache" / "omnisource" / "recent_workspaces.json"
NUM_RECENT = 8

_opened: dict[str, Path] = {}  # name in media links -> folder; filled by pages, read by the route's threads


def current() -> Workspace | None:
    """The workspace of this session; None where there is none yet. Raises WorkspaceError for a link to a lost one."""
    wanted = st.query_params.get("workspace") or st.session_state.get("workspace") or _default()
    if wanted is None:
        return None
    workspace = Workspace(Path(wanted))
    remember(workspace)
    return workspace


def choose(root: Path) -> None:
    """Make a workspace this session's; the link carries it from now on."""
    st.session_state["workspace"] = str(root.resolve())
    st.query_params["workspace"] = str(root.resolve())


def remember(workspace: Workspace) -> None:
    """Let the media route serve a workspace's files, and offer it next time."""
    st.session_state["workspace"] = str(workspace.root)
    name = media_name(workspace)
    if name not in _opened:
        _opened[name] = workspace.root
        known = [str(workspace.root), *(path for path in recent() if path != str(workspace.root))]
        RECENT.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(RECENT, json.dumps(known[:NUM_RECENT], indent=1))


def recent() -> list[str]:
    """Folders of workspaces that were open before and are still there, newest first."""
    try:
        known = json.loads(RECENT.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return []
    return [path for path in known if isinstance(path, str) and (Path(path) / "study.yaml").is_file()]


def labels(paths: Iterable[str]) -> dict[str, str]:
    """A short name for each folder, that no other one has: a choice is told by its name."""
    known = {path: Path(path).parts for path in paths}
    depths = {path: 1 for path in known}
    while True:
        named = {path: "/".join(known[path][-depths[path] :]) or path for path in known}
        counts = Counter(named.values())
        unclear = [path for path in known if counts[named[path]] > 1 and depths[path] < len(known[path])]
        if not unclear:
            return named
        for path in unclear:
            depths[path] += 1


def media_name(workspace: Workspace) -> str:
    """How the media route calls a workspace."""
    return hashlib.blake2b(str(workspace.root).encode(), digest_size=6).hexdigest()


def opened(name: str) -> Workspace:
    """The workspace that a media link speaks of; raises WorkspaceError for one that no page has opened."""
    if name not in _opened:
        raise WorkspaceError(f"no page of this app has opened a workspace called {name!r}")
    return Workspace(_opened[name])


def _default() -> str | None:
    """The command line's workspace, else the current folder if it is one, else the one opened last."""
    given = next((argument for argument in sys.argv[1:] if not argument.startswith("-")), None)
    if given is not None:
        return given  # though it may be no workspace: then its error is shown
    return "." if Path("study.yaml").is_file() else next(iter(recent()), None)
