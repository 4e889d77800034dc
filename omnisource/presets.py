"""The published protocols, one YAML file each -> settings to start a study from, beside the paper's numbers.

A file of `preset_files/` may extend others and the pieces of `preset_files/parts/`: settings are laid over each other
key by key, sources and notes add up (`replaces_notes: true` starts anew where inherited ones would no longer hold), and
what a preset says of itself (title, table, numbers, baseline) is never passed on.
"""

import copy
import difflib
import functools
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable

import yaml
from pydantic import Field

from omnisource.config import Name, NetworkConfig, Study
from omnisource.errors import ConfigError
from omnisource.settings import StageConfig, parse
from omnisource.types import Format

Values = dict[str, object]

_FILES = files("omnisource") / "preset_files"
_OWN = ("title", "table", "numbers", "baseline")
"""What is not passed on to a preset that extends another."""
_LISTED = ("sources", "notes", "needs", "steps")
"""What adds up."""


class Measured(StageConfig):
    """What the paper or the release reports of one test, in percent."""

    dataset: str = Field(description="labelled clips that were tested; the same word in two presets compares them")
    top1: float = Field(description="top-1 accuracy")
    top5: float | None = Field(None, description="top-5 accuracy")
    mean_ap: float | None = Field(None, description="mean average precision (Table 5)")
    fused_with: str | None = Field(None, description="the other stream, where both were fused (Table 6)")


class ExpectedSource(StageConfig):
    """Web data that a preset counts on; a person adds the folder."""

    name: Name = Field(description="what the source must be called")
    format: Format = Field(description="image, trimmed or untrimmed")
    title: str = Field(description="what the paper calls it, and how much there was")
    released: bool = Field(False, description="whether `omnisource add-released` brings it")


class PresetFile(StageConfig):
    """A preset as it is written, with all that it extends laid under it."""

    title: str = Field(description="one line")
    table: str = Field(description="table of the paper, or the release")
    numbers: tuple[Measured, ...] = Field((), description="published results; none where none was published")
    baseline: Name | None = Field(None, description="the preset without web data that the numbers are compared with")
    sources: tuple[ExpectedSource, ...] = Field((), description="web data that it counts on")
    notes: tuple[str, ...] = Field((), description="where paper and released code differ, and which is followed")
    needs: tuple[str, ...] = Field((), description="what a person must have before the first command")
    steps: tuple[str, ...] = Field((), description="commands after the usual ones; WORK stands for the workspace")
    study: Values = Field({}, description="part of a study")


@dataclass(frozen=True, kw_only=True, slots=True)
class Preset:
    """One published protocol."""

    name: str
    """Of its file."""
    file: PresetFile
    """What it says, with all that it extends."""
    study: Study
    """Its settings, checked; what it leaves open has the paper's values."""

    @property
    def network(self) -> NetworkConfig:
        """The network whose numbers are given."""
        return self.study.networks[self.study.student]


def names() -> tuple[str, ...]:
    """All presets, in alphabetical order."""
    return tuple(sorted(entry.name.removesuffix(".yaml") for entry in _FILES.iterdir() if entry.name.endswith(".yaml")))


@functools.cache  # the files come with the package, and a form asks with every click
def load(name: str) -> Preset:
    """A preset by name; raises ConfigError for an unknown one, with the nearest."""
    known = names()
    if name not in known:
        near = difflib.get_close_matches(name, known, n=3, cutoff=0.5)
        hint = f"did you mean {' or '.join(near)}?" if near else "`omnisource presets` lists them"
        raise ConfigError(f"no preset {name!r}; {hint}")
    values = _resolved(name)
    file = parse(PresetFile, values, where=f"preset {name}")
    return Preset(name=name, file=file, study=parse(Study, file.study, where=f"preset {name}"))


def text(name: str) -> str:
    """A preset's file as it is written, with its comments."""
    return _path(name).read_text(encoding="utf-8")


def start_study(name: str, own: Mapping[str, object]) -> Study:
    """A study with a preset's settings under a person's own, such as where the labelled clips are."""
    return parse(Study, _laid_over(load(name).file.study, own), where=f"init --preset {name}")


def gains(preset: Preset) -> dict[str, float]:
    """Points of top-1 accuracy over the baseline's published numbers, by dataset (and the stream that was fused)."""
    if preset.file.baseline is None:
        return {}
    before = {_test_of(row): row.top1 for row in load(preset.file.baseline).file.numbers}
    rows = {_test_of(row): row.top1 for row in preset.file.numbers}
    return {test: round(top1 - before[test], 2) for test, top1 in rows.items() if test in before}


def next_steps(preset: Preset, workspace: str) -> list[str]:
    """What a person does after `omnisource init`: first what must be had, then commands."""
    file, study = preset.file, preset.study
    steps = [f"# {need}" for need in file.needs]
    if any(source.released for source in file.sources):
        steps.append(f"omnisource add-released FOLDER -w {workspace}")
    for source in file.sources:
        if not source.released:
            command = f"omnisource add FOLDER --name {source.name} --format {source.format} -w {workspace}"
            steps.append(f"{command}  # {source.title}")
    if preset.network.model.format == "flow":
        steps.append(f"omnisource flow -w {workspace} --only target")
    stages = ["run"] if study.recipes else ["teach", "evaluate"]
    steps += [f"omnisource {stage} -w {workspace}" for stage in stages]
    return steps + [step.replace("WORK", workspace) for step in file.steps]


def _test_of(row: Measured) -> str:
    return row.dataset if row.fused_with is None else f"{row.dataset}, fused with {row.fused_with}"


def _path(name: str) -> Traversable:
    return _FILES.joinpath(*f"{name}.yaml".split("/"))


def _resolved(name: str) -> Values:
    """A file's values over those of all that it extends."""
    values = yaml.safe_load(_path(name).read_text(encoding="utf-8"))
    merged: Values = {}
    for parent in values.pop("extends", ()):
        passed_on = {key: value for key, value in _resolved(parent).items() if key not in _OWN}
        merged = _joined(merged, passed_on)
    if values.pop("replaces_notes", False):
        merged["notes"] = []
    return _joined(merged, values)


def _joined(under: Values, over: Values) -> Values:
    """Settings over settings; what is listed once is not listed again."""
    merged = _laid_over(under, over)
    for key in _LISTED:
        listed = under.get(key, [])
        merged[key] = listed + [entry for entry in over.get(key, []) if entry not in listed]
    return merged


def _laid_over(under: Values, over: Mapping[str, object]) -> Values:
    """Settings of `over` on top of those of `under`, key by key through all levels."""
    merged = copy.deepcopy(under)
    for key, value in over.items():
        below = merged.get(key)
        merged[key] = _laid_over(below, value) if isinstance(below, dict) and isinstance(value, dict) else value
    return merged
