"""Settings of joint training: the paper's numbers, and mixtures that make sense."""

import pytest

from omnisource.errors import ConfigError
from omnisource.settings import parse
from omnisource.train_config import TrainConfig


def test_train_config__its_defaults_are_the_papers():
    train = TrainConfig()
    assert (train.joint.resampling, train.joint.power) == ("power", 0.2)  # Table 10
    assert train.joint.clip_at == 5000  # Table 10
    assert train.joint.target_share == 2.0  # Table 2
    assert not (train.joint.mixup_within or train.joint.mixup_across)  # Table 9: from scratch only
    assert train.snippets.composition == "1_positive_2_negative"  # Table 14
    assert train.inflation.mode == "perspective"  # Table 8


def test_joint_config__a_source_is_drawn_in_one_place():
    values = {"joint": {"merged": {"a": ["google", "flickr"], "b": ["google"]}}}
    with pytest.raises(ConfigError, match="merged names google twice; a source is drawn in one place"):
        parse(TrainConfig, values, where="test")
