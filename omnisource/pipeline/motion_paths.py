"""Some of the target's training clips -> the camera followed from frame to frame, to compare drawn motion with (3.5).

The fit takes pairs from anywhere in many clips; a path needs all consecutive frames of a stretch. So a few clips are
followed on their own, and kept beside the fit.
"""

from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from omnisource import config, media
from omnisource.errors import WorkspaceError
from omnisource.pipeline.array_files import save_arrays
from omnisource.pipeline.collecting import target_examples
from omnisource.report import Report
from omnisource.tables import sole_writer
from omnisource.transform import camera_motion, homography
from omnisource.transform.camera_motion import CameraMotion
from omnisource.transform.motion_likeness import Likeness, compare, corner_paths, corner_shifts
from omnisource.transform.pseudo_clip import draw_steps
from omnisource.types import Example
from omnisource.workspace import Workspace

NUM_CLIPS = 60
NUM_STEPS = 48
"""From the first to the last frame of a clip of 4 frames, 16 apart."""
LEAST_STEPS = 8
"""Shorter stretches are no path."""
_ASPECT = (400, 300)
"""Of the picture whose corners are compared: one for all clips, so that their widths do not matter."""


@dataclass(frozen=True, kw_only=True, slots=True)
class MotionPath:
    """The camera of one clip over consecutive frames."""

    class_index: int
    """Of the clip."""
    path: str
    """Where the clip lies."""
    steps: np.ndarray
    """(N, 8) parameters of normalised homographies, each from one frame to the next."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Comparison:
    """Real paths beside as many that were drawn."""

    real: tuple[np.ndarray, ...]
    """(N + 1, 4, 2) places of the corners, one array per clip (motion_likeness.corner_paths)."""
    drawn: tuple[np.ndarray, ...]
    """The same of drawn steps; each as long as the real path in its place."""
    steps: Likeness
    """Of single steps."""
    paths: Likeness
    """Of whole paths: where the corners are after `horizon` steps."""
    horizon: int
    """Steps that half of the clips were followed over, or more."""


def measure_paths(workspace: Workspace, *, progress: bool | None = None) -> list[MotionPath]:
    """Follow the camera through some training clips -> motion_paths.npz; raises WorkspaceError where none can be."""
    study = workspace.study()
    examples = target_examples(workspace, "train")
    order = np.random.default_rng([study.seed, 1]).permutation(len(examples))[:NUM_CLIPS]
    clips = [(examples[i], int(i)) for i in order]
    follow = partial(_follow, study=study)
    with sole_writer(workspace.root / "motion", what="camera motion"), Report("motion", progress=progress) as report:
        followed = list(report.each(clips, follow, workers=study.train.workers, total=len(clips)))
        paths = [one for one in followed if len(one.steps) >= LEAST_STEPS]
        if not paths:
            raise WorkspaceError(
                f"no camera could be followed over {LEAST_STEPS} frames in {len(clips)} clips; "
                "lower motion.min_inlier_share, or look whether the clips have more frames"
            )
        _save(_path(workspace), paths)
    return paths


def load_paths(workspace: Workspace) -> list[MotionPath]:
    """What was followed; raises WorkspaceError before that."""
    path = _path(workspace)
    if not path.is_file():
        raise WorkspaceError(
            f"{workspace.root} has no camera paths yet; `omnisource motion --paths` follows some clips"
        )
    with np.load(path, allow_pickle=False) as arrays:
        steps = np.split(arrays["steps"], np.cumsum(arrays["lengths"])[:-1])
        clips = zip(arrays["class_indices"].tolist(), arrays["paths"].tolist(), steps)
        return [MotionPath(class_index=index, path=name, steps=one) for index, name, one in clips]


def paths_version(workspace: Workspace) -> int | None:
    """Changes when the camera is followed anew; None before it was."""
    path = _path(workspace)
    return path.stat().st_mtime_ns if path.is_file() else None


def compare_paths(paths: list[MotionPath], motion: CameraMotion, *, seed: int = 0) -> Comparison:
    """Draw a path for every real one, and say how alike both kinds are; raises ValueError without a path."""
    rng = np.random.default_rng(seed)
    drawn = [homography.to_parameters(draw_steps(motion, len(one.steps), *_ASPECT, rng)) for one in paths]
    real_paths = tuple(corner_paths(one.steps, *_ASPECT) for one in paths)
    drawn_paths = tuple(corner_paths(steps, *_ASPECT) for steps in drawn)
    horizon = int(np.median([len(one.steps) for one in paths]))
    ends = [
        [(path[horizon] - path[0]).reshape(1, 8) for path in side if len(path) > horizon]
        for side in (real_paths, drawn_paths)
    ]
    shifts = [[corner_shifts(one, *_ASPECT) for one in side] for side in ([p.steps for p in paths], drawn)]
    return Comparison(
        real=real_paths,
        drawn=drawn_paths,
        steps=compare(*shifts, rng),
        paths=compare(*ends, rng),
        horizon=horizon,
    )


def _path(workspace: Workspace) -> Path:
    return workspace.root / "motion_paths.npz"


def _follow(clip: tuple[Example, int], study: config.Study) -> MotionPath:
    """The longest stretch of a clip in which every step can be measured; raises ItemError for one that is not read."""
    example, number = clip
    settings = study.motion
    with media.open_video(example.path, reader=study.media.reader, short_side_px=settings.short_side_px) as video:
        num_frames = min(video.num_frames, NUM_STEPS + 1)
        start = int(np.random.default_rng([study.seed, number]).integers(video.num_frames - num_frames + 1))
        frames = video.read(range(start, start + num_frames))
    stretches: list[list[np.ndarray]] = [[]]
    for one, other in zip(frames, frames[1:]):
        try:
            step = camera_motion.estimate_pair(one, other, settings)
        except camera_motion.DegeneratePair:
            stretches.append([])
        else:
            stretches[-1].append(homography.to_parameters(step))
    steps = np.array(max(stretches, key=len)).reshape(-1, 8)
    return MotionPath(class_index=example.class_index, path=str(example.path), steps=steps)


def _save(path: Path, paths: list[MotionPath]) -> None:
    arrays = {
        "steps": np.concatenate([one.steps for one in paths]),
        "lengths": np.array([len(one.steps) for one in paths]),
        "class_indices": np.array([one.class_index for one in paths]),
        "paths": np.array([one.path for one in paths], dtype=np.str_),
    }
    save_arrays(path, arrays)
