"""A workspace's settings of CLIP -> its network, a teacher of class names, and vectors of words (paper 3.4)."""

import csv
from pathlib import Path

import numpy as np
import torch
import yaml

from omnisource.config import ClipConfig
from omnisource.errors import DataError, WorkspaceError
from omnisource.files import save_atomically
from omnisource.label.score import Teacher
from omnisource.media import content_key
from omnisource.models import clip
from omnisource.pipeline.feature_search import as_asked, clip_settings, text_path
from omnisource.tables import require_same
from omnisource.workspace import Workspace

_COLUMNS = {"class", "text"}
_WEIGHTS = (".safetensors", ".bin", ".pth", ".pt")


def load_clip(workspace: Workspace, settings: ClipConfig, device: torch.device) -> clip.Clip:
    """The network; paths may be relative to the workspace. Raises ConfigError, CheckpointError, MissingExtraError."""
    return clip.load(_located(workspace, settings), device, seed=workspace.study().seed)


def load_zero_shot(workspace: Workspace, name: str, settings: ClipConfig, device: torch.device) -> Teacher:
    """A teacher that knows the workspace's classes by their sentences alone."""
    loaded = load_clip(workspace, settings, device)
    classes = clip.encode_classes(loaded, class_sentences(workspace, settings))
    network, seen = clip.zero_shot_network(loaded, classes)
    return Teacher(name=name, networks=(network,), configs=(seen,), device=device)


def class_sentences(workspace: Workspace, settings: ClipConfig) -> list[list[str]]:
    """What is said of every class; raises DataError for texts that cannot be read, ConfigError for unknown classes."""
    texts = {} if settings.texts is None else read_texts(workspace.root / settings.texts)
    return clip.prompts(workspace.taxonomy().names, settings.templates, texts)


def read_texts(path: Path) -> dict[str, list[str]]:
    """CSV with the columns class,text -> the texts of each class, in their order; raises DataError."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"texts {path} cannot be read: {error}; save a CSV with the columns class,text") from None
    if not rows or not rows[0].keys() >= _COLUMNS:
        raise DataError(f"texts {path} needs the columns class,text and a line for each text")
    texts: dict[str, list[str]] = {}
    for number, row in enumerate(rows, start=2):
        name, text = (row["class"] or "").strip(), (row["text"] or "").strip()
        if not name or not text:
            raise DataError(f"{path}:{number}: a line needs a class and a text")
        texts.setdefault(name, []).append(text)
    return texts


def clip_weights(workspace: Workspace, settings: ClipConfig) -> str:
    """By what facts tell one network from another: the content of its files, or its published name."""
    located = _located(workspace, settings)
    if located.pretrained == clip.NONE:
        return f"random, seed {workspace.study().seed}"
    folder, file = Path(located.name), Path(located.pretrained)
    if folder.is_dir():
        files = sorted(path for path in folder.iterdir() if path.suffix in (*_WEIGHTS, ".json"))
        return ", ".join(content_key(path).hex() for path in files)
    return content_key(file).hex() if file.is_file() else located.pretrained


def save_text_vector(workspace: Workspace, encoder: str, text: str) -> None:
    """Encode words by the CLIP network behind an encoder's features, for `feature_search` to find; known ones stay.

    Raises WorkspaceError for features of another network, and where the network has changed since it saw the items.
    """
    path, settings = text_path(workspace, encoder, text), clip_settings(workspace, encoder)
    if path.is_file():
        return
    table = workspace.table(f"features/{encoder}/web")
    if settings is None:
        raise WorkspaceError(f"{encoder} knows no words; `--encoder` must name a CLIP network")
    seen = yaml.safe_load((table.folder / "settings.yaml").read_text(encoding="utf-8"))
    require_same(
        {"weights": seen["weights"]}, {"weights": clip_weights(workspace, settings)}, what=f"table {table.name!r}"
    )
    vector = clip.encode_texts(load_clip(workspace, settings, torch.device("cpu")), [as_asked(text)])[0]
    save_atomically(path, lambda partial: _save_array(partial, vector))


def zero_shot_settings(workspace: Workspace, settings: ClipConfig) -> dict[str, object]:
    """What the scores of such a teacher depend on."""
    return {
        "clip": settings.name,
        "weights": [clip_weights(workspace, settings)],
        "sentences": class_sentences(workspace, settings),
    }


def _save_array(path: Path, array: np.ndarray) -> None:
    with path.open("wb") as file:  # np.save would add an ending to the name
        np.save(file, array)


def _located(workspace: Workspace, settings: ClipConfig) -> ClipConfig:
    """With whole paths where a folder or file of the workspace, or from elsewhere, is meant."""
    found = {
        field: str(workspace.root / value)
        for field, value in (("name", settings.name), ("pretrained", settings.pretrained))
        if (workspace.root / value).exists()
    }
    return settings.model_copy(update=found)
