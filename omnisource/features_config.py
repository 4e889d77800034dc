"""How web frames are compared with labelled ones: what sees them, and which pairs are written down (paper 3.3)."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from omnisource.clip_config import ClipConfig
from omnisource.settings import Name, Positive, StageConfig


class FeaturesConfig(StageConfig):
    """What sees the frames of web data and labelled clips, to say how alike they are (paper 3.3)."""

    run: Name | None = Field(
        None, description="trained 2D run whose backbone sees the frames, such as tsn-baseline; None: `backbone`"
    )
    clip: ClipConfig | None = Field(
        None, description="CLIP sees the frames instead, and web data can be searched by words; None: `backbone`"
    )
    backbone: str = Field(
        "resnet50", description="resnet10 to resnet152, bninception, a torchvision name, or package.module:factory"
    )
    pretrained: str = Field(
        "imagenet", description="of `backbone`: imagenet (paper 3.3), ig1b, a file of weights, or none: random ones"
    )
    stage: Annotated[int, Field(ge=1, le=4)] = Field(
        4, description="of a ResNet: the stage whose output is taken; earlier ones tell finer differences"
    )
    grid: Positive = Field(
        1, description="features are averaged over grid x grid places of the frame; more than 1 keeps where things are"
    )
    frame_px: Positive = Field(224, description="the whole frame is resized to a square of this side")
    mean: Annotated[tuple[float, ...], Field(min_length=1)] = Field(
        (123.675, 116.28, 103.53), description="of each channel, or one for all; 0-255; a run brings its own"
    )
    std: Annotated[tuple[float, ...], Field(min_length=1)] = Field(
        (58.395, 57.12, 57.375), description="of each channel, or one for all; 0-255; a run brings its own"
    )
    fps: Annotated[float, Field(gt=0)] = Field(1.0, description="frames a second of web videos")
    target_fps: Annotated[float, Field(gt=0)] = Field(
        1.0, description="frames a second of labelled clips; more of them find pictures taken between two seconds"
    )
    crop_share: Annotated[float, Field(gt=0, lt=1)] = Field(
        0.875, description="side of the crops whose likeness is the threshold, as a share of the frame's (224 of 256)"
    )
    crop_clips: Positive = Field(1000, description="labelled clips of which one frame is cropped, for the threshold")
    batch_size: Positive = Field(32, description="frames in one forward pass")

    @model_validator(mode="after")
    def _sees_by_one_network(self) -> Self:
        if self.run is not None and self.clip is not None:
            both = f"run ({self.run}) and clip ({self.clip.name})"
            raise ValueError(f"both {both} are to see the frames; set one to null")
        return self


class DuplicatesConfig(StageConfig):
    """How frames are compared, and which pairs are written down (paper 3.3)."""

    splits: tuple[Literal["val", "train"], ...] = Field(
        ("val", "train"), description="labelled clips that web data is compared with; none: the stage is left out"
    )
    dims: Positive = Field(256, description="dimensions kept by whitening; at most one for each labelled clip")
    ridge: Annotated[float, Field(ge=0)] = Field(
        0.0, description="whitening: added to each variance, as a share of their mean, to damp directions of noise"
    )
    floor: float | None = Field(
        None, description="less alike pairs are not written down; None: four fifths of the measured crop threshold"
    )
    precision: Literal["auto", "fp32", "bf16"] = Field(
        "auto", description="bf16 finds candidates, fp32 decides; auto: what is faster here. The pairs are the same"
    )
