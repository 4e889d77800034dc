"""A settings model -> what a form needs to know of each setting: title, unit, help, bounds, choices (design 7)."""

import functools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import yaml

from omnisource.errors import ConfigError
from omnisource.settings import StageConfig

Kind = Literal["whole", "number", "flag", "choice", "text", "yaml"]

_UNITS = {"_px": "px", "_s": "s", "_mib": "MiB"}
_WORDS = {
    "lr": "learning rate",
    "arch": "architecture",
    "std": "standard deviation",
    "len": "length",
    "num": "number of",
    "init": "initial",
    "min": "least",
    "max": "most",
}
_KINDS: dict[str, Kind] = {"integer": "whole", "number": "number", "boolean": "flag"}


@dataclass(frozen=True, kw_only=True, slots=True)
class SettingField:
    """One setting of a model."""

    name: str
    """Key in the model."""
    title: str
    """For a person, with the unit: "Short side (px)"."""
    help: str
    """What it means, with the paper's section."""
    kind: Kind
    """What it takes; yaml: a list or a map, written as YAML on one line."""
    choices: tuple[str, ...]
    """All that it may be; empty where anything goes."""
    least: float | None
    """Smallest value that a form offers; None: no bound."""
    most: float | None
    """Largest value; None: no bound."""
    is_optional: bool
    """Whether it may be left open."""


def fields_of(model: type[StageConfig]) -> list[SettingField]:
    """The settings of a model in their order, without those that are models of their own."""
    return list(_all_fields(model))


def read_yaml(text: str) -> object:
    """What a person wrote into a field of kind yaml; raises ConfigError for what is no YAML."""
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError:
        raise ConfigError(f"{text!r} cannot be read; write a list like [40, 80] or a map like {{a: 1}}") from None


def title_of(name: str) -> str:
    """A key as a person reads it: "lr_per_sample" -> "Learning rate per sample"."""
    suffix = next((suffix for suffix in _UNITS if name.endswith(suffix)), "")
    unit, stem = _UNITS.get(suffix, ""), name.removesuffix(suffix)
    words = " ".join(_WORDS.get(word, word) for word in stem.split("_"))
    return words[:1].upper() + words[1:] + (f" ({unit})" if unit else "")


@functools.cache
def _all_fields(model: type[StageConfig]) -> tuple[SettingField, ...]:
    """Once for each model: pydantic takes 30 ms to tell a schema, and a form asks for nine with every click."""
    return tuple(_fields(model))


def _fields(model: type[StageConfig]) -> Iterator[SettingField]:
    for name, schema in model.model_json_schema()["properties"].items():
        options = schema.get("anyOf", [schema])
        known = [option for option in options if option.get("type") != "null"]
        if "$ref" in schema or "$ref" in known[0] or "allOf" in schema:
            continue  # a model of its own
        value = known[0]
        choices = tuple(value.get("enum", ()))
        yield SettingField(
            name=name,
            title=title_of(name),
            help=schema.get("description", ""),
            kind="choice" if choices else _kind(value),
            choices=choices,
            least=value.get("minimum", value.get("exclusiveMinimum")),
            most=value.get("maximum", value.get("exclusiveMaximum")),
            is_optional=len(known) < len(options),
        )


def _kind(value: dict[str, object]) -> Kind:
    if value.get("type") in ("array", "object"):
        return "yaml"
    return _KINDS.get(str(value.get("type")), "text")
