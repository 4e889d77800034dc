"""Consecutive frames of the target's training clips -> N(mu, Sigma) of camera motion (paper 3.5)."""

from pathlib import Path

import numpy as np
import yaml

from omnisource import config, media
from omnisource.errors import ItemError, WorkspaceError
from omnisource.files import save_atomically, write_atomically
from omnisource.pipeline.collecting import target_examples, target_fingerprint
from omnisource.report import Report
from omnisource.tables import require_same, sole_writer
from omnisource.transform import camera_motion, homography
from omnisource.transform.camera_motion import Motions
from omnisource.types import Example
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
    rng = np.random.default_rng(study.seed)
    examples = target_examples(workspace, "train")
    chosen = rng.permutation(len(examples))[: study.motion.max_clips]
    parameters, classes = [], []
    with sole_writer(workspace.root / "motion", what="camera motion"), Report("motion", progress=progress) as report:
        for done, index in enumerate(chosen, start=1):
            report.progress(done, len(chosen), "motion")
            for row in _clip_motion(examples[index], study, rng, report):
                parameters.append(row)
                classes.append(examples[index].class_index)
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

    def save(partial: Path) -> None:
        with partial.open("wb") as file:
            np.savez(file, allow_pickle=False, **arrays)

    save_atomically(path, save)


def _clip_motion(example: Example, study: config.Study, rng: np.random.Generator, report: Report) -> list[np.ndarray]:
    """(8,) normalised parameters of some consecutive frame pairs of one clip; degenerate pairs are counted."""
    found = []
    try:
        with media.open_video(
            example.path, reader=study.media.reader, short_side_px=study.motion.short_side_px
        ) as video:
            num_pairs = min(study.motion.pairs_per_clip, video.num_frames - 1)
            starts = np.sort(rng.choice(video.num_frames - 1, num_pairs, replace=False)) if num_pairs > 0 else []
            frames = video.read([int(i) + offset for i in starts for offset in (0, 1)]) if num_pairs > 0 else []
    except ItemError as error:
        report.drop(example.path, None, error)
        return []
    for pair in range(len(frames) // 2):
        try:
            normalised = camera_motion.estimate_pair(frames[2 * pair], frames[2 * pair + 1], study.motion)
        except camera_motion.DegeneratePair as error:
            report.reasons[error.reason] += 1
            continue
        found.append(homography.to_parameters(normalised))
    return found
