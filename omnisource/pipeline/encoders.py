"""The study's settings -> the network that sees frames for duplicates (paper 3.3)."""

from pathlib import Path

import torch

from omnisource.clean.features import Encoder, encoder_of
from omnisource.config import ClipConfig, InputConfig, ModelConfig
from omnisource.errors import CheckpointError, ConfigError, WeightsAbsentError
from omnisource.media import content_key
from omnisource.models import released_models, zoo
from omnisource.models.clip import ImageTower
from omnisource.pipeline.networks import load_network
from omnisource.pipeline.run_names import weights_fingerprint
from omnisource.pipeline.zero_shot import clip_weights, load_clip
from omnisource.workspace import Workspace


def load_encoder(workspace: Workspace, device: torch.device) -> Encoder:
    """The backbone of a run, or one by name with its weights.

    Raises WorkspaceError for a run that is not finished, ConfigError, and CheckpointError for weights that cannot be
    had, which says what else could be used: WeightsAbsentError where they are published ones.
    """
    study = workspace.study()
    settings = study.features
    where = {"stage": settings.stage, "grid": settings.grid, "device": device}
    if settings.run is not None:
        network, trained = load_network(workspace.run(settings.run), device)
        if trained.model.format != "rgb":
            raise ConfigError(f"features.run {settings.run!r} sees optical flow, which pictures have none of")
        return encoder_of(network, trained.input, **where)
    if settings.clip is not None:
        return _clip_encoder(workspace, settings.clip, device)
    model = ModelConfig(arch="tsn", backbone=settings.backbone, pretrained=_weights(workspace))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(study.seed)  # weights "none" are the same on every day
        try:
            network = zoo.build(model, 2)  # the classifier is not used
        except CheckpointError as error:
            kind = WeightsAbsentError if released_models.is_known(settings.pretrained) else CheckpointError
            raise kind(
                f"{error}; or set features.pretrained to a file of weights or to none, or features.run to a trained run"
            ) from error
    return encoder_of(network, InputConfig(mean=settings.mean, std=settings.std), **where)


def encoder_settings(workspace: Workspace) -> dict[str, object]:
    """What features depend on, for their tables to remember."""
    study = workspace.study()
    settings = study.features
    shared = settings.model_dump(mode="json", include={"stage", "grid", "frame_px", "crop_share"})
    if settings.run is not None:
        return shared | {"weights": weights_fingerprint(workspace.run(settings.run))}
    if settings.clip is not None:
        named = settings.clip.model_dump(mode="json", include={"name", "pretrained"})
        return shared | {"clip": named, "weights": clip_weights(workspace, settings.clip)}
    named = settings.model_dump(mode="json", include={"backbone", "pretrained", "mean", "std"})
    if settings.pretrained == "none":
        return shared | named | {"weights": f"random, seed {study.seed}"}
    if released_models.is_known(settings.pretrained):
        return shared | named
    path = Path(_weights(workspace))
    return shared | named | {"weights": content_key(path).hex() if path.is_file() else "absent"}


def _clip_encoder(workspace: Workspace, clip_config: ClipConfig, device: torch.device) -> Encoder:
    """The image side of CLIP; raises ConfigError where the frames would not fit it."""
    settings, loaded = workspace.study().features, load_clip(workspace, clip_config, device)
    if settings.frame_px != loaded.image_px:
        raise ConfigError(
            f"features.frame_px is {settings.frame_px}, but {loaded.name} sees {loaded.image_px} pixels; "
            f"set features.frame_px to {loaded.image_px}"
        )
    return Encoder(backbone=ImageTower(loaded.model), input=loaded.input, grid=settings.grid, device=device)


def _weights(workspace: Workspace) -> str:
    """A name, or a file's path, which may be relative to the workspace."""
    given = workspace.study().features.pretrained
    return given if released_models.is_known(given) else str(workspace.root / given)
