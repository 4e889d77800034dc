"""Settings of the comparison with labelled frames: one network sees them, as the paper's does."""

import pytest

from omnisource.errors import ConfigError
from omnisource.features_config import DuplicatesConfig, FeaturesConfig
from omnisource.settings import parse


def test_features_config__its_defaults_are_the_papers():
    features = FeaturesConfig()
    assert (features.backbone, features.pretrained) == ("resnet50", "imagenet")  # 3.3
    assert DuplicatesConfig().splits[0] == "val"  # 3.3: the validation set must not leak


def test_features_config__one_network_sees_the_frames():
    with pytest.raises(ConfigError, match=r"both run \(tsn-baseline\) and clip \(RN50\) are to see the frames"):
        parse(FeaturesConfig, {"run": "tsn-baseline", "clip": {"name": "RN50"}}, where="test")
