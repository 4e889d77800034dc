"""Classes of a video by the exported network beside this file, without OmniSource.

    python predict_exported.py VIDEO [--top 5] [--json]

Needs numpy, opencv-python(-headless), av (PyAV), and torch or, for network.onnx, onnxruntime. What it does is written
down in network.json. For a network that sees optical flow, VIDEO is a flow file as `omnisource flow` writes it.
Letters: V views (crops x clips), C channels, T frames of a clip, K classes.
"""

import argparse
import json
import sys
import warnings
from pathlib import Path

import av
import cv2
import numpy as np

HERE = Path(__file__).resolve().parent
VIEWS_AT_ONCE = 4


def main() -> None:
    """Print the most probable classes of one video."""
    parser = argparse.ArgumentParser(description="Classes of a video by the exported network beside this file.")
    parser.add_argument("video", type=Path)
    parser.add_argument("--top", type=int, default=5, help="classes, best first")
    parser.add_argument("--json", action="store_true", help="print JSON")
    arguments = parser.parse_args()
    if not arguments.video.is_file():
        sys.exit(f"{arguments.video} is not a file")
    card = json.loads((HERE / "network.json").read_text(encoding="utf-8"))
    names = card["classes"]["names"]
    try:
        probs = predict(arguments.video, card)
    except av.FFmpegError as error:
        sys.exit(f"{arguments.video} cannot be decoded: {error}")
    best = [(int(k), names[k] if names else None, float(probs[k])) for k in np.argsort(-probs)[: arguments.top]]
    if arguments.json:
        keys = ("class_index", "class_name", "confidence")
        print(json.dumps({"path": str(arguments.video), "top": [dict(zip(keys, guess)) for guess in best]}))
        return
    for index, name, confidence in best:
        print(f"{confidence:7.2%}  {name or f'class {index}'}")


def predict(video: Path, card: dict) -> np.ndarray:
    """(K,) probabilities of the classes of one video."""
    views = cut(read_frames(video, card), card)  # (V, C, T, crop, crop) uint8
    run = load_network(card)
    starts = range(0, len(views), VIEWS_AT_ONCE)
    logits = np.concatenate([run(views[start : start + VIEWS_AT_ONCE]) for start in starts])  # (V, K)
    if card["averaging"]["of"] == "probs":
        return softmax(logits).mean(axis=0)
    return softmax(logits.mean(axis=0, keepdims=True))[0]


def load_network(card: dict):
    """A function: (V, C, T, crop, crop) uint8 -> logits (V, K) float32."""
    path = str(HERE / card["file"])
    if card["kind"] == "onnx":
        import onnxruntime

        session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
        return lambda views: session.run([card["output"]["name"]], {card["input"]["name"]: views})[0]
    import torch

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        network = torch.jit.load(path) if card["kind"] == "torchscript" else torch.export.load(path).module()

    def run(views: np.ndarray) -> np.ndarray:
        with torch.inference_mode():
            return network(torch.from_numpy(views)).numpy()

    return run


def read_frames(video: Path, card: dict) -> np.ndarray:
    """(clips * T, H, W, C) uint8: the frames of every clip, their short side as the network wants it."""
    num_frames = sum(1 for _ in decode(video))
    if num_frames == 0:
        sys.exit(f"{video}: no frame can be decoded")
    sampling, flow = card["sampling"], card["input"]["format"] == "flow"
    wanted = frame_indices(num_frames, sampling).ravel()
    short_side_px = None if flow else sampling["short_side_px"]
    chosen, last = {}, wanted.max()
    for index, frame in enumerate(decode(video)):
        if index in wanted:
            chosen[index] = to_rgb(frame, short_side_px)
        if index == last:
            break
    frames = np.stack([chosen[index] for index in wanted.tolist()])
    return unpack_flow(frames, sampling) if flow else frames


def decode(video: Path):
    """Every frame that comes out, in the order in which they are shown."""
    with av.open(str(video.absolute()), metadata_errors="ignore") as container:
        container.streams.video[0].thread_type = "AUTO"
        yield from container.decode(video=0)


def to_rgb(frame: av.VideoFrame, short_side_px: "int | None") -> np.ndarray:
    """(H, W, 3) uint8 as it is to be shown: resized, then turned upright."""
    picture = frame.to_ndarray(format="rgb24")
    if short_side_px is not None:
        picture = resize(picture, short_side_px)
    return np.rot90(picture, frame.rotation % 360 // 90)


def resize(picture: np.ndarray, short_side_px: int, area_above: float = 2.0) -> np.ndarray:
    """(H, W, ...) -> that short side; shrinking by more than `area_above` averages areas."""
    height, width = picture.shape[:2]
    long_px = int(max(height, width) * short_side_px / min(height, width) + 0.5)
    size = (short_side_px, long_px) if width <= height else (long_px, short_side_px)
    if size == (width, height):
        return picture
    shrinks = max(width / size[0], height / size[1]) > area_above
    return cv2.resize(picture, size, interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)


def unpack_flow(frames: np.ndarray, sampling: dict) -> np.ndarray:
    """Gray pictures of x and y side by side -> (N, H, W, 2 * stacked): x1, y1, x2, y2, ... of stacked ones."""
    stacked, width = sampling["stacked_flow_frames"], frames.shape[2] // 2
    pairs = np.stack([frames[:, :, :width, 0], frames[:, :, width:, 0]], axis=-1)
    pairs = np.stack([resize(pair, sampling["short_side_px"], area_above=1.0) for pair in pairs])
    apart = pairs.reshape(-1, stacked, *pairs.shape[1:]).transpose(0, 2, 3, 1, 4)
    return np.ascontiguousarray(apart.reshape(*apart.shape[:3], -1))


def frame_indices(num_frames: int, sampling: dict) -> np.ndarray:
    """(clips, frames of a clip) indices; what runs past the end starts again at frame 0."""
    length, interval, num_clips = sampling["frames_of_a_clip"], sampling["frame_interval"], sampling["num_clips"]
    numbers = np.arange(num_clips)
    if sampling["positions"] == "centres":
        part = max(num_frames - length * interval + 1, 0) / num_clips
        starts = (numbers * part + part / 2).astype(np.int64)
    elif length == 1:
        part = num_frames / num_clips
        starts = (numbers * part + part / 2).astype(np.int64)
    else:
        last = max(num_frames - (length - 1) * interval - 1, 0)
        starts = np.round(numbers * last / (num_clips - 1)).astype(np.int64) if num_clips > 1 else np.array([last // 2])
    return (starts[:, None] + np.arange(length) * interval) % num_frames


def cut(frames: np.ndarray, card: dict) -> np.ndarray:
    """Frames (clips * T, H, W, C) -> views (V, C, T, crop, crop) uint8; crops vary slowest."""
    crop_px, num_frames = card["views"]["crop_px"], card["views"]["frames_of_a_view"]
    height, width = frames.shape[1:3]
    side = min(crop_px, height, width)
    views = []
    for x, y, mirrored in places(width, height, side, card["views"]["crops"]):
        crops = frames[:, y : y + side, x : x + side]
        if side < crop_px:
            crops = np.stack([enlarge(frame, x, y, side, crop_px) for frame in frames])
        if mirrored:
            crops = mirror(crops, flow=card["input"]["format"] == "flow")
        views.append(crops.reshape(-1, num_frames, *crops.shape[1:]))  # (clips, T, h, w, C)
    return np.ascontiguousarray(np.concatenate(views).transpose(0, 4, 1, 2, 3))


def places(width: int, height: int, side: int, crops: str) -> list:
    """(x, y, mirrored) of each crop."""
    x, y = (width - side) // 2, (height - side) // 2
    if crops == "center":
        return [(x, y, False)]
    if crops == "three":
        along = [(0, y), (2 * x, y), (x, y)] if width >= height else [(x, 0), (x, 2 * y), (x, y)]
        return [(*place, False) for place in along]
    step_x, step_y = (width - side) // 4, (height - side) // 4
    corners = [(0, 0), (4, 0), (0, 4), (4, 4), (2, 2)]
    return [(i * step_x, j * step_y, mirrored) for i, j in corners for mirrored in (False, True)]


def enlarge(frame: np.ndarray, x: int, y: int, side: int, crop_px: int) -> np.ndarray:
    """The square at (x, y), as cv2.resize stretches it, but with the picture's own pixels around its edge."""
    if frame.shape[:2] == (side, side):
        return cv2.resize(frame, (crop_px, crop_px), interpolation=cv2.INTER_LINEAR)
    scale = crop_px / side
    shift = 0.5 * scale - 0.5
    matrix = np.array([[scale, 0, shift - x * scale], [0, scale, shift - y * scale], [0, 0, 1]])
    return cv2.warpPerspective(frame, matrix, (crop_px, crop_px), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)


def mirror(crops: np.ndarray, flow: bool) -> np.ndarray:
    """Left and right change places; what moved right moves left."""
    mirrored = crops[:, :, ::-1].copy()
    if flow:
        mirrored[..., 0::2] = 255 - mirrored[..., 0::2]
    return mirrored


def softmax(logits: np.ndarray) -> np.ndarray:
    """Along the last axis."""
    exponentials = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return exponentials / exponentials.sum(axis=-1, keepdims=True)


if __name__ == "__main__":
    main()
