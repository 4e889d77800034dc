"""A network: its shape, what it sees, how it is optimised and tested, with the paper's numbers for its kind.

What a study leaves open is filled from the paper (5.1, appendix: implementation details; protocols 2-4). A study that
only changes the number of epochs keeps the schedule's shape: milestones and warm-up move along.
"""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from omnisource.settings import Fraction, Positive, StageConfig

Values = dict[str, object]

Arch = Literal["tsn", "slowonly", "i3d", "ircsn", "omni"]

TSN_EPOCHS = 100
IRCSN_EPOCHS = 58
SLOWONLY_EPOCHS = 150
SCRATCH_EPOCHS = {4: 256, 8: 196}
"""SlowOnly from scratch, by frames a clip: 4x16 and 8x8."""
_SHAPES: dict[str, Values] = {
    "i3d": {"clip_len": 32, "frame_interval": 2},
    "ircsn": {
        "backbone": "resnet152",
        "pretrained": "ig65m",
        "clip_len": 32,
        "frame_interval": 2,
    },
    "omni": {"pretrained": "none", "clip_len": 8, "frame_interval": 8},
}
"""What the published networks of a kind are; protocols 1."""


class ModelConfig(StageConfig):
    """One network (paper 5.1)."""

    arch: Arch = Field(
        "tsn",
        description="tsn: 2D, sparse snippets; slowonly, i3d, ircsn: 3D, dense clips; omni: mmaction2 1.x's OmniResNet",
    )
    backbone: str = Field(
        "resnet50",
        description="resnet10 to resnet152; for tsn also bninception, a torchvision name, or package.module:factory",
    )
    width: Annotated[float, Field(gt=0, le=1)] = Field(
        1.0, description="share of a ResNet's channels; 1 is the paper's"
    )
    pretrained: str = Field(
        "imagenet",
        description="none, imagenet, ig1b, ig65m, a released model (`omnisource models`), or a file of weights",
    )
    format: Literal["rgb", "flow"] = Field("rgb", description="what it sees: pictures, or optical flow (Table 6)")
    flow_frames: Positive = Field(5, description="tsn on flow: consecutive flow frames stacked to one snippet")
    frozen_norms: Literal["none", "all", "all_but_first"] = Field(
        "none", description="batch norms that keep statistics and weights: irCSN all, TSN on UCF101 all but the first"
    )
    dropout: Fraction | None = Field(None, description="before the classifier; None: 0.4 for tsn, 0.5 for 3D networks")
    init_std: Annotated[float, Field(gt=0)] = Field(0.01, description="of the classifier's weights")
    zero_init_residual: bool = Field(False, description="start each residual block as the identity")
    num_snippets: Positive = Field(3, description="tsn: snippets a video (paper 5.1: 3)")
    clip_len: Positive = Field(4, description="3D: frames a clip (paper 5.1: 4 or 8; irCSN 32)")
    frame_interval: Positive = Field(16, description="3D: frames from one to the next (paper 5.1: 16 or 8; irCSN 2)")
    num_image_classes: Positive = Field(1000, description="omni: classes of the head for pictures (ImageNet-1k)")

    @property
    def dims(self) -> int:
        """2 for networks that see single frames, 3 for those that see clips."""
        return 2 if self.arch == "tsn" else 3

    @property
    def num_frames(self) -> int:
        """Frames that one input holds."""
        return self.num_snippets if self.arch == "tsn" else self.clip_len

    @property
    def num_channels(self) -> int:
        """Channels of one frame: 3 of RGB, 2 of flow, or a stack of flow frames for a 2D network."""
        if self.format == "rgb":
            return 3
        return 2 * self.flow_frames if self.dims == 2 else 2


class InputConfig(StageConfig):
    """From decoded frames to the network's input (protocols: training pipelines)."""

    short_side_px: Positive = Field(256, description="frames are resized to this short side while decoding")
    crop_px: Positive = Field(224, description="side of the square that the network sees")
    crop: Literal["random_resized", "multi_scale", "center"] = Field("random_resized", description="training crop")
    flip: Fraction = Field(0.5, description="probability of a mirrored clip")
    channel_order: Literal["rgb", "bgr"] = Field("rgb", description="bgr for weights that came from Caffe")
    mean: Annotated[tuple[float, ...], Field(min_length=1)] = Field(
        (123.675, 116.28, 103.53), description="of each channel, or one for all; 0-255, in channel_order"
    )
    std: Annotated[tuple[float, ...], Field(min_length=1)] = Field(
        (58.395, 57.12, 57.375), description="of each channel, or one for all; 0-255, in channel_order"
    )


class OptimConfig(StageConfig):
    """SGD and its schedule (paper, appendix: implementation details)."""

    epochs: Positive = Field(100, description="passes over the target set")
    batch_size: Positive = Field(32, description="target examples in one update, over all devices")
    lr_per_sample: Annotated[float, Field(gt=0)] = Field(4e-5, description="learning rate over batch size")
    momentum: Fraction = Field(0.9, description="of SGD, without Nesterov")
    weight_decay: Annotated[float, Field(ge=0)] = Field(1e-4, description="on every parameter")
    schedule: Literal["step", "cosine"] = Field("step", description="step: a tenth at each milestone; cosine: to 0")
    milestones: tuple[int, ...] = Field((40, 80), description="epochs at which the step schedule divides by 10")
    warmup_epochs: Annotated[float, Field(ge=0)] = Field(0, description="epochs of linear warm-up")
    warmup_ratio: Fraction = Field(0.0, description="share of the learning rate that warm-up starts from")
    warmup_by: Literal["epoch", "update"] = Field("update", description="how often warm-up moves")
    warmup_reaches_full: bool = Field(
        False, description="the last step of warm-up, not the first one after it, has the full rate"
    )
    schedule_by: Literal["epoch", "update"] = Field("epoch", description="how often the schedule moves")
    cosine_after_warmup: bool = Field(False, description="count the cosine from the end of warm-up")
    clip_norm: Annotated[float, Field(gt=0)] | None = Field(40.0, description="largest L2 norm of the gradient")
    precision: Literal["32-true", "bf16-mixed", "16-mixed"] = Field("32-true", description="of Lightning Fabric")


class TestConfig(StageConfig):
    """Which views of a video are averaged (protocols: test pipelines)."""

    __test__ = False  # pytest collects classes named Test*

    num_clips: Positive = Field(25, description="tsn: frames; 3D: clips; spread evenly over the video")
    positions: Literal["centres", "ends"] = Field(
        "centres",
        description="centres: of equal parts (published numbers); ends: mmaction2 1.x, the outer clips touch the ends",
    )
    crops: Literal["center", "three", "ten"] = Field("ten", description="spatial views of each")
    crop_px: Positive = Field(224, description="side of each view")
    average: Literal["features", "logits", "probs"] = Field("features", description="what is averaged over the views")
    batch_size: Positive = Field(8, description="videos in one forward pass")


class NetworkConfig(StageConfig):
    """A network, what it sees, how it is optimised, how it is tested; what is not set is the paper's for its kind."""

    model: ModelConfig = ModelConfig()
    input: InputConfig = InputConfig()
    optim: OptimConfig = OptimConfig()
    test: TestConfig = TestConfig()

    @model_validator(mode="before")
    @classmethod
    def _fill_from_the_paper(cls, values: object) -> object:
        if not isinstance(values, dict):
            return values
        plain = {key: _plain(value) for key, value in values.items()}
        model, optim = plain.get("model", {}), plain.get("optim", {})
        if not isinstance(model, dict) or not isinstance(optim, dict):
            return values
        filled = dict(values)
        for section, defaults in network_defaults(model, optim).items():
            given = plain.get(section, {})
            filled[section] = defaults | given if isinstance(given, dict) else given
        return filled


def network_defaults(model: Values, optim: Values) -> dict[str, Values]:
    """Sections `input`, `optim` and `test` for a network; `model` and `optim` hold what the study sets itself."""
    arch = model.get("arch", "tsn")
    normalised = {"mean": (128.0,), "std": (128.0,)} if model.get("format") == "flow" else {}
    if arch == "tsn":
        return {
            "input": {"crop": "multi_scale"} | normalised,
            "optim": _steps(TSN_EPOCHS, optim, lr_per_sample=4e-5, milestones=(40, 80)),
            "test": {"num_clips": 25, "crops": "ten", "crop_px": 224, "average": "features"},
        }
    shape = dict(_SHAPES.get(arch, {}))
    if arch == "ircsn" and model.get("pretrained") != "none":
        shape["frozen_norms"] = "all"
    if arch == "ircsn":
        chosen = _steps(IRCSN_EPOCHS, optim, lr_per_sample=5e-6, milestones=(32, 48), warmup_epochs=16)
    elif (shape | model).get("pretrained", "imagenet") == "none":
        chosen = _cosine(SCRATCH_EPOCHS.get((shape | model).get("clip_len", 4), 256), optim)
    else:
        chosen = _steps(SLOWONLY_EPOCHS, optim, lr_per_sample=1.6e-4, milestones=(90, 130))
    test = {"num_clips": 10, "crops": "three", "crop_px": 256, "average": "probs"}
    if arch == "omni":
        test["positions"] = "ends"
    return {"model": shape, "input": {"crop": "random_resized"} | normalised, "optim": chosen, "test": test}


def _steps(
    usual: int, optim: Values, *, lr_per_sample: float, milestones: tuple[int, int], warmup_epochs: int = 0
) -> Values:
    """A tenth of the rate at each milestone, after a linear rise from 0."""
    epochs = _epochs(usual, optim)
    moved = tuple(round(milestone * epochs / usual) for milestone in milestones)
    steps = {"epochs": epochs, "lr_per_sample": lr_per_sample, "schedule": "step", "milestones": moved}
    return steps | ({"warmup_epochs": warmup_epochs * epochs / usual} if warmup_epochs else {})


def _cosine(usual: int, optim: Values) -> Values:
    """From scratch: a linear rise from 0 over 34 epochs, then a cosine to 0."""
    epochs = _epochs(usual, optim)
    warmup = 34 * epochs / usual
    return {"epochs": epochs, "lr_per_sample": 1.6e-3, "schedule": "cosine", "warmup_epochs": warmup}


def _epochs(usual: int, optim: Values) -> int:
    wanted = optim.get("epochs", usual)
    return wanted if isinstance(wanted, int) and wanted > 0 else usual


def leave_open(network: Values) -> Values:
    """A network's plain values without those that the paper gives its kind, so that they follow when others change."""
    model, optim = network["model"], network["optim"]
    usual = network_defaults(model, {})
    left = {section: dict(values) for section, values in network.items()}
    for section, defaults in network_defaults(model, optim).items():
        for key, value in defaults.items():
            expected = usual["optim"]["epochs"] if key == "epochs" else value
            if left[section][key] == (list(expected) if isinstance(expected, tuple) else expected):
                del left[section][key]
    return left


def _plain(value: object) -> object:
    """What a section sets itself, whether it came as YAML or as a model."""
    return value.model_dump(exclude_unset=True) if isinstance(value, StageConfig) else value
