"""Is FiftyOne there, and its database? One clear line where not; nothing else of OmniSource needs either.

This module imports no FiftyOne, so that a page can ask what was pushed in no time.
"""

import importlib.util
import json
import os
import socket
from dataclasses import dataclass, fields
from urllib.parse import urlsplit

from omnisource.errors import MissingExtraError, OmniSourceError
from omnisource.workspace import Workspace

FOLDER = "fiftyone"
"""Below the workspace: what the last push left, and frames of pairs."""
APP_URL = "http://127.0.0.1:8501"
"""Where `omnisource app` answers if nobody says otherwise."""
USUAL_LIMIT = 50_000
"""Items that a push shows if nobody says otherwise."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PushedBefore:
    """What the last push left in FiftyOne."""

    datasets: dict[str, int]
    """Samples of each dataset, by its name."""
    finished_s: float
    """When it ended; seconds since 1970."""
    recipe: str | None
    """Whose decisions it showed."""
    app_url: str
    """Where the OmniSource app answered."""
    where: tuple[str, ...]
    """The filters, as `parse_filters` reads them."""
    limit: int
    """So many items at most."""


def require_fiftyone() -> None:
    """Let FiftyOne be imported, without telling its makers about it.

    Raises MissingExtraError without it, OmniSourceError without a database that it could start or reach.
    """
    if (reason := why_off()) is not None:
        raise reason
    os.environ.setdefault("FIFTYONE_DO_NOT_TRACK", "true")
    os.environ.setdefault("FIFTYONE_DATABASE_VALIDATION", "false")  # else it warns of mongod 6, which it ships itself


def why_off() -> OmniSourceError | None:
    """What a person has to do first; None where FiftyOne can be used."""
    from omnisource.doctor import find_mongod  # it imports every decoder, and the command line needs this module

    if importlib.util.find_spec("fiftyone") is None:
        return MissingExtraError("fiftyone", extra="fiftyone", purpose="exploring in FiftyOne")
    if find_mongod() is None and not os.environ.get("FIFTYONE_DATABASE_URI"):
        return OmniSourceError(
            "FiftyOne needs MongoDB's mongod, and none was found; `make setup` installs one, or put mongod on PATH, "
            "or name a running server in FIFTYONE_DATABASE_URI"
        )
    return None


def served_at(workspace: Workspace) -> str | None:
    """Where FiftyOne's App shows the workspace now; None where it does not answer."""
    path = workspace.root / FOLDER / "serving.json"
    if not path.is_file():
        return None
    url = json.loads(path.read_text(encoding="utf-8"))["url"]
    with socket.socket() as caller:
        caller.settimeout(1.0)
        place = urlsplit(url)
        return url if caller.connect_ex((place.hostname, place.port)) == 0 else None


def pushed_before(workspace: Workspace) -> PushedBefore | None:
    """What the last push left; None before the first one."""
    path = workspace.root / FOLDER / "pushed.json"
    if not path.is_file():
        return None
    told = json.loads(path.read_text(encoding="utf-8"))
    told["where"] = tuple(told["where"])
    return PushedBefore(**{field.name: told[field.name] for field in fields(PushedBefore)})
