"""Settings of CLIP."""

import pytest

from omnisource.clip_config import TEMPLATES, ClipConfig
from omnisource.errors import ConfigError
from omnisource.settings import parse


def test_templates__are_sentences_that_take_any_action():
    assert len(TEMPLATES) == 12
    assert {"a photo of {}.", "a photo of a person doing {}.", "a video of a person {}."} <= set(TEMPLATES)


@pytest.mark.parametrize("template", ["a photo", "{} and {}", "{0}"])
def test_clip_config__a_template_names_the_class_once(template: str):
    with pytest.raises(ConfigError, match="needs {} once, where the class is named"):
        parse(ClipConfig, {"templates": [template]}, where="test")
