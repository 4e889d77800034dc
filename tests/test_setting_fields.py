"""What a form learns of a settings model."""

from typing import Annotated, Literal

import pytest
from pydantic import Field

from omnisource.config import TrainConfig
from omnisource.errors import ConfigError
from omnisource.network_config import ModelConfig, NetworkConfig
from omnisource.setting_fields import fields_of, read_yaml, title_of
from omnisource.settings import StageConfig


class Inner(StageConfig):
    """Settings inside settings."""


class Every(StageConfig):
    """One setting of each kind."""

    inner: Inner = Inner()
    epochs: Annotated[int, Field(ge=1)] = Field(3, description="passes")
    share: Annotated[float, Field(gt=0, le=1)] = 0.5
    flip: bool = False
    mode: Literal["a", "b"] = "a"
    name: str = "x"
    milestones: tuple[int, ...] = (1,)
    ratio: dict[str, float] = {}
    clip: Annotated[float, Field(ge=0)] | None = None


def test_fields_of__knows_every_kind():
    found = {field.name: field for field in fields_of(Every)}
    kinds = {name: field.kind for name, field in found.items()}
    assert kinds == {
        "epochs": "whole",
        "share": "number",
        "flip": "flag",
        "mode": "choice",
        "name": "text",
        "milestones": "yaml",
        "ratio": "yaml",
        "clip": "number",
    }  # a model of its own is a section, not a setting
    assert (found["epochs"].least, found["epochs"].most, found["epochs"].help) == (1, None, "passes")
    assert (found["share"].least, found["share"].most) == (0, 1)
    assert found["mode"].choices == ("a", "b")
    assert found["clip"].is_optional and not found["share"].is_optional


def test_fields_of__the_real_models_have_titles_and_help():
    for model in (ModelConfig, *(field.annotation for field in NetworkConfig.model_fields.values())):
        assert all(field.title and field.help for field in fields_of(model))
    assert {field.name for field in fields_of(TrainConfig)} == {
        "workers",
        "checkpoint_every",
        "keep_checkpoints",
        "validate_every",
    }


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("lr_per_sample", "Learning rate per sample"),
        ("short_side_px", "Short side (px)"),
        ("timeout_s", "Timeout (s)"),
        ("num_snippets", "Number of snippets"),
        ("epochs", "Epochs"),
        ("warmup_epochs", "Warmup epochs"),
    ],
)
def test_title_of__is_read_by_a_person(name: str, title: str):
    assert title_of(name) == title


def test_read_yaml__reads_lists_and_maps():
    assert read_yaml("[40, 80]") == [40, 80]
    assert read_yaml("{web: 1.5}") == {"web": 1.5}


def test_read_yaml__says_what_is_no_yaml():
    with pytest.raises(ConfigError, match=r"'\[1, ' cannot be read; write a list"):
        read_yaml("[1, ")
