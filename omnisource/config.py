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
from omnisource.features_config import DuplicatesConfig
from omnisource.features_config import FeaturesConfig as FeaturesConfig
from omnisource.files import write_atomically
from omnisource.network_config import InputConfig as InputConfig
from omnisource.network_config import ModelConfig as ModelConfig
from omnisource.network_config import NetworkConfig as NetworkConfig
from omnisource.network_config import OptimConfig as OptimConfig
from omnisource.network_config import TestConfig as TestConfig
from omnisource.network_config import leave_open
from omnisource.settings import Fraction, Positive, dump, load
from omnisource.settings import Name as Name
from omnisource.settings import StageConfig as StageConfig
from omnisource.settings import parse as parse
from omnisource.settings import save as save
from omnisource.settings import to_yaml as to_yaml
from omnisource.train_config import FinetuneConfig as FinetuneConfig
from omnisource.train_config import InflationConfig as InflationConfig
from omnisource.train_config import JointConfig as JointConfig
from omnisource.train_config import SnippetConfig as SnippetConfig
from omnisource.train_config import TrainConfig as TrainConfig
from omnisource.types import Format

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
    max_megapixels: Annotated[float, Field(gt=0, le=178)] = Field(
        100.0, description="decompression bombs are refused above; Pillow itself refuses above 178"
    )
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
