"""Which video reader is cheaper on a folder of videos, and is it exact? `python benchmarks/video_readers.py FOLDER`.

CPU time of each reader for 3 and 8 sparse frames, a dense window and one frame a second, beside one full decode by
`ffmpeg -threads 1 -f null`. Rounds are interleaved, so that a busy machine slows all alike; only ratios carry over.
"""

import argparse
import resource
import shutil
import statistics
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import decord
import numpy as np

from omnisource.errors import ItemError
from omnisource.media import open_video, probe_video

SUFFIXES = (".mp4", ".avi", ".mkv", ".webm", ".mov", ".flv")
READERS = ("pyav", "decord", "bare")
"""Ours through open_video, which probes first; "bare" is decord alone, which would hang on some files."""
SAME_WITHIN = 2
"""Grey levels: FFmpeg releases round MPEG-4's transform differently."""


def main() -> None:
    """Print one row per task and container, then the files on which the readers disagree."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--max-files", type=int, default=24)
    arguments = parser.parse_args()
    by_container = readable_files(arguments.folder, arguments.max_files)
    ratios = ("decord/pyav", "bare/pyav", "pyav/ffmpeg")
    print(f"{'container':10} {'files':>5} {'task':10} {'pyav ms':>8}" + "".join(f" {name:>12}" for name in ratios))
    for container, paths in by_container.items():
        for task, choose in TASKS.items():
            print_row(container, task, paths, choose, arguments.rounds)
    different = [path for paths in by_container.values() for path in paths if not same_frames(path)]
    print(f"files on which the readers disagree: {[str(p) for p in different] or 'none'}")


def readable_files(folder: Path, max_files: int) -> dict[str, list[Path]]:
    """Files that both readers read, by container, spread evenly over the folder."""
    found: dict[str, list[Path]] = {}
    for path in sorted(p for p in folder.rglob("*") if p.suffix.lower() in SUFFIXES):
        try:
            info = probe_video(path)
        except ItemError:
            continue
        if info.exact_with_decord:
            found.setdefault(info.container, []).append(path)
    return {name: paths[:: max(1, len(paths) // max_files)][:max_files] for name, paths in found.items()}


def sparse(count: int) -> Callable[[int, float], list[int]]:
    """Middles of `count` equal parts, as TSN samples them."""
    return lambda num_frames, fps: [int((k + 0.5) * num_frames / count) for k in range(count)]


TASKS: dict[str, Callable[[int, float], list[int]]] = {
    "3 frames": sparse(3),
    "8 frames": sparse(8),
    "window 32": lambda num_frames, fps: list(
        range(max(0, num_frames // 2 - 16), min(num_frames, num_frames // 2 + 16))
    ),
    "1 FPS": lambda num_frames, fps: [int(s * fps) for s in range(int(num_frames / fps))] or [0],
}


def print_row(container: str, task: str, paths: list[Path], choose: Callable, rounds: int) -> None:
    """Sum over the files of each reader's median CPU time."""
    total_s = dict.fromkeys(READERS, 0.0)
    ffmpeg_s = 0.0
    for path in paths:
        info = probe_video(path)
        indices = choose(info.num_frames, info.fps)
        times_s: dict[str, list[float]] = {name: [] for name in (*READERS, "ffmpeg")}
        for _ in range(rounds):
            for name in READERS:
                times_s[name].append(reading_s(path, name, indices))
            if shutil.which("ffmpeg"):
                times_s["ffmpeg"].append(ffmpeg_decoding_s(path))
        for name in READERS:
            total_s[name] += statistics.median(times_s[name])
        ffmpeg_s += statistics.median(times_s["ffmpeg"]) if times_s["ffmpeg"] else float("nan")
    each_ms = 1000 * total_s["pyav"] / len(paths)
    ratios = (total_s["decord"] / total_s["pyav"], total_s["bare"] / total_s["pyav"], total_s["pyav"] / ffmpeg_s)
    print(
        f"{container:10} {len(paths):5} {task:10} {each_ms:8.1f}" + "".join(f" {r:12.2f}" for r in ratios), flush=True
    )


def reading_s(path: Path, reader: str, indices: list[int]) -> float:
    """CPU seconds of this process, opening included."""
    started = time.process_time()
    if reader == "bare":
        video = decord.VideoReader(str(path), num_threads=1)
        video.get_batch(indices).asnumpy()
        del video  # a held reader decodes ahead
        return time.process_time() - started
    with open_video(path, reader=reader) as video:
        video.read(indices)
    return time.process_time() - started


def ffmpeg_decoding_s(path: Path) -> float:
    """CPU seconds of a full decode by the command line, its start included."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = ["ffmpeg", "-v", "quiet", "-threads", "1", "-i", str(path), "-map", "0:v:0", "-f", "null", "-"]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def same_frames(path: Path) -> bool:
    """Whether both readers give the same 13 frames, up to rounding."""
    with open_video(path, reader="pyav") as video:
        indices = np.linspace(0, video.num_frames - 1, 13).astype(int).tolist()
        ours = video.read(indices)
    with open_video(path, reader="decord") as video:
        theirs = video.read(indices)
    return int(np.abs(ours.astype(np.int16) - theirs).max()) <= SAME_WITHIN


if __name__ == "__main__":
    main()
