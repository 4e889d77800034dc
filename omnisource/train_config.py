"""How pictures, long videos and web data become training batches, and how often a run is saved (paper 3.5, 3.6)."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from omnisource.settings import Fraction, Name, Positive, StageConfig


class InflationConfig(StageConfig):
    """From a picture to a pseudo clip (paper 3.5, Table 8)."""

    mode: Literal["replicate", "translate_random", "translate_constant", "perspective", "perspective_class"] = Field(
        "perspective", description="perspective: agnostic warp, best in Table 8; perspective_class: fitted per class"
    )
    steps_per_frame: Positive | None = Field(
        None, description="homographies chained between two frames of the clip; None: the network's frame_interval"
    )
    translation: Annotated[float, Field(ge=0)] = Field(
        0.01, description="translate_*: standard deviation of a step, in short sides"
    )


class SnippetConfig(StageConfig):
    """Which frames of an untrimmed video form a 2D input (paper 3.5, Table 14)."""

    composition: Literal["random", "positive", "2_positive_1_negative", "1_positive_2_negative", "within_positive"] = (
        Field(
            "1_positive_2_negative",
            description="of a 3-snippet input; best in Table 14: 1 positive, 2 negative; "
            "within_positive: all from one positive segment, as the released code takes them",
        )
    )


Resampling = Literal["none", "clipped", "power"]


class JointConfig(StageConfig):
    """How target and web data are mixed (paper 3.6)."""

    target_share: Annotated[float, Field(gt=0)] = Field(
        2.0, description="the target's part of batch_ratio (Table 2: 2)"
    )
    batch_ratio: dict[Name, Annotated[float, Field(gt=0)]] = Field(
        {}, description="each source's part; a source that is not named has 1 (Table 2: 2:1:1:1)"
    )
    merged: dict[Name, tuple[Name, ...]] = Field(
        {}, description="name of a mixture -> sources of one format that are drawn as one (Table 2: GG & IG-img)"
    )
    resampling: Resampling = Field("power", description="of the auxiliary classes (Table 10)")
    resampling_by_source: dict[Name, Resampling] = Field({}, description="overrides `resampling` for a source")
    clip_at: Positive = Field(5000, description="clipped: N_c (Table 10)")
    power: Fraction = Field(0.2, description="power: p; a class of N examples is drawn like N^p (Table 10)")
    mixup_within: bool = Field(False, description="mix pairs inside the target batch (3.6; from scratch only, Table 9)")
    mixup_across: bool = Field(False, description="mix target with web examples (3.6; from scratch only, Table 9)")
    mixup_alpha: Annotated[float, Field(gt=0)] = Field(0.2, description="of Beta(alpha, alpha)")
    update: Literal["summed", "per_source"] = Field(
        "summed", description="summed: Eq. 1 in one update; per_source: the released code's one step per source"
    )
    source_batch_size: dict[Name, Positive] = Field(
        {},
        description="per_source: examples in a source's batch; unnamed: the target's (released TSN: images 64 to 12)",
    )

    @model_validator(mode="after")
    def _merged_once(self) -> Self:
        members = [member for parts in self.merged.values() for member in parts]
        if twice := sorted({member for member in members if members.count(member) > 1}):
            raise ValueError(f"merged names {', '.join(twice)} twice; a source is drawn in one place")
        return self


class FinetuneConfig(StageConfig):
    """The target after the web data, in Table 1's other procedures; the paper gives no numbers for them."""

    lr_factor: Annotated[float, Field(gt=0)] = Field(
        0.1, description="of the network's rate (ours; from ImageNet the paper's 3D networks have a tenth, appendix)"
    )
    epochs_share: Annotated[float, Field(gt=0)] = Field(
        1.0, description="of the network's epochs (ours); at 1 both procedures see every example equally often"
    )


class TrainConfig(StageConfig):
    """What every training run shares."""

    joint: JointConfig = JointConfig()
    finetune: FinetuneConfig = FinetuneConfig()
    inflation: InflationConfig = InflationConfig()
    snippets: SnippetConfig = SnippetConfig()
    workers: Annotated[int, Field(ge=0)] = Field(0, description="loader processes; 0: in the training process")
    checkpoint_every: Positive = Field(500, description="updates between two checkpoints; each epoch's end has one too")
    keep_checkpoints: Positive = Field(2, description="newest checkpoints kept")
    validate_every: Annotated[int, Field(ge=0)] = Field(0, description="epochs between two validations; 0: none")
