"""VideoNet -> a file that runs without OmniSource: torch.export, TorchScript or ONNX (paper 5.1).

The file takes clips as they are decoded, (B, C, T, H, W) uint8, and gives logits (B, K) float32: normalising is inside,
so that nobody can do it wrong. Any B; any T for a 2D network, whose features are averaged over the snippets. The norms
are left as they are: every runtime folds them itself, and the weights stay those of the run.
"""

import copy
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from torch import nn

from omnisource.config import NetworkConfig
from omnisource.errors import ExportError, MissingExtraError
from omnisource.models.video_net import VideoNet

Kind = Literal["torch.export", "torchscript", "onnx"]
Runner = Callable[[np.ndarray], np.ndarray]

FILE_NAMES: dict[Kind, str] = {
    "torch.export": "network.pt2",
    "torchscript": "network.torchscript.pt",
    "onnx": "network.onnx",
}
INPUT_NAME = "clips"
OUTPUT_NAME = "logits"
TOLERANCE = 1e-4
"""Largest difference between the logits of file and network, as a share of the largest logit."""
_TRACED_BATCH = 2
"""torch.export takes a size of 1 for a constant, so that 2 stands for any number."""
_CHECKED_BATCHES = (1, 3)
"""Not the traced one: a number that was written down as a constant shows."""


class WithNormalisation(nn.Module):
    """Clips (B, C, T, H, W) uint8, channels as decoded -> logits (B, K) float32."""

    def __init__(self, network: VideoNet, config: NetworkConfig) -> None:
        super().__init__()
        self.network = network
        self.flips_channels = config.model.format == "rgb" and config.input.channel_order == "bgr"
        self.register_buffer("mean", _per_channel(config.input.mean))
        self.register_buffer("std", _per_channel(config.input.std))

    def forward(self, clips: torch.Tensor) -> torch.Tensor:
        ordered = clips.flip(1) if self.flips_channels else clips
        return self.network((ordered.float() - self.mean) / self.std)


def export_network(network: VideoNet, config: NetworkConfig, path: Path, kind: Kind) -> float:
    """Write the network, load the file again and compare both on random clips; returns the largest difference found.

    The difference is a share of the largest logit. Raises ExportError if it is above TOLERANCE, or if the network
    cannot be written as `kind`, MissingExtraError for "onnx" without its libraries; then there is no file at `path`.
    """
    if kind == "onnx":
        _import_onnxruntime()
    graph = WithNormalisation(copy.deepcopy(network).cpu(), config).eval().requires_grad_(False)
    partial = path.with_name("partial." + path.name)  # torch.export.load goes by the suffix
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        _write(graph, _random_clips(config, _TRACED_BATCH), partial, kind)
        difference = _difference(graph, load_exported(partial, kind), config)
        if not difference <= TOLERANCE:  # not a number either
            raise ExportError(
                f"the {kind} file gives other logits than the network, by {difference:.1e} of the largest; at most "
                f"{TOLERANCE:.0e} is right. A part of the network does something that {kind} cannot record; "
                "try another kind"
            )
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
    return difference


def load_exported(path: Path, kind: Kind) -> Runner:
    """The written file as a function, on the CPU: clips (B, C, T, H, W) uint8 -> logits (B, K) float32."""
    if kind == "onnx":
        session = _import_onnxruntime().InferenceSession(str(path), providers=["CPUExecutionProvider"])
        return lambda clips: session.run([OUTPUT_NAME], {INPUT_NAME: clips})[0]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # TorchScript is what was asked for
        module = torch.jit.load(path) if kind == "torchscript" else torch.export.load(path).module()

    @torch.inference_mode()
    def run(clips: np.ndarray) -> np.ndarray:
        return module(torch.from_numpy(clips)).numpy()

    return run


def input_shape(config: NetworkConfig) -> tuple[int, int | None, int, int]:
    """(C, T, H, W) of one clip; T is None where it may be any number."""
    frames = None if config.model.dims == 2 else config.model.clip_len
    return config.model.num_channels, frames, config.test.crop_px, config.test.crop_px


def _write(graph: WithNormalisation, clips: torch.Tensor, path: Path, kind: Kind) -> None:
    sizes = {0: torch.export.Dim("batch")} | ({2: torch.export.Dim("frames")} if graph.network.dims == 2 else {})
    try:
        with warnings.catch_warnings(), torch.no_grad():
            warnings.simplefilter("ignore")  # of deprecation; what is wrong shows in the comparison
            if kind == "torchscript":
                torch.jit.save(torch.jit.trace(graph, clips, check_trace=False), path)
                return
            program = torch.export.export(graph, (clips,), dynamic_shapes={INPUT_NAME: sizes})
            if kind == "torch.export":
                torch.export.save(program, path)
            else:
                names = {"input_names": [INPUT_NAME], "output_names": [OUTPUT_NAME]}
                torch.onnx.export(program, None, path, dynamo=True, external_data=False, verbose=False, **names)
    except RuntimeError as error:  # all that torch raises for code that it cannot record; many lines for its developers
        reason = next(iter(str(error).splitlines()), type(error).__name__)
        raise ExportError(f"the network cannot be written as {kind} ({reason}); try another kind") from error


def _difference(graph: WithNormalisation, run: Runner, config: NetworkConfig) -> float:
    """Largest difference of logits, as a share of the largest."""
    shares = []
    for num_clips in _CHECKED_BATCHES:
        clips = _random_clips(config, num_clips)
        with torch.inference_mode():
            wanted = graph(clips).numpy()
        shares.append(np.abs(run(clips.numpy()) - wanted).max() / np.abs(wanted).max())
    return float(np.max(shares))  # not a number if one is


def _random_clips(config: NetworkConfig, num_clips: int) -> torch.Tensor:
    """(B, C, T, H, W) uint8; where T is free, as many frames as clips."""
    channels, frames, height, width = input_shape(config)
    shape = (num_clips, channels, num_clips if frames is None else frames, height, width)
    return torch.randint(0, 256, shape, dtype=torch.uint8, generator=torch.Generator().manual_seed(num_clips))


def _per_channel(values: Sequence[float]) -> torch.Tensor:
    return torch.tensor(values, dtype=torch.float32).view(-1, 1, 1, 1)


def _import_onnxruntime():
    """onnxruntime, once all that ONNX needs is there."""
    for library in ("onnx", "onnxscript"):
        _import(library)
    return _import("onnxruntime")


def _import(library: str):
    import importlib

    try:
        return importlib.import_module(library)
    except ImportError:
        raise MissingExtraError(library, extra="export", purpose="writing ONNX") from None
