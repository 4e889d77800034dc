"""Settings that a person changes in study.yaml: shown as differences, written whole, and taken back."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import yaml

from omnisource import config
from omnisource.errors import WorkspaceError
from omnisource.files import write_atomically
from omnisource.settings import StageConfig
from omnisource.tables import sole_writer
from omnisource.workspace import Workspace


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """One setting that is to become another."""

    setting: str
    """Its place, such as "train.joint.power"."""
    before: object
    """What it is, as YAML has it."""
    after: object
    """What it is to be."""

    @property
    def as_setting(self) -> str:
        """For `omnisource set`: KEY=VALUE."""
        return f"{self.setting}={_one_line(self.after)}"

    @property
    def as_sentence(self) -> str:
        """For a person: "train.joint.power: 0.2 to 0.5"."""
        return f"{self.setting}: {_one_line(self.before)} to {_one_line(self.after)}"

    @property
    def as_difference(self) -> tuple[str, str, str]:
        """Three lines of a diff: the place, what is there, what is to be there."""
        return f"  {self.setting}", f"- {_one_line(self.before)}", f"+ {_one_line(self.after)}"


@dataclass(frozen=True, kw_only=True, slots=True)
class SavedStudy:
    """What a change of study.yaml replaced; `restore` takes it back."""

    before: str
    """What the file held."""
    written: str
    """What it holds now."""


def changes_between(before: StageConfig, after: StageConfig, *, where: str = "") -> list[Change]:
    """The settings that differ; `where` is the place of both, such as "train.joint". Lists and maps are one setting."""
    return list(_differences(before, after, where))


def change_study(workspace: Workspace, settings: Iterable[str]) -> SavedStudy:
    """Apply `train.joint.power=0.5`-like settings to study.yaml; raises ConfigError before anything is written."""
    with sole_writer(workspace.root, what="study.yaml"):
        changed = config.override(workspace.study(), settings)
        before = workspace.study_path.read_text(encoding="utf-8")
        config.save_study(changed, workspace.study_path)
        return SavedStudy(before=before, written=workspace.study_path.read_text(encoding="utf-8"))


def restore(workspace: Workspace, saved: SavedStudy) -> None:
    """Put study.yaml back as it was; raises WorkspaceError where it was changed since."""
    with sole_writer(workspace.root, what="study.yaml"):
        if workspace.study_path.read_text(encoding="utf-8") != saved.written:
            raise WorkspaceError(f"{workspace.study_path} was changed since; look at it and change it by hand")
        write_atomically(workspace.study_path, saved.before)


def _differences(before: StageConfig, after: StageConfig, where: str) -> Iterator[Change]:
    values = before.model_dump(mode="json"), after.model_dump(mode="json")
    for name in type(before).model_fields:
        place = f"{where}.{name}" if where else name
        one, other = getattr(before, name), getattr(after, name)
        if isinstance(one, StageConfig) and isinstance(other, StageConfig):
            yield from _differences(one, other, place)
        elif one != other:
            yield Change(setting=place, before=values[0][name], after=values[1][name])


def _one_line(value: object) -> str:
    """A value as YAML on one line, as --set takes it."""
    text = yaml.safe_dump(value, default_flow_style=True, sort_keys=False, allow_unicode=True, width=float("inf"))
    return text.removesuffix("...\n").strip()
