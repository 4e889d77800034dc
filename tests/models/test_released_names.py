import pytest

from omnisource.models.released_names import from_ours, is_lettered, to_ours

# Rows of the released key lists (facts: state_dicts) -> ours.
NAMES = [
    ("ircsn", "mmaction2", "backbone.layer1.0.conv2.0.conv.weight", "backbone.layer1.0.conv2.weight"),
    ("ircsn", "mmaction2", "backbone.layer1.0.conv2.0.bn.running_var", "backbone.layer1.0.bn2.running_var"),
    ("ircsn", "mmaction2", "backbone.layer4.0.downsample.bn.bias", "backbone.layer4.0.downsample.1.bias"),
    ("ircsn", "mmaction2", "backbone.conv1.conv.weight", "backbone.conv1.weight"),
    ("i3d", "mmaction2", "backbone.layer3.4.conv1.conv.weight", "backbone.layer3.4.conv1.weight"),
    ("i3d", "mmaction0", "backbone.layer3.4.bn3.weight", "backbone.layer3.4.bn3.weight"),
    ("omni", "mmaction2", "cls_head.fc2d.2.running_mean", "image_norm.running_mean"),
    ("omni", "mmaction2", "cls_head.fc2d.4.weight", "image_classifier.weight"),
    ("omni", "mmaction2", "cls_head.fc3d.2.bias", "neck.0.bias"),
    ("omni", "mmaction2", "cls_head.fc3d.3.weight", "neck.1.weight"),
    ("omni", "mmaction2", "cls_head.fc3d.6.weight", "classifier.weight"),
    ("omni", "mmaction2", "backbone.layer1.0.downsample.0.weight", "backbone.layer1.0.downsample.0.weight"),
    ("tsn", "mmaction0", "backbone.conv1_7x7_s2.bias", "backbone.conv1_7x7_s2.conv.bias"),
    ("tsn", "mmaction0", "backbone.conv2_3x3_reduce_bn.weight", "backbone.conv2_3x3_reduce.norm.weight"),
    ("tsn", "mmaction0", "backbone.inception_3a_3x3.weight", "backbone.inception_3a.3x3.conv.weight"),
    ("tsn", "mmaction0", "backbone.inception_5b_double_3x3_1_bn.bias", "backbone.inception_5b.double_3x3_1.norm.bias"),
    ("tsn", "mmaction0", "backbone.inception_3a_pool_proj.weight", "backbone.inception_3a.pool_proj.conv.weight"),
]


@pytest.mark.parametrize(("arch", "layout", "released", "ours"), NAMES)
def test_to_ours__and_back(arch, layout, released, ours):
    assert to_ours([released], arch, layout) == {released: ours}
    assert from_ours([ours], arch, layout) == {ours: released}


@pytest.mark.parametrize(
    ("block", "num_blocks", "letters"),
    [
        (0, 3, "a"),
        (7, 8, "h"),
        (22, 23, "w"),  # irCSN-101
        (0, 36, "aa"),  # irCSN-152: more blocks than letters
        (25, 36, "az"),
        (26, 36, "ba"),
        (35, 36, "bj"),
    ],
)
def test_to_ours__counts_lettered_blocks(block, num_blocks, letters):
    released = f"backbone.layer3.{letters}.conv0.weight"
    ours = f"backbone.layer3.{block}.conv1.weight"
    assert to_ours([released], "ircsn", "mmaction0") == {released: ours}
    stage = [f"backbone.layer3.{i}.conv1.weight" for i in range(num_blocks)]
    assert from_ours(stage, "ircsn", "mmaction0")[ours] == released


@pytest.mark.parametrize(
    ("ours", "released"),
    [
        ("conv1.weight", "conv0.weight"),
        ("bn3.weight", "bn2.weight"),
        ("downsample.0.weight", "conv3.weight"),
        ("downsample.1.running_mean", "bn3.running_mean"),
    ],
)
def test_from_ours__counts_mmaction0s_convolutions_of_ircsn_from_0(ours, released):
    ours, released = f"backbone.layer2.0.{ours}", f"backbone.layer2.a.{released}"
    assert from_ours([ours], "ircsn", "mmaction0") == {ours: released}
    assert to_ours([released], "ircsn", "mmaction0") == {released: ours}


@pytest.mark.parametrize(
    "key",
    [
        "backbone.layer5.0.conv1.conv.weight",  # there are four stages
        "backbone.layer1.0.conv2.1.conv.weight",  # the second convolution of an ipCSN
        "backbone.fc.weight",
        "cls_head.fc2d.2.weight",
    ],
)
def test_to_ours__knows_no_others(key):
    assert to_ours([key], "ircsn", "mmaction2") == {key: None}


def test_from_ours__orders_a_bottleneck_as_mmaction0_did():
    block = "backbone.layer1.0."
    natural = [f"{block}{part}.weight" for part in ("conv1", "bn1", "conv2", "bn2", "conv3", "bn3", "downsample.0")]
    ordered = [key.split(".")[3] for key in from_ours(natural, "slowonly", "mmaction0")]
    assert ordered == ["conv1", "conv2", "bn1", "bn2", "conv3", "bn3", "downsample"]


def test_from_ours__puts_the_picture_head_first():
    ours = ["classifier.weight", "neck.0.weight", "image_classifier.weight", "image_norm.weight", "backbone.bn1.weight"]
    assert list(from_ours(ours, "omni", "mmaction2").values()) == [
        "backbone.bn1.weight",
        "cls_head.fc2d.2.weight",
        "cls_head.fc2d.4.weight",
        "cls_head.fc3d.2.weight",
        "cls_head.fc3d.6.weight",
    ]


@pytest.mark.parametrize(
    ("key", "answer"), [("backbone.layer3.ab.conv0.weight", True), ("backbone.layer3.1.conv1.weight", False)]
)
def test_is_lettered__asks_for_letters(key, answer):
    assert is_lettered([key]) is answer
