"""What a person enters for a searched source -> checked settings and the command that adds it (paper 3.3)."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from omnisource.collect.sources.opening import ABILITIES, check_source
from omnisource.collect_config import RESULT_CAPS
from omnisource.config import SearchConfig, SourceConfig, parse
from omnisource.settings import dump
from omnisource.types import Format

ENGINES: tuple[str, ...] = tuple(ABILITIES)
"""What can be searched."""

_OPTIONS = {
    "endpoint": "--endpoint",
    "path": "--path",
    "published_after": "--after",
    "published_before": "--before",
    "text": "--text",
}
"""Settings that `omnisource add-search` has options for; the others are its --set."""


@dataclass(frozen=True, kw_only=True, slots=True)
class NewSearch:
    """One searched source as it was entered."""

    name: str
    """What it is to be called."""
    format: Format
    """What it gives."""
    values: Mapping[str, object]
    """Of its SearchConfig; what is left out is the default."""
    replaces: bool = False
    """Whether it changes the source of its name."""

    def check(self) -> SourceConfig:
        """The settings; raises ConfigError, MissingExtraError for what cannot be searched."""
        values = {"name": self.name, "format": self.format, "search": dict(self.values)}
        source = parse(SourceConfig, values, where=self.name or "the source without a name")
        check_source(source)
        return source

    def arguments(self, root: Path) -> list[str]:
        """What `omnisource` is called with; only what differs from the defaults."""
        search = self.check().search
        assert search is not None
        given = search.model_dump(mode="json", exclude_defaults=True, exclude={"engine"})
        arguments = ["add-search", "--name", self.name, "--format", str(self.format), "--engine", search.engine]
        for name, value in given.items():
            option = _OPTIONS.get(name)
            arguments += [option, str(value)] if option else ["--set", f"{name}={_one_line(value)}"]
        return [*arguments, *(["--replace"] if self.replaces else []), "-w", str(root)]


def entered(source: SourceConfig) -> dict[str, object]:
    """What a form begins with for a source that is there."""
    assert source.search is not None
    return source.search.model_dump(mode="json")


def defaults(engine: str) -> dict[str, object]:
    """What a form begins with for a new source."""
    values = {name: field.default for name, field in SearchConfig.model_fields.items()} | {"engine": engine}
    return values | ({"result_cap": RESULT_CAPS[engine]} if engine in RESULT_CAPS else {})


def _one_line(value: object) -> str:
    return dump(value).removesuffix("...\n").strip()
