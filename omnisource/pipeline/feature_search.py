"""An item, a labelled clip, or words -> the web items that look most like it, exactly; without torch (paper 3.3).

Words need CLIP: another process turns them into a vector, once, and the file stays in the workspace.
"""

import hashlib
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import yaml

from omnisource.catalog import Catalog, source
from omnisource.clip_config import ClipConfig
from omnisource.errors import WorkspaceError
from omnisource.filters import Order, Sort
from omnisource.pipeline.feature_blocks import vectors_of
from omnisource.pipeline.feature_matrix import FOLDER, FeatureMatrix, feature_matrix, matrix_version
from omnisource.pipeline.similar_state import encoder_name
from omnisource.previews import key_of
from omnisource.settings import parse
from omnisource.workspace import Workspace

FRAMES_ASKED = 16
"""Of a long video, evenly spread: what is compared with all others."""
FRAMES_ASKED_OF_CLIPS = 64
"""Of several labelled clips together."""
MAX_LETTERS = 300
"""Of a text; CLIP reads no more."""
_HOW = {
    False: "`omnisource search-items --measure` measures what is new",
    True: "`omnisource duplicates` measures labelled clips",
}
"""Whether a labelled clip is meant -> how its features come about."""
_NEAREST = pa.schema([("key", pa.binary(16)), ("similarity", pa.float32())])


@dataclass(frozen=True, kw_only=True, slots=True)
class Wanted:
    """What items are to look like; one of these."""

    item: bytes | None = None
    """A web item, by its key."""
    text: str | None = None
    """Words, where CLIP has seen the items."""
    clip: str | None = None
    """A labelled clip, by its path."""

    def __post_init__(self) -> None:
        if sum(one is not None for one in (self.item, self.text, self.clip)) != 1:
            raise WorkspaceError("search for one thing: an item, a text, or a labelled clip")


@dataclass(frozen=True, kw_only=True, slots=True)
class Near:
    """One item that was found."""

    key: bytes
    """The item."""
    similarity: float
    """Cosine of its best frame with what was wanted."""
    time_s: float
    """When that frame is seen."""
    path: str
    """Its file."""


def encoders(workspace: Workspace) -> list[str]:
    """Networks whose features of web items are there; the study's first."""
    folder = workspace.root / "tables" / "features"
    found = sorted({part.parent.parent.name for part in folder.glob("*/web/part-*.parquet")})
    return sorted(found, key=lambda name: name != encoder_name(workspace.study()))


def clip_settings(workspace: Workspace, encoder: str) -> ClipConfig | None:
    """The CLIP network behind an encoder's features; None where it is another network, which knows no words."""
    path = workspace.table(f"features/{encoder}/web").folder / "settings.yaml"
    saved = yaml.safe_load(path.read_text(encoding="utf-8")) if path.is_file() else {}
    return parse(ClipConfig, saved["clip"], where=str(path)) if (saved or {}).get("clip") else None


def search_version(workspace: Workspace) -> str:
    """Changes whenever items were seen by some encoder."""
    return " ".join(f"{name}:{matrix_version(workspace.table(f'features/{name}/web'))}" for name in encoders(workspace))


def knows_words(workspace: Workspace) -> bool:
    """Whether items can be searched by text."""
    return any(clip_settings(workspace, encoder) is not None for encoder in encoders(workspace))


def choose_encoder(workspace: Workspace, wanted: Wanted, encoder: str | None = None) -> str:
    """The named encoder, or the first that can answer; raises WorkspaceError where none can."""
    known = encoders(workspace)
    if encoder is not None and encoder not in known:
        raise WorkspaceError(f"no features of {encoder!r} are there; known: {', '.join(known) or 'none'}")
    asked = known if encoder is None else [encoder]
    if not asked:
        raise WorkspaceError(
            f"{workspace.root} has no features of web items yet; `omnisource search-items --measure` measures them"
        )
    able = [name for name in asked if wanted.text is None or clip_settings(workspace, name) is not None]
    if not able:
        raise WorkspaceError(
            "words can be searched only where CLIP has seen the items: set features.clip in study.yaml, "
            "such as `omnisource set features.clip.name=ViT-B-32`, then `omnisource search-items --measure`"
        )
    return able[0]


def near(workspace: Workspace, wanted: Wanted, *, encoder: str | None = None) -> pa.Table:
    """(key, similarity) of every item with features, in no order: for `Browsing.page`.

    Raises WorkspaceError where the features that are needed were not measured.
    """
    name = choose_encoder(workspace, wanted, encoder)
    matrix = feature_matrix(workspace, workspace.table(f"features/{name}/web"))
    best = matrix.best_of_items(matrix.similarities(_asked(workspace, name, matrix, wanted)))
    return _told(matrix, best)


def clips_encoder(workspace: Workspace) -> str | None:
    """The first encoder that has seen both web items and labelled clips; None where none has."""
    seen = (name for name in encoders(workspace) if workspace.table(f"features/{name}/target").parts())
    return next(seen, None)


def near_clips(workspace: Workspace, clips: Sequence[str]) -> pa.Table:
    """(key, similarity) of every item with features: of its best frame with the best of the clips' frames.

    `clips` are paths of labelled clips. Raises WorkspaceError where no network has seen both, or none of the clips.
    """
    encoder = clips_encoder(workspace)
    if encoder is None:
        raise WorkspaceError("no network has seen both web data and labelled clips; `omnisource duplicates` lets one")
    frames = _clip_frames(workspace, encoder, clips)
    if not len(frames):
        raise WorkspaceError(f"{encoder} has seen none of these clips; `omnisource duplicates` measures what is new")
    matrix = feature_matrix(workspace, workspace.table(f"features/{encoder}/web"))
    return _told(matrix, matrix.best_of_items(matrix.similarities(_spread(frames, FRAMES_ASKED_OF_CLIPS))))


def near_order(workspace: Workspace, order: Order) -> pa.Table | None:
    """What `Browsing.page` needs for an order; None for those that are not by similarity.

    Raises WorkspaceError where features or what they are compared with are missing.
    """
    if order.sort is not Sort.SIMILAR:
        return None
    key = None if order.like is None else key_of(order.like)
    if order.like is not None and key is None:
        raise WorkspaceError(f"{order.like!r} is no item; `omnisource items` lists their keys")
    return near(workspace, Wanted(item=key, text=order.text))


def nearest(
    workspace: Workspace,
    wanted: Wanted,
    *,
    limit: int,
    encoder: str | None = None,
    among: Sequence[bytes] | None = None,
) -> list[Near]:
    """The items most like what is wanted, best first, without itself; of `among` only, where that is given.

    Raises WorkspaceError like `near`.
    """
    name = choose_encoder(workspace, wanted, encoder)
    matrix = feature_matrix(workspace, workspace.table(f"features/{name}/web"))
    of_frames = matrix.similarities(_asked(workspace, name, matrix, wanted))
    best = matrix.best_of_items(of_frames)
    candidates = _candidates(matrix, among)
    if wanted.item is not None:
        candidates = candidates[(matrix.keys[candidates] != np.frombuffer(wanted.item, np.uint8)).any(axis=1)]
    if len(candidates) > limit:
        candidates = candidates[np.argpartition(-best[candidates], limit - 1)[:limit]] if limit else candidates[:0]
    order = candidates[np.argsort(-best[candidates], kind="stable")]
    keys = [matrix.keys[item].tobytes() for item in order]
    paths = _paths(workspace, keys)
    return [
        Near(
            key=key,
            similarity=float(best[item]),
            time_s=matrix.best_time_s(int(item), of_frames),
            path=paths.get(key, ""),
        )
        for key, item in zip(keys, order)
    ]


def text_path(workspace: Workspace, encoder: str, text: str) -> Path:
    """Where the vector of a text is kept, for as long as the encoder's features stay the same."""
    settings = workspace.table(f"features/{encoder}/web").folder / "settings.yaml"
    seen = settings.read_bytes() if settings.is_file() else b""
    name = hashlib.blake2b(seen + b"\0" + as_asked(text).encode(), digest_size=16).hexdigest()
    return workspace.root / FOLDER / encoder / "texts" / f"{name}.npy"


def as_asked(text: str) -> str:
    """What is encoded of a text: one line of printable letters, not too long."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:MAX_LETTERS]


def _asked(workspace: Workspace, encoder: str, matrix: FeatureMatrix, wanted: Wanted) -> np.ndarray:
    """(Q, D) float32."""
    if wanted.text is not None:
        return _text_vector(workspace, encoder, wanted.text)
    if wanted.item is not None:
        frames, what = matrix.frames_of(wanted.item), f"item {wanted.item.hex()}"
    else:
        frames, what = _clip_frames(workspace, encoder, [str(wanted.clip)]), f"labelled clip {wanted.clip}"
    if not len(frames):
        raise WorkspaceError(f"{what} has no features by {encoder}; {_HOW[wanted.item is None]}")
    return _spread(frames, FRAMES_ASKED)


def _spread(frames: np.ndarray, most: int) -> np.ndarray:
    return frames[np.linspace(0, len(frames) - 1, min(len(frames), most)).round().astype(int)]


def _told(matrix: FeatureMatrix, best: np.ndarray) -> pa.Table:
    return pa.table([_key_array(matrix), pa.array(best)], schema=_NEAREST)


def _text_vector(workspace: Workspace, encoder: str, text: str) -> np.ndarray:
    """(1, D) float32; another process loads the network where the text is new."""
    if not as_asked(text):
        raise WorkspaceError("there are no words to search for; type some")
    path = text_path(workspace, encoder, text)
    if not path.is_file():
        arguments = ["search-items", "-w", str(workspace.root), f"--text={as_asked(text)}", "--encoder", encoder]
        done = subprocess.run(
            [sys.executable, "-m", "omnisource", *arguments, "--limit", "0", "--json"],
            capture_output=True,
            text=True,
            check=False,
        )
        if not path.is_file():
            said = " ".join(done.stderr.split()).rpartition("error: ")[2][-400:]
            raise WorkspaceError(f"the words could not be encoded: {said or 'the process ended without a word'}")
    return np.load(path)[None]


def _clip_frames(workspace: Workspace, encoder: str, paths: Sequence[str]) -> np.ndarray:
    """(T, D) float32: whole frames of labelled clips."""
    features = source(workspace.table(f"features/{encoder}/target"), order=True)
    wanted = "crop = 0 AND target_path IN (SELECT unnest($paths))"
    sql = f"SELECT vector FROM {features} WHERE {wanted} ORDER BY filename, file_row_number"
    rows = Catalog(workspace).table(sql, {"paths": list(paths)})
    return vectors_of(rows) if len(rows) else np.zeros((0, 1), dtype=np.float32)


def _candidates(matrix: FeatureMatrix, among: Sequence[bytes] | None) -> np.ndarray:
    """Numbers of the items that may be found."""
    if among is None:
        return np.arange(len(matrix.keys))
    return np.flatnonzero(pc.is_in(_key_array(matrix), pa.array(among, pa.binary(16))).to_numpy(zero_copy_only=False))


def _key_array(matrix: FeatureMatrix) -> pa.Array:
    """The keys, without a copy."""
    buffers = [None, pa.py_buffer(np.ascontiguousarray(matrix.keys))]
    return pa.FixedSizeBinaryArray.from_buffers(pa.binary(16), len(matrix.keys), buffers)


def _paths(workspace: Workspace, keys: Sequence[bytes]) -> dict[bytes, str]:
    items = source(workspace.table("items"))
    sql = f"SELECT key, path FROM {items} WHERE key IN (SELECT unnest($keys))"
    rows = Catalog(workspace).table(sql, {"keys": list(keys)}) if keys else None
    return {} if rows is None else dict(zip(rows["key"].to_pylist(), rows["path"].to_pylist()))
