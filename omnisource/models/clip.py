"""Pictures and sentences -> vectors in one space, and a teacher made of class names alone (CLIP, by open_clip).

Letters: N pictures or sentences, K classes, D features. The paper's teachers need labelled clips (3.4); this one does
not, so it can score web data before anything was labelled.
"""

import difflib
import pickle
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import nn

from omnisource.clip_config import ClipConfig
from omnisource.config import InputConfig, NetworkConfig
from omnisource.errors import CheckpointError, ConfigError, MissingExtraError
from omnisource.models.video_net import VideoNet

NONE = "none"
"""Random weights."""
LOCAL_DIR, HF_HUB = "local-dir:", "hf-hub:"
_SENTENCES_AT_ONCE = 256
_CHANNELS = 3


@dataclass(frozen=True, kw_only=True, slots=True)
class Clip:
    """A CLIP network in evaluation mode; made by `load`."""

    name: str
    """How people call it."""
    model: nn.Module
    """open_clip's network."""
    tokenizer: Callable[[list[str]], torch.Tensor]
    """Sentences -> (N, L) int64."""
    preprocess: Callable[[Image.Image], torch.Tensor]
    """open_clip's own: a picture -> (3, H, W) float32."""
    image_px: int
    """Side of the square that it sees."""
    input: InputConfig
    """The same mean and standard deviation as `preprocess`, in the house's units."""
    device: torch.device
    """Where it runs."""


def load(config: ClipConfig, device: torch.device, *, seed: int = 0) -> Clip:
    """The network with its weights, from the disk or by open_clip's own download; random ones follow from `seed`.

    Raises MissingExtraError without open_clip, ConfigError for a network or tag that it does not know, CheckpointError
    for weights that cannot be had or do not fit.
    """
    try:
        import open_clip
    except ImportError:
        raise MissingExtraError("open_clip", extra="scale", purpose="a CLIP network") from None
    name, pretrained = _resolved(config, open_clip.list_models(), open_clip.list_pretrained_tags_by_model)
    tag = open_clip.get_pretrained_cfg(config.name, pretrained) if pretrained else {}
    has_weights = config.pretrained != NONE
    try:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            model = open_clip.create_model(
                name,
                pretrained=pretrained,
                load_weights=has_weights,
                require_pretrained=has_weights,
                force_quick_gelu=bool((tag or {}).get("quick_gelu")),  # weights need the activation they learnt with
                pretrained_text=False,
            )
        tokenizer = open_clip.get_tokenizer(name)
    except (RuntimeError, OSError, ValueError, KeyError, TypeError, pickle.UnpicklingError) as error:
        said = " ".join(str(error).split())[:300]
        raise CheckpointError(
            f"CLIP network {config.name!r} with weights {config.pretrained!r} cannot be had: {said}; give a file of "
            "its weights as `pretrained`, or as `name` a folder with open_clip_config.json and weights"
        ) from error
    return _as_clip(config.name, model.to(device).eval(), tokenizer, device)


def encode_images(clip: Clip, frames: Sequence[np.ndarray]) -> np.ndarray:
    """Frames, each (H, W, 3) uint8 RGB of any size, -> (N, D) float32 of unit length, prepared as open_clip does."""
    pictures = torch.stack([clip.preprocess(Image.fromarray(frame)) for frame in frames])
    with torch.inference_mode():
        return clip.model.encode_image(pictures.to(clip.device), normalize=True).float().cpu().numpy()


def encode_texts(clip: Clip, sentences: Sequence[str]) -> np.ndarray:
    """(N, D) float32 of unit length."""
    parts = []
    with torch.inference_mode():
        for first in range(0, len(sentences), _SENTENCES_AT_ONCE):
            tokens = clip.tokenizer(list(sentences[first : first + _SENTENCES_AT_ONCE])).to(clip.device)
            parts.append(clip.model.encode_text(tokens, normalize=True).float().cpu().numpy())
    return np.concatenate(parts)


def prompts(
    class_names: Sequence[str], templates: Sequence[str], texts: Mapping[str, Sequence[str]]
) -> list[list[str]]:
    """The sentences of every class: each of its texts, or else its name, in each template.

    Raises ConfigError for texts about a class that there is not.
    """
    for name in texts:
        if name not in class_names:
            near = difflib.get_close_matches(name, class_names, n=1, cutoff=0.5)
            hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(class_names)}"
            raise ConfigError(f"the texts speak of the class {name!r}, which is not there; {hint}")
    return [
        [template.replace("{}", text) for text in texts.get(name) or [_spoken(name)] for template in templates]
        for name in class_names
    ]


def encode_classes(clip: Clip, sentences: Sequence[Sequence[str]]) -> np.ndarray:
    """Sentences of K classes -> (K, D) float32 of unit length: their mean on the sphere, as CLIP's authors take it."""
    encoded = encode_texts(clip, [sentence for of_class in sentences for sentence in of_class])
    ends = np.cumsum([len(of_class) for of_class in sentences])
    means = np.stack([part.mean(axis=0) for part in np.split(encoded, ends[:-1])])
    return means / np.linalg.norm(means, axis=1, keepdims=True)


def zero_shot_probs(clip: Clip, images: np.ndarray, classes: np.ndarray) -> np.ndarray:
    """Images (N, D) and classes (K, D) of unit length -> probs (N, K) float32 at the network's own temperature."""
    logits = _scale(clip) * torch.from_numpy(images) @ torch.from_numpy(classes).T
    return logits.softmax(dim=-1).numpy()


class ZeroShotNet(VideoNet):
    """CLIP as a network of the house: the backbone sees frames, the classifier's rows are the classes' sentences.

    The features of several frames of a clip are averaged before they are compared.
    """

    dims = 2

    def __init__(self, clip: Clip, classes: np.ndarray):
        num_classes, num_features = classes.shape
        super().__init__(
            ImageTower(clip.model), num_features=num_features, num_classes=num_classes, dropout=0.0, init_std=0.01
        )
        with torch.no_grad():
            self.classifier.weight.copy_(torch.from_numpy(_scale(clip) * classes))

    def features(self, clips: torch.Tensor) -> torch.Tensor:
        """Clips (B, 3, T, H, W) -> (B, D), the mean over T."""
        num_clips, _, num_frames = clips.shape[:3]
        encoded = nn.functional.normalize(self.backbone(clips.transpose(1, 2).flatten(0, 1)), dim=1)
        return encoded.unflatten(0, (num_clips, num_frames)).mean(dim=1)

    def classify(self, features: torch.Tensor) -> torch.Tensor:
        """Features (B, D) of any length -> logits (B, K)."""
        return self.classifier(nn.functional.normalize(features, dim=1))


class ImageTower(nn.Module):
    """Frames (N, 3, H, W) float32, normalised -> (N, D) in the space of the sentences."""

    def __init__(self, model: nn.Module):
        super().__init__()
        self.model = model

    def forward(self, frames: torch.Tensor) -> torch.Tensor:
        return self.model.encode_image(frames)


def zero_shot_network(clip: Clip, classes: np.ndarray) -> tuple[ZeroShotNet, NetworkConfig]:
    """The teacher and what it sees: frames of its own size, by their centre."""
    seen = {"input": clip.input, "test": {"crop_px": clip.image_px, "crops": "center", "average": "features"}}
    network = ZeroShotNet(clip, classes).eval()
    return network.to(clip.device), NetworkConfig.model_validate(seen)


def _resolved(
    config: ClipConfig, known: Sequence[str], tags_of: Callable[[str], Sequence[str]]
) -> tuple[str, str | None]:
    """What open_clip calls the network and its weights; raises ConfigError where it knows neither."""
    folder = Path(config.name)
    if folder.is_dir():
        if not (folder / "open_clip_config.json").is_file():
            raise ConfigError(f"the folder {folder} of a CLIP network has no open_clip_config.json")
        return f"{LOCAL_DIR}{folder}", None
    if config.name.startswith(HF_HUB):
        return config.name, None
    if config.name not in known:
        near = difflib.get_close_matches(config.name, known, n=3, cutoff=0.5) or list(known)[:3]
        raise ConfigError(f"open_clip has no network {config.name!r}, and it is no folder; near: {', '.join(near)}")
    if config.pretrained == NONE:
        return config.name, None
    tags = list(tags_of(config.name))
    if config.pretrained not in tags and not Path(config.pretrained).is_file():
        raise ConfigError(
            f"{config.pretrained!r} is neither a file nor weights of {config.name!r}; "
            f"those of open_clip: {', '.join(tags) or 'none'}"
        )
    return config.name, config.pretrained


def _as_clip(name: str, model: nn.Module, tokenizer: Callable[[list[str]], torch.Tensor], device: torch.device) -> Clip:
    from open_clip.transform import PreprocessCfg, image_transform_v2

    seen = PreprocessCfg(**model.visual.preprocess_cfg)
    sides = (seen.size, seen.size) if isinstance(seen.size, int) else tuple(seen.size[-2:])
    if sides[0] != sides[1]:
        raise ConfigError(f"CLIP network {name!r} sees {sides[0]} x {sides[1]} pixels; choose one that sees squares")
    return Clip(
        name=name,
        model=model,
        tokenizer=tokenizer,
        preprocess=image_transform_v2(seen, is_train=False),
        image_px=sides[0],
        input=InputConfig(
            short_side_px=sides[0],
            crop_px=sides[0],
            crop="center",
            mean=tuple(255 * one for one in _per_channel(seen.mean)),
            std=tuple(255 * one for one in _per_channel(seen.std)),
        ),
        device=device,
    )


def _per_channel(values: float | Sequence[float]) -> Sequence[float]:
    return [values] * _CHANNELS if isinstance(values, int | float) else values


def _scale(clip: Clip) -> float:
    return float(clip.model.logit_scale.detach().exp())


def _spoken(name: str) -> str:
    """ "riding_a_bike" -> "riding a bike"."""
    return " ".join(name.replace("_", " ").split())
