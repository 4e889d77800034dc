"""A CLIP network of a few thousand weights in a folder, as open_clip reads it."""

import json
from pathlib import Path

import open_clip
import torch
from safetensors.torch import save_model

IMAGE_PX = 32
MEAN, STD = (0.5, 0.4, 0.3), (0.2, 0.25, 0.3)
MODEL = {
    "embed_dim": 16,
    "vision_cfg": {"image_size": IMAGE_PX, "layers": 2, "width": 32, "head_width": 16, "patch_size": 8},
    "text_cfg": {"context_length": 24, "vocab_size": 49408, "width": 32, "heads": 2, "layers": 2},
}


def save_tiny_clip(folder: Path) -> Path:
    """Write it with random weights; the folder is what `ClipConfig.name` takes."""
    folder.mkdir(parents=True, exist_ok=True)
    config = {"model_cfg": MODEL, "preprocess_cfg": {"mean": MEAN, "std": STD}}
    (folder / "open_clip_config.json").write_text(json.dumps(config), encoding="utf-8")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(3)
        model = open_clip.create_model(f"local-dir:{folder}", load_weights=False)
        save_model(model, str(folder / "open_clip_model.safetensors"))
    return folder
