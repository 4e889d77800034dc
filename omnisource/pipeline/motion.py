"""Consecutive frames of the target's training clips -> N(mu, Sigma) of camera motion (paper 3.5)."""

from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import yaml

from omnisource import config, media
from omnisource.errors import WorkspaceError
from omnisource.files import write_atomically
from omnisource.pipeline.array_files import save_arrays
from omnisource.pipeline.collecting import target_examples, target_fingerprint
from omnisource.report import Report
from omnisource.tables import require_same, sole_writer
from omnisource.transform import camera_motion, homography
from omnisource.transform.camera_motion import Motions
from omnisource.workspace import Workspace


def fit_motion(workspace: Workspace, *, progress: bool | None = None, redo: bool = False) -> Motions:
    """Consecutive frames of the target's training clips -> N(mu, Sigma), of all classes and of each (paper 3.5)."""
    study = workspace.study()
    path = workspace.motion_path
    settings_path = path.with_suffix(".yaml")
    settings = study.motion.model_dump(mode="json") | {"seed": study.seed, "target": target_fingerprint(workspace)}
    if path.is_file() and not redo and settings_path.is_file():
        require_same(yaml.safe_load(settings_path.read_text(encoding="utf-8")), settings, what="camera motion")
        return load_motion(workspace)
    clips = _choose_clips(workspace, study)
    measure = partial(_measure, study=study)
    parameters, classes = [], []
    with sole_writer(workspace.root / "motion", what="camera motion"), Report("motion", progress=progress) as report:
        for clip in report.each(clips, measure, workers=study.train.workers, total=len(clips)):
            parameters += clip.parameters
            classes += [clip.class_index] * len(clip.parameters)
            report.reasons.update(clip.degenerate)
        report.save(
            workspace.report_path("motion"),
            num_done=len(parameters),
            reasons=report.reasons,
            dropped=report.take_dropped(),
        )
        motions = _fit(np.array(parameters).reshape(-1, 8), np.array(classes, np.int64), report, study.motion)
        settings_path.unlink(missing_ok=True)  # killed between the two files, the motion is fitted again
        _save(path, motions)
        write_atomically(settings_path, yaml.safe_dump(settings, sort_keys=False))
    return motions


def load_motion(workspace: Workspace) -> Motions:
    """The fitted camera motion; raises WorkspaceError before the motion stage has run."""
    if not workspace.motion_path.is_file():
        raise WorkspaceError(f"{workspace.root} has no camera motion yet; `omnisource motion` fits it")
    with np.load(workspace.motion_path, allow_pickle=False) as arrays:
        grouped: dict[str, dict[str, np.ndarray]] = {}
        for name in arrays.files:
            group, _, field = name.partition(".")
            grouped.setdefault(group, {})[field] = arrays[name]
    fitted = {group: camera_motion.from_arrays(fields) for group, fields in grouped.items()}
    agnostic = fitted.pop("agnostic")
    return camera_motion.Motions(agnostic=agnostic, by_class={int(group): one for group, one in fitted.items()})


def _fit(parameters: np.ndarray, classes: np.ndarray, report: Report, settings: config.MotionConfig) -> Motions:
    """All pairs together, and each class that has enough of them."""
    by_class = {
        int(class_index): camera_motion.fit(parameters[classes == class_index])
        for class_index in np.unique(classes)
        if (classes == class_index).sum() >= settings.min_pairs_per_class
    }
    return Motions(agnostic=camera_motion.fit(parameters, report.reasons), by_class=by_class)


def _save(path: Path, motions: Motions) -> None:
    fitted = {"agnostic": motions.agnostic} | {str(index): one for index, one in motions.by_class.items()}
    arrays = {
        f"{group}.{field}": value
        for group, one in fitted.items()
        for field, value in camera_motion.to_arrays(one).items()
    }
    save_arrays(path, arrays)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Clip:
    """One target clip to look at."""

    path: Path
    class_index: int
    seed: tuple[int, int]


@dataclass(frozen=True, kw_only=True, slots=True)
class _ClipMotion:
    """What one clip says of the camera."""

    class_index: int
    parameters: list[np.ndarray]
    """(8,) normalised, one per usable pair of frames."""
    degenerate: list[str]
    """Why the other pairs say nothing."""


def _choose_clips(workspace: Workspace, study: config.Study) -> list[_Clip]:
    examples = target_examples(workspace, "train")
    order = np.random.default_rng(study.seed).permutation(len(examples))[: study.motion.max_clips]
    return [_Clip(path=examples[i].path, class_index=examples[i].class_index, seed=(study.seed, int(i))) for i in order]


def _measure(clip: _Clip, study: config.Study) -> _ClipMotion:
    """Camera motion between some consecutive frames; raises ItemError for a clip that cannot be read."""
    rng = np.random.default_rng(clip.seed)
    settings = study.motion
    with media.open_video(clip.path, reader=study.media.reader, short_side_px=settings.short_side_px) as video:
        num_pairs = min(settings.pairs_per_clip, video.num_frames - 1)
        starts = np.sort(rng.choice(max(video.num_frames - 1, 1), num_pairs, replace=False))
        frames = video.read([int(start) + offset for start in starts for offset in (0, 1)]) if num_pairs else []
    parameters, degenerate = [], []
    for pair in range(num_pairs):
        try:
            normalised = camera_motion.estimate_pair(frames[2 * pair], frames[2 * pair + 1], settings)
        except camera_motion.DegeneratePair as error:
            degenerate.append(error.reason)
        else:
            parameters.append(homography.to_parameters(normalised))
    return _ClipMotion(class_index=clip.class_index, parameters=parameters, degenerate=degenerate)
