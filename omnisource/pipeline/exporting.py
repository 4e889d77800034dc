"""A trained network -> a folder that predicts without OmniSource: network, what it sees, a script (paper 5.1)."""

import importlib.resources
import json
import logging
from dataclasses import dataclass
from pathlib import Path

import torch

import omnisource
from omnisource.errors import ExportError
from omnisource.files import write_atomically
from omnisource.models.export import FILE_NAMES, INPUT_NAME, OUTPUT_NAME, TOLERANCE, Kind, export_network, input_shape
from omnisource.pipeline.named_network import NamedNetwork

logger = logging.getLogger(__name__)

SCHEMA = "omnisource.exported_network/1"
"""Of network.json; the number grows when a reader of the old one would go wrong."""
CARD = "network.json"
SCRIPT = "predict_exported.py"
_NEEDS = {"torch.export": "torch", "torchscript": "torch", "onnx": "onnxruntime"}
_SAMPLING = {
    "centres": "clips start in the middle of num_clips equal parts of the starts that leave room for a whole clip",
    "ends": "single frames: middles of equal parts of the video; clips: evenly from its start to its end, one: middle",
}
_CROPS = {
    "center": "the square in the middle",
    "three": "the first, the last and the middle square along the longer side",
    "ten": "the four corners and the middle on a grid of quarters of the slack, each followed by its mirror image",
}
_AVERAGING = {
    "features": "mean of the views' logits (the same as of the features, since the classifier is linear), then softmax",
    "logits": "mean of the views' logits, then softmax",
    "probs": "softmax of each view's logits, then their mean",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Exported:
    """What was written."""

    folder: Path
    """Holds the network, network.json, predict_exported.py and README.md."""
    file: Path
    """The network."""
    kind: Kind
    """In which format."""
    difference: float
    """Measured between the logits of file and network, as a share of the largest."""


def export(named: NamedNetwork, kind: Kind = "torch.export", folder: Path | None = None) -> Exported:
    """Write the network and all that is needed to use it; `folder` None: exported/<name>-<kind> in its workspace.

    Raises ExportError where the folder holds other things, where the network cannot be written as `kind`, and where the
    file does not give what the network gives; MissingExtraError for "onnx" without its libraries.
    """
    folder = folder or named.folder / "exported" / f"{named.name}-{kind}"
    _check_folder(folder)
    file = folder / FILE_NAMES[kind]
    difference = export_network(named.network, named.config, file, kind)
    card = describe(named, kind, difference)
    write_atomically(folder / CARD, json.dumps(card, indent=1, ensure_ascii=False))
    script = importlib.resources.files("omnisource.pipeline").joinpath(SCRIPT).read_text(encoding="utf-8")
    write_atomically(folder / SCRIPT, script)
    write_atomically(folder / "README.md", _readme(card))
    logger.info("%s: written as %s to %s, difference %.1e", named.name, kind, folder, difference)
    return Exported(folder=folder, file=file, kind=kind, difference=difference)


def describe(named: NamedNetwork, kind: Kind, difference: float) -> dict[str, object]:
    """What network.json says: input, how to make it from a video, output, classes, and what the network came from."""
    model, seen, test = named.config.model, named.config.input, named.config.test
    channels, frames, height, width = input_shape(named.config)
    stacked = model.num_channels // 2 if model.format == "flow" and model.dims == 2 else 1
    num_classes = named.network.num_classes
    return {
        "schema": SCHEMA,
        "file": FILE_NAMES[kind],
        "kind": kind,
        "input": {
            "name": INPUT_NAME,
            "format": model.format,
            "layout": "BCTHW",
            "letters": {"B": "views", "C": "channels", "T": "frames", "H": "height", "W": "width"},
            "shape": ["B", channels, "T" if frames is None else frames, height, width],
            "dtype": "uint8",
            "range": [0, 255],
            "channels": ["red", "green", "blue"] if model.format == "rgb" else ["x", "y"] * stacked,
        },
        "output": {"name": OUTPUT_NAME, "shape": ["B", num_classes], "dtype": "float32", "meaning": "logits"},
        "normalisation": {
            "where": "inside the network",
            "channel_order": seen.channel_order,
            "mean": list(seen.mean),
            "std": list(seen.std),
        },
        "sampling": {
            "short_side_px": seen.short_side_px,
            "frames_of_a_clip": stacked if model.dims == 2 else model.clip_len,
            "frame_interval": 1 if model.dims == 2 else model.frame_interval,
            "num_clips": test.num_clips,
            "positions": test.positions,
            "stacked_flow_frames": stacked,
            "rule": f"{_SAMPLING[test.positions]}; what runs past the end starts again at frame 0",
        },
        "views": {
            "crops": test.crops,
            "crop_px": test.crop_px,
            "frames_of_a_view": 1 if model.dims == 2 else model.clip_len,
            "rule": _CROPS[test.crops],
        },
        "averaging": {"of": test.average, "rule": _AVERAGING[test.average]},
        "classes": {"number": num_classes, "names": list(named.class_names) if named.class_names else None},
        "made_from": {
            "network": named.name,
            "weights": named.weights,
            "config": named.config.model_dump(mode="json"),
            "omnisource": omnisource.__version__,
            "torch": torch.__version__,
        },
        "check": {"largest_difference": difference, "at_most": TOLERANCE, "unit": "share of the largest logit"},
    }


def _check_folder(folder: Path) -> None:
    """Files of a person are never overwritten; an export from before is."""
    if folder.exists() and not folder.is_dir():
        raise ExportError(f"{folder} is a file; choose a folder")
    if folder.is_dir() and any(folder.iterdir()) and not (folder / CARD).is_file():
        raise ExportError(f"{folder} holds other things; choose a new folder")


def _readme(card: dict) -> str:
    shape = " x ".join(str(side) for side in card["input"]["shape"])
    names = card["classes"]["names"]
    return f"""# {card["made_from"]["network"]}

A video recognition network, written by OmniSource {card["made_from"]["omnisource"]} as {card["kind"]}.

    pip install numpy opencv-python-headless av {_NEEDS[card["kind"]]}
    python {SCRIPT} VIDEO

- `{card["file"]}`: {shape} ({card["input"]["layout"]}, {card["input"]["dtype"]}, {card["input"]["format"]}, not
  normalised: that is inside) -> logits of {card["classes"]["number"]} classes{"" if names else ", without names"}.
- `{CARD}`: which frames and crops it sees, how they are averaged, the classes, and where the network came from.
- `{SCRIPT}`: from a video file to class probabilities, without OmniSource; read it to build your own.

Checked when it was written: the file's logits differ from the network's by {card["check"]["largest_difference"]:.1e} of
the largest.
"""
