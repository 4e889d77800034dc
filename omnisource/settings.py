"""How settings are checked, written and explained, whatever they are about: YAML in and out (design: Configuration)."""

import difflib
import functools
import types
import typing
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from omnisource.errors import ConfigError
from omnisource.files import write_atomically

Model = typing.TypeVar("Model", bound=BaseModel)
Name = typing.Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.+-]*$")]
Fraction = typing.Annotated[float, Field(ge=0, le=1)]
Positive = typing.Annotated[int, Field(ge=1)]


class StageConfig(BaseModel):
    """Settings of one stage: frozen, and without room for keys that nobody reads."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def load(model: type[Model], path: Path) -> Model:
    """Read a YAML file; raises ConfigError that names the file, the key and the nearest known key."""
    return _loaded(model, _read(path), str(path))


def save(config: StageConfig, path: Path) -> None:
    """Write every setting as YAML, defaults included, whole or not at all."""
    write_atomically(path, to_yaml(config))


def dump(values: object) -> str:
    """Plain values as YAML."""
    return yaml.safe_dump(values, sort_keys=False, allow_unicode=True)


def to_yaml(config: StageConfig) -> str:
    """Every setting as YAML, defaults included."""
    return dump(config.model_dump(mode="json"))


def parse(model: type[Model], values: object, *, where: str) -> Model:
    """Check `values` against a model; raises ConfigError with one line per mistake."""
    try:
        return model.model_validate(values)
    except ValidationError as error:
        lines = [_explain(model, dict(e)) for e in error.errors()]
        raise ConfigError(f"{where}: " + "; ".join(lines)) from None


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise ConfigError(f"{path} does not exist; `omnisource init` makes a workspace") from None
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path} is not YAML: {error}") from None


@functools.lru_cache(maxsize=64)
def _loaded(model: type[Model], text: str, where: str) -> Model:
    """A page asks for the same study dozens of times and YAML takes 20 ms; settings are frozen, so all share one."""
    try:
        values = yaml.safe_load(text) or {}
    except yaml.YAMLError as error:
        raise ConfigError(f"{where} is not YAML: {error}") from None
    return parse(model, values, where=where)


def _explain(model: type[BaseModel], error: dict) -> str:
    location = ".".join(str(part) for part in error["loc"])
    if error["type"] != "extra_forbidden":
        value = "" if isinstance(error["input"], dict) else f" = {error['input']!r}"
        return f"{location or 'settings'}{value}: {error['msg'].removeprefix('Value error, ')}"
    known = list(_fields_at(model, error["loc"][:-1]))
    near = difflib.get_close_matches(str(error["loc"][-1]), known, n=1, cutoff=0.5)
    hint = f"; did you mean {near[0]!r}?" if near else f"; known: {', '.join(known)}"
    return f"unknown setting {location!r}{hint}"


def _fields_at(model: type[BaseModel], path: tuple) -> typing.Iterable[str]:
    """Names of the settings of the model that `path` leads to, through dicts and tuples."""
    annotation: object = model
    for part in path:
        annotation = _without_none(annotation)
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            annotation = annotation.model_fields[part].annotation
        else:
            annotation = typing.get_args(annotation)[1 if typing.get_origin(annotation) is dict else 0]
    annotation = _without_none(annotation)
    return annotation.model_fields if isinstance(annotation, type) and issubclass(annotation, BaseModel) else ()


def _without_none(annotation: object) -> object:
    """`SearchConfig | None` -> `SearchConfig`."""
    kinds = [one for one in typing.get_args(annotation) if one is not types.NoneType]
    is_union = typing.get_origin(annotation) in (typing.Union, types.UnionType)
    return kinds[0] if is_union and len(kinds) == 1 else annotation
