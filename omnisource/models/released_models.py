"""The released models by name: what they are, their published accuracy and test protocol, where they lie (paper 5)."""

import difflib
import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path

import yaml

from omnisource import settings
from omnisource.errors import CheckpointError
from omnisource.models import downloads
from omnisource.network_config import NetworkConfig

AUXILIARY = {
    "none": "",
    "all": "all of OmniSource",
    "googleimage": "Google images",
    "webimage": "Google and Instagram images",
    "insvideo": "Instagram videos",
    "kineticsraw": "untrimmed Kinetics videos",
    "imagenet": "ImageNet-1k",
}
"""What a model was trained with beside its dataset, for people."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ReleasedModel:
    """A trained recogniser whose weights its authors published."""

    name: str
    """What `pretrained` and the command line call it."""
    title: str
    """Kind of network and backbone, for people."""
    dataset: str
    """Whose classes it tells apart."""
    num_classes: int
    """How many they are."""
    input: str
    """Snippets, or frames x interval of a clip."""
    start: str
    """What its training started from: none, imagenet, ig1b or ig65m."""
    auxiliary: str
    """What it was trained with beside its dataset: a key of AUXILIARY."""
    stored: str | None
    """Size of the stored videos that it was trained and tested on."""
    top1: float
    """Published accuracy on the dataset's validation set, in percent."""
    top5: float | None
    """As top1; None where it was not published."""
    protocol: str
    """The views that were averaged, for people; `network.test` says the same."""
    url: str
    """Where its weights lie."""
    mmaction0_url: str | None
    """Where a file with mmaction 0.x names lies; `notes` says whether it holds the same weights."""
    notes: tuple[str, ...]
    """What a person should know: discrepancies between documents, gaps."""
    network: NetworkConfig
    """Its shape, input and published test; the optimisation is the paper's for its kind where no other is known."""

    @property
    def layout(self) -> str:
        """Whose names its weights have; both load."""
        return "mmaction 0.x" if "/mmaction/models/" in self.url else "mmaction2"

    @property
    def with_omnisource(self) -> bool:
        """Whether web data of the paper was used."""
        return self.auxiliary not in ("none", "imagenet")


@dataclass(frozen=True, kw_only=True, slots=True)
class Start:
    """Weights that training starts from, without classes of a video dataset."""

    name: str
    """What `pretrained` and the command line call it."""
    aliases: tuple[str, ...]
    """Shorter names."""
    title: str
    """What it was trained on, for people."""
    archs: tuple[str, ...]
    """Networks that it can start."""
    backbone: str | None
    """Their backbone; None: any torchvision one."""
    url: str | None
    """Where the weights lie; None: torchvision knows, by backbone."""
    notes: tuple[str, ...]
    """What a person should know."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ReleasedFile:
    """A list that belongs to the released models."""

    name: str
    """What the command line calls it: its file's name."""
    title: str
    """What is in it."""
    url: str
    """Where it lies."""


@cache
def released_models() -> tuple[ReleasedModel, ...]:
    """Every released recogniser, in the order of the published tables."""
    document = _document()
    families = document["families"]
    return tuple(_model(dict(row), dict(families[row["family"]])) for row in document["models"])


@cache
def starts() -> tuple[Start, ...]:
    """Every start by name, `imagenet` first."""
    return tuple(
        Start(
            name=row["name"],
            aliases=tuple(row.get("aliases", ())),
            title=row["title"],
            archs=tuple(row["fits"]["archs"]),
            backbone=row["fits"].get("backbone"),
            url=row.get("url"),
            notes=tuple(row.get("notes", ())),
        )
        for row in _document()["starts"]
    )


@cache
def released_files() -> tuple[ReleasedFile, ...]:
    """Lists that belong to the models, such as the names of their classes."""
    return tuple(ReleasedFile(**row) for row in _document()["files"])


def is_known(name: str) -> bool:
    """Whether `pretrained: name` means one of these, and not a file."""
    return name == "none" or name in _by_name()


def find(name: str) -> ReleasedModel | Start | ReleasedFile:
    """The entry of that name; raises CheckpointError with the nearest names."""
    known = _by_name() | {file.name: file for file in released_files()}
    if name not in known:
        raise CheckpointError(f"no released model is called {name!r}; {near(name)}")
    return known[name]


def near(name: str) -> str:
    """What a person may have meant."""
    close = difflib.get_close_matches(name, _by_name(), n=3, cutoff=0.5)
    return f"did you mean {', '.join(close)}?" if close else "`omnisource models` lists them"


def network_config(name: str) -> NetworkConfig:
    """The published network of a recogniser: shape, input, test protocol; raises CheckpointError for other names."""
    return find_recogniser(name).network


def find_recogniser(name: str) -> ReleasedModel:
    """As `find`; raises CheckpointError for a start, which tells no classes apart."""
    found = find(name)
    if not isinstance(found, ReleasedModel):
        raise CheckpointError(
            f"{name} is no recogniser, but {found.title}; train a network that starts from it (pretrained: {name}), "
            "or take one of `omnisource models`"
        )
    return found


def cache_folder() -> Path:
    """Where weights are kept by default: torch's own folder, where torchvision's and mmcv's lie already."""
    torch_home = os.environ.get("TORCH_HOME") or Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache") / "torch"
    return Path(torch_home).expanduser() / "hub" / "checkpoints"


def cached_path(entry: ReleasedModel | Start | ReleasedFile, folder: Path | None = None) -> Path | None:
    """The file of an entry where it was fetched already; None elsewhere."""
    path = path_of(entry, folder)
    return path if path is not None and path.is_file() else None


def path_of(entry: ReleasedModel | Start | ReleasedFile, folder: Path | None = None) -> Path | None:
    """Where the file of an entry is, or will be; None for one that has no file of its own."""
    return None if entry.url is None else (folder or cache_folder()) / downloads.file_name(entry.url)


def fetch(
    entry: ReleasedModel | Start | ReleasedFile,
    folder: Path | None = None,
    *,
    progress: Callable[[int, int | None], None] | None = None,
) -> Path:
    """The file of an entry, fetched into `folder` (default: `cache_folder`) unless it is there; CheckpointError."""
    if path := cached_path(entry, folder):
        return path
    if entry.url is None:
        raise CheckpointError(
            f"{entry.name} has a file for each backbone, which is fetched when a network is built with it; "
            "`omnisource teach` and `train` do so"
        )
    prefix = downloads.sha256_prefix_of(entry.url)
    return downloads.fetch(entry.url, folder or cache_folder(), sha256_prefix=prefix, progress=progress)


@cache
def _document() -> dict:
    text = resources.files("omnisource.models").joinpath("released_models.yaml").read_text(encoding="utf-8")
    return yaml.safe_load(text)


def _model(row: dict, family: dict) -> ReleasedModel:
    network = dict(family["network"])
    network["model"] = network["model"] | {"pretrained": row["start"]}
    del row["family"]
    return ReleasedModel(
        title=family["title"],
        dataset=family["dataset"],
        num_classes=family["num_classes"],
        input=family["input"],
        protocol=family["protocol"],
        notes=(*family.get("notes", ()), *row.pop("notes", ())),
        network=settings.parse(NetworkConfig, network, where=f"released model {row['name']}"),
        **({"stored": None, "top5": None, "mmaction0_url": None} | row),
    )


@cache
def _by_name() -> dict[str, ReleasedModel | Start]:
    named: dict[str, ReleasedModel | Start] = {model.name: model for model in released_models()}
    for start in starts():
        named |= {name: start for name in (start.name, *start.aliases)}
    return named
