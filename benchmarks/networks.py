"""Times forward + backward, and testing, of our networks beside the same architectures of other libraries, in one run.

    python benchmarks/networks.py [--rounds 7] [--device cpu|cuda] [--threads 1]

TSN-ResNet50 (3 snippets of 224 px) beside torchvision's resnet50 applied to each frame, SlowOnly-ResNet50 (8 frames of
224 px) beside PyTorchVideo's create_resnet with SlowOnly's kernels (`pip install pytorchvideo`; left out where it is
absent). Ours are built by zoo.build and trained as train/ does, tested as evaluate/ does. They take turns; medians of
CPU time (on a GPU: of wall time between synchronisations) are compared. Target: never slower than the peer.
"""

import argparse
import statistics
import time
from collections.abc import Callable

import torch
import torchvision
from torch import nn

from omnisource.config import ModelConfig
from omnisource.models.predict import prepare_for_inference
from omnisource.models.zoo import build

CLASSES = 400


class FramesOfTorchvision(nn.Module):
    """torchvision's resnet50 on every frame, logits averaged: the usual way to make a TSN of it."""

    def __init__(self) -> None:
        super().__init__()
        self.network = torchvision.models.resnet50(num_classes=CLASSES)

    def forward(self, clips: torch.Tensor) -> torch.Tensor:
        frames = clips.transpose(1, 2).flatten(0, 1)  # (B * T, 3, H, W)
        return self.network(frames).unflatten(0, (len(clips), -1)).mean(dim=1)


def slowonly_of_pytorchvideo() -> nn.Module | None:
    """SlowOnly-ResNet50 as PyTorchVideo's model zoo configures it; None where the library is absent."""
    try:
        from pytorchvideo.models.resnet import create_resnet
    except ImportError:
        return None
    return create_resnet(
        model_depth=50,
        model_num_class=CLASSES,
        dropout_rate=0.5,
        stem_conv_kernel_size=(1, 7, 7),
        head_pool_kernel_size=(8, 7, 7),
        stage_conv_a_kernel_size=((1, 1, 1), (1, 1, 1), (3, 1, 1), (3, 1, 1)),
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=7, help="times each one runs")
    parser.add_argument("--device", default="cpu", choices=("cpu", "cuda"))
    parser.add_argument("--threads", type=int, default=1, help="CPU threads of torch")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    torch.backends.cudnn.benchmark = True
    device = torch.device(arguments.device)
    batch = 4 if device.type == "cpu" else 32
    slowonly = ModelConfig(arch="slowonly", pretrained="none", clip_len=8, frame_interval=8)
    pairs = {
        "TSN-R50, 3 snippets": (ModelConfig(pretrained="none"), FramesOfTorchvision(), (batch, 3, 3, 224, 224)),
        "SlowOnly-R50, 8 frames": (slowonly, slowonly_of_pytorchvideo(), (max(1, batch // 4), 3, 8, 224, 224)),
    }
    for name, (config, peer, shape) in pairs.items():
        if peer is None:
            print(f"{name}: PyTorchVideo is not installed; left out")
            continue
        compare(name, build(config, CLASSES), peer, torch.randn(shape), device, arguments.rounds)


def compare(
    name: str, ours: nn.Module, peer: nn.Module, clips: torch.Tensor, device: torch.device, rounds: int
) -> None:
    """Print our share of the peer's time, training and testing."""
    ours, peer, clips = ours.to(device).train(), peer.to(device).train(), clips.to(device)
    training = {
        "peer": lambda: train(peer, clips, False),
        "ours": lambda: train(ours, clips, False),
        "peer, bf16": lambda: train(peer, clips, True),
        "ours, bf16": lambda: train(ours, clips, True),
    }
    report(f"{name}: forward + backward", medians(training, rounds, device))
    prepared, peer = prepare_for_inference(ours, device), peer.eval()
    testing = {
        "peer": lambda: test(peer, clips, False),
        "ours": lambda: test(prepared, clips, False),
        "peer, bf16": lambda: test(peer, clips, True),
        "ours, bf16": lambda: test(prepared, clips, True),
    }
    report(f"{name}: testing", medians(testing, rounds, device))


def train(network: nn.Module, clips: torch.Tensor, bf16: bool) -> None:
    network.zero_grad()
    with torch.autocast(clips.device.type, torch.bfloat16, enabled=bf16):
        logits = network(clips)
    nn.functional.cross_entropy(
        logits.float(), torch.zeros(len(clips), dtype=torch.int64, device=clips.device)
    ).backward()


@torch.inference_mode()
def test(network: nn.Module, clips: torch.Tensor, bf16: bool) -> None:
    with torch.autocast(clips.device.type, torch.bfloat16, enabled=bf16):
        network(clips)


def medians(functions: dict[str, Callable[[], None]], rounds: int, device: torch.device) -> dict[str, float]:
    """Median seconds of each; they take turns, after one round that is not counted."""
    seconds: dict[str, list[float]] = {name: [] for name in functions}
    for i in range(rounds + 1):
        for name, function in functions.items():
            start = now(device)
            function()
            if i > 0:
                seconds[name].append(now(device) - start)
    return {name: statistics.median(values) for name, values in seconds.items()}


def now(device: torch.device) -> float:
    """CPU seconds of this process, or wall seconds once the GPU has done what it was given."""
    if device.type == "cpu":
        return time.process_time()
    torch.cuda.synchronize(device)
    return time.perf_counter()


def report(what: str, seconds: dict[str, float]) -> None:
    shares = ", ".join(f"{name} {value / seconds['peer']:.2f} x" for name, value in seconds.items())
    print(f"{what}: {shares} (peer {seconds['peer']:.3f} s)")


if __name__ == "__main__":
    main()
