"""Every knob: one pydantic model per stage, and Study, which holds them all; YAML in and out (design: Configuration).

Defaults are the paper's; a description names the section. Units stand in the names. Unknown keys are refused with
"did you mean". The app builds its forms from these models.
"""

import typing
from pathlib import Path
from typing import Annotated, Literal, Self

import yaml
from pydantic import Field, model_validator

from omnisource.clip_config import ClipConfig as ClipConfig
from omnisource.collect_config import FetchConfig as FetchConfig
from omnisource.collect_config import SearchConfig as SearchConfig
from omnisource.errors import ConfigError
from omnisource.files import write_atomically
from omnisource.network_config import Fraction, NetworkConfig, Positive, leave_open
from omnisource.network_config import InputConfig as InputConfig
from omnisource.network_config import ModelConfig as ModelConfig
from omnisource.network_config import OptimConfig as OptimConfig
from omnisource.network_config import TestConfig as TestConfig
from omnisource.settings import StageConfig as StageConfig
from omnisource.settings import dump, load
from omnisource.settings import parse as parse
from omnisource.settings import save as save
from omnisource.settings import to_yaml as to_yaml
from omnisource.types import Format

Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.+-]*$")]

Procedure = Literal["joint", "pretrain_finetune"]
"""Table 1: target and web data together (ours), or web data first and the target after it (what others do)."""
Phase = Literal["pretrain", "finetune"]
"""The two runs of pretrain_finetune, which end in these words."""


class TargetConfig(StageConfig):
    """Where the labelled clips are and how their lists are written (paper 4.1)."""

    reader: Literal["folders", "path_label", "kinetics", "ucf101", "hmdb51"] = Field(
        "folders", description="folders: train/CLASS/clip and val/CLASS/clip; the others: the datasets' own lists"
    )
    root: Path = Field(Path("."), description="folder that the paths of the lists are relative to")
    train: Path = Field(Path("train"), description="training list, or folder of class folders; relative to root")
    val: Path = Field(Path("val"), description="validation list or folder; relative to root")
    classes: Path | None = Field(None, description="file with one class name a line; None: taken from the data")
    groups: Path | None = Field(None, description="JSON of path -> group; a group may not be in both splits")
    split: Annotated[int, Field(ge=1, le=3)] = Field(1, description="official split of UCF101 and HMDB51")
    format: Format = Field(Format.TRIMMED, description="trimmed, or untrimmed as Youtube-car is (paper 4.1)")
    label_fraction: Annotated[float, Field(gt=0, le=1)] = Field(
        1.0, description="share of the training labels to keep, stratified by class and seeded (Fig. 7: 0.03, 0.1, 0.3)"
    )


class SourceConfig(StageConfig):
    """One source of web data: a local folder, or what a search finds (paper 3.3, 4.2)."""

    name: Name = Field(description='the web resource, such as "google_image"')
    format: Format = Field(description="image, trimmed or untrimmed")
    path: Path | None = Field(
        None, description="folder; its sub-folders name the classes unless `classes` is given; None: it is searched"
    )
    search: SearchConfig | None = Field(None, description="how it is searched; None: its folder is read")
    classes: Path | None = Field(None, description="CSV with the columns path,class; None: the folder's name")
    lists: Path | None = Field(
        None,
        description="annotations/ of the released Mini-Kinetics web data: its lists name the items (paper 4.2); "
        "`omnisource add-released` sets it",
    )

    @model_validator(mode="after")
    def _has_one_origin(self) -> Self:
        if (self.path is None) == (self.search is None):
            raise ValueError(f"source {self.name!r} needs either `path`, a folder, or `search`, where it is looked for")
        return self


class MediaConfig(StageConfig):
    """How media is read."""

    reader: Literal["auto", "decord", "pyav"] = Field(
        "auto", description="auto: PyAV, exact on all we tried; decord is refused where it is not known to be exact"
    )


class ValidityConfig(StageConfig):
    """What makes an item usable, and what a decoder may cost (paper 3.3: remove invalid or corrupted data)."""

    min_side_px: Positive = Field(32, description="smaller pictures and videos are dropped")
    max_aspect: Annotated[float, Field(ge=1)] = Field(8.0, description="longer side over shorter side, at most")
    max_megapixels: Annotated[float, Field(gt=0)] = Field(100.0, description="decompression bombs are refused above")
    min_frames: Positive = Field(2, description="videos with fewer decodable frames are dropped")
    timeout_s: Annotated[float, Field(gt=0)] = Field(30.0, description="wall time that one item may take")
    memory_mib: Positive = Field(2048, description="memory that one worker process may take")
    workers: Positive = Field(2, description="worker processes")


class TeacherConfig(StageConfig):
    """One network trained on the target set, or several whose probabilities are averaged (paper 3.4, Fig. 6).

    Or a CLIP network that knows the classes by their names, for the time before anything was labelled.
    """

    networks: tuple[Name, ...] = Field((), description="networks by name; several are averaged")
    clip: ClipConfig | None = Field(
        None, description="CLIP in place of networks: it needs no labelled clips, only the classes' names"
    )
    formats: tuple[Format, ...] = Field(
        tuple(Format), description="what it scores; a 3D teacher cannot score images (paper 3.4)"
    )

    @model_validator(mode="after")
    def _is_one_kind(self) -> Self:
        if bool(self.networks) == (self.clip is not None):
            raise ValueError("a teacher needs either `networks`, which are trained, or `clip`, which needs no training")
        return self


class ScoreConfig(StageConfig):
    """How web data is scored (paper 3.4, 3.5)."""

    top_k: Positive = Field(10, description="classes kept per segment")
    num_clips: Positive = Field(3, description="frames (2D) or clips (3D) averaged in a trimmed clip")
    segment_2d_s: Annotated[float, Field(gt=0)] = Field(1.0, description="length of a 2D teacher's segment (paper 3.5)")
    segment_3d_s: Annotated[float, Field(gt=0)] = Field(
        10.0, description="length of a 3D teacher's segment (paper 3.5)"
    )
    frames: Literal["exact", "keyframes"] = Field(
        "exact",
        description="2D teachers on long videos: exact, or only the seconds with a keyframe, 8-20 times cheaper",
    )
    batch_size: Positive = Field(32, description="frames (2D) or clips (3D) in one forward pass")
    rows_per_part: Positive = Field(50_000, description="segments in one file of the scores table")


class Recipe(StageConfig):
    """A decision over measured facts: which web data becomes an example, with which label (paper 3.4)."""

    teachers: dict[Format, Name] = Field(
        {}, description="whose scores decide for a format; not named: the pipeline's choice (paper 3.4)"
    )
    sources: tuple[Name, ...] | None = Field(None, description="sources to use; None: all")
    duplicate_similarity: float | None = Field(
        None, description="similarity above which an item is a duplicate; None: the measured crop threshold (paper 3.3)"
    )
    web_copies: Literal["keep", "leave_out"] = Field(
        "keep", description="items that are near copies of a better web item which is used too; a person's keep wins"
    )
    web_copy_similarity: float | None = Field(
        None, description="similarity above which they are; None: the measured crop threshold (paper 3.3)"
    )
    confidence: Fraction = Field(0.5, description="least confidence that is kept (paper 3.4 gives no number)")
    confidence_by_source: dict[Name, Fraction] = Field({}, description="overrides `confidence` for a source")
    confidence_by_class: dict[str, Fraction] = Field({}, description="overrides both for a class, by its name")
    label_source: Literal["teacher", "query", "agreement", "listed"] = Field(
        "teacher",
        description="teacher: top class; query: the query's class if its probability passes; agreement: both; "
        "listed: what the released lists keep (as probability 1, else 0) with their class; no teacher is needed",
    )
    max_per_class: Positive | None = Field(None, description="most confident examples kept per source and class")

    @model_validator(mode="after")
    def _known_sources(self) -> Self:
        if self.sources is not None and (unknown := set(self.confidence_by_source) - set(self.sources)):
            raise ValueError(f"confidence_by_source names {sorted(unknown)}, which `sources` leaves out")
        return self


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


class MotionConfig(StageConfig):
    """Fitting N(mu, Sigma) of camera motion on the target clips (paper 3.5)."""

    max_clips: Positive = Field(2000, description="target clips looked at")
    pairs_per_clip: Positive = Field(8, description="consecutive frame pairs per clip")
    short_side_px: Positive = Field(240, description="frames are matched at this size")
    min_inlier_share: Fraction = Field(0.5, description="pairs whose matches agree less are dropped")
    max_corner_shift: Annotated[float, Field(gt=0)] = Field(
        0.25, description="pairs that move a corner further are dropped; in short sides"
    )
    min_pairs_per_class: Positive = Field(30, description="classes with fewer pairs use the motion of all classes")


class FlowConfig(StageConfig):
    """How optical flow is measured and kept (paper 5.2: two-stream, Tables 6 and 16; how is TSN's)."""

    method: Literal["dis", "raft"] = Field(
        "dis", description="dis: OpenCV's dense inverse search, for a CPU; raft: torchvision's network, for a GPU"
    )
    bound_px: Annotated[float, Field(gt=0)] = Field(
        20.0, description="flow is clipped to this many pixels either way and kept in 256 steps, as TSN does"
    )
    short_side_px: Positive = Field(256, description="frames are resized to this short side before flow is measured")
    raft_weights: Path | None = Field(
        None, description="file of torchvision's raft_large; None: torchvision's cache, or its download"
    )
    workers: Annotated[int, Field(ge=0)] = Field(2, description="processes that measure; 0: in this one")


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


class Study(StageConfig):
    """Everything about one workspace: its data, its networks, its decisions."""

    seed: Annotated[int, Field(ge=0)] = Field(0, description="of everything random")
    device: Literal["auto", "cpu", "cuda"] = Field("auto", description="where networks run")
    target: TargetConfig = TargetConfig()
    sources: tuple[SourceConfig, ...] = ()
    fetch: FetchConfig = FetchConfig()
    media: MediaConfig = MediaConfig()
    validity: ValidityConfig = ValidityConfig()
    networks: dict[Name, NetworkConfig] = Field({"tsn": NetworkConfig()}, description="networks by name")
    student: Name = Field("tsn", description="network of the baseline and the student")
    teachers: dict[Name, TeacherConfig] = Field({}, description="teachers by name; empty: the student's network")
    score: ScoreConfig = ScoreConfig()
    features: FeaturesConfig = FeaturesConfig()
    duplicates: DuplicatesConfig = DuplicatesConfig()
    motion: MotionConfig = MotionConfig()
    flow: FlowConfig = FlowConfig()
    recipes: dict[Name, Recipe] = Field({"default": Recipe()}, description="decisions by name")
    train: TrainConfig = TrainConfig()

    @model_validator(mode="after")
    def _runs_have_names_of_their_own(self) -> Self:
        names = [source.name for source in self.sources] + list(self.train.joint.merged)
        for name in names:
            if name == "target" or names.count(name) > 1:
                raise ValueError(f"a source may not be called {name!r}: the name is taken")
        if self.student not in self.networks:
            raise ValueError(f"student {self.student!r} is none of the networks: {', '.join(sorted(self.networks))}")
        if "baseline" in self.recipes:
            raise ValueError("a recipe may not be called 'baseline': that is the run on the labelled clips alone")
        for recipe in self.recipes:
            if recipe.endswith(tuple(f".{phase}" for phase in typing.get_args(Phase))):
                raise ValueError(f"recipe {recipe!r} would share its runs with pre-training; rename it")
        runs = [f"{network}-{recipe}" for network in self.networks for recipe in (*self.recipes, "baseline")]
        for run in runs:
            if runs.count(run) > 1:
                raise ValueError(f"two pairs of network and recipe would share the run {run!r}; rename one")
        for teacher, settings in self.teachers.items():
            if unknown := set(settings.networks) - set(self.networks):
                raise ValueError(f"teacher {teacher!r} names networks that are not there: {', '.join(sorted(unknown))}")
        return self

    @property
    def folders(self) -> tuple[SourceConfig, ...]:
        """Sources that are local folders."""
        return tuple(source for source in self.sources if source.path is not None)

    @property
    def searched(self) -> tuple[SourceConfig, ...]:
        """Sources whose items are searched for and downloaded."""
        return tuple(source for source in self.sources if source.search is not None)


def load_study(path: Path) -> Study:
    """Read study.yaml; raises ConfigError that names the file, the key and the nearest known key."""
    return load(Study, path)


def load_recipe(path: Path) -> Recipe:
    """Read recipes/<name>.yaml; raises ConfigError like load_study."""
    return load(Recipe, path)


def save_study(study: Study, path: Path) -> None:
    """Write study.yaml whole or not at all: every setting, but those that follow from the kind of a network."""
    write_atomically(path, _OPEN_NOTE + dump(_as_written(study)))


def override(study: Study, settings: typing.Iterable[str]) -> Study:
    """Apply `train.joint.power=0.5`-like settings; values are YAML. Raises ConfigError."""
    values = _as_written(study)
    for setting in settings:
        path, equals, value = setting.partition("=")
        if not equals:
            raise ConfigError(f"{setting!r} is not KEY=VALUE; for example train.joint.power=0.5")
        *parents, last = path.strip().split(".")
        node = values
        for parent in parents:
            if isinstance(node, dict) and node.get(parent) is None:  # left open, such as features.clip
                node[parent] = {}
            node = node[parent] if isinstance(node, dict) else None
        if not isinstance(node, dict):
            raise ConfigError(f"{path!r} in {setting!r} does not lead to a setting")
        try:
            node[last] = yaml.safe_load(value)
        except yaml.YAMLError as error:
            raise ConfigError(f"{value!r} in {setting!r} is not YAML: {error}") from None
    return parse(Study, values, where="--set")


_OPEN_NOTE = """\
# What a network does not say of its input, optim and test is the paper's for its kind (network_config.py).
"""


def _as_written(study: Study) -> dict[str, object]:
    values = study.model_dump(mode="json")
    return values | {"networks": {name: leave_open(network) for name, network in values["networks"].items()}}
