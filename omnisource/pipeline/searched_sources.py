"""A source that is searched comes into the study, once it is sure that it can be (paper 3.3)."""

import json
from dataclasses import dataclass

from omnisource.collect.sources.opening import ABILITIES, check_source, searched, survey
from omnisource.config import SourceConfig, override, save_study
from omnisource.errors import ConfigError
from omnisource.tables import sole_writer
from omnisource.workspace import Workspace


@dataclass(frozen=True, kw_only=True, slots=True)
class Registered:
    """A source that is in the study now."""

    source: SourceConfig
    """As it was written down."""
    notes: tuple[str, ...]
    """What a person should know before it is searched."""


def register_search(workspace: Workspace, source: SourceConfig, *, replace: bool = False) -> Registered:
    """Add a searched source to the study, or with `replace` change the settings of the one of its name.

    What cannot work is refused before anything is written: settings that the engine cannot follow, a library or key
    that is missing, a list that names none of the classes. Raises ConfigError, DataError, MissingExtraError.
    """
    check_source(source)
    found = survey(source, workspace.taxonomy(), workspace.root)
    with sole_writer(workspace.root, what="study.yaml"):
        study = workspace.study()
        others = tuple(one for one in study.sources if one.name != source.name)
        for known in study.sources:
            if known.name == source.name and known != source:
                _require_replaceable(known, replace)
        if source not in study.sources:
            place = next((at for at, one in enumerate(study.sources) if one.name == source.name), len(others))
            sources = (*others[:place], source, *others[place:])
            dumped = json.dumps([one.model_dump(mode="json") for one in sources])
            save_study(override(study, [f"sources={dumped}"]), workspace.study_path)
    return Registered(source=source, notes=(*([found] if found else []), *_notes(source)))


def _require_replaceable(known: SourceConfig, replace: bool) -> None:
    if known.search is None:
        raise ConfigError(f"source {known.name!r} is there already, as the folder {known.path}; choose another --name")
    if not replace:
        raise ConfigError(
            f"source {known.name!r} is there already, searched by {known.search.engine} with other settings; "
            "choose another --name, or --replace them"
        )


def _notes(source: SourceConfig) -> list[str]:
    search = searched(source)
    if not (ABILITIES[search.engine].needs_permission and search.obey_robots and search.endpoint is None):
        return []
    return [
        f"robots.txt of {search.engine} is asked before each search, and usually keeps programs out; if its owner "
        "allowed you to search by program, say so with --set obey_robots=false"
    ]
