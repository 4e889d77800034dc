"""CLIP: which network it is, and how class names become sentences for it (paper 3.4 leaves the cold start open)."""

from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field

from omnisource.settings import StageConfig


def _has_one_place(template: str) -> str:
    if template.count("{}") != 1:
        raise ValueError(f"template {template!r} needs {{}} once, where the class is named")
    return template


Template = Annotated[str, AfterValidator(_has_one_place)]

_ACTIONS = ("", "a person ", "a person using ", "a person doing ", "a person performing ", "a person practicing ")
TEMPLATES = tuple(f"a {medium} of {actor}{{}}." for medium in ("photo", "video") for actor in _ACTIONS)
"""Of those that CLIP's authors give for Kinetics-700, the ones that any action fits into."""


class ClipConfig(StageConfig):
    """A CLIP network: pictures and sentences in one space, so that class names alone make a teacher."""

    name: str = Field(
        "ViT-B-32", description="of open_clip's networks, hf-hub:OWNER/NAME, or a folder with open_clip_config.json"
    )
    pretrained: str = Field(
        "laion2b_s34b_b79k",
        description="a tag of open_clip, a file of weights, or none: random ones; a folder brings its own",
    )
    templates: Annotated[tuple[Template, ...], Field(min_length=1)] = Field(
        TEMPLATES, description="sentences about a class, {} is its name; their features are averaged"
    )
    texts: Path | None = Field(
        None, description="CSV with the columns class,text: what a class is called instead; several lines are averaged"
    )
