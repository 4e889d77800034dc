"""Features of web items -> an embedding of each sample, a similarity index, and a map of all of them (paper 3.3).

Whitened where the duplicates stage has fitted a whitening, so that "similar" means in FiftyOne what it means for
suspects.
"""

import hashlib
import json
from collections.abc import Sequence

import fiftyone as fo
import fiftyone.brain as fob
import numpy as np
from fiftyone import ViewField as F

from omnisource.catalog import Catalog, source
from omnisource.clean.whitening import Whitening
from omnisource.fiftyone_io.datasets import OWNER
from omnisource.pipeline.frame_features import vectors_of
from omnisource.pipeline.similar_state import WHITENING, encoder_name, web_features
from omnisource.tables import Table
from omnisource.workspace import Workspace

FIELD, INDEX, MAP = "embedding", "similarity", "map"
CHUNK = 1_000
MAPPED_BY_NEIGHBOURS = 5_000
"""Up to so many items the map keeps neighbours together (t-SNE); beyond, it shows the two widest directions (PCA)."""
LEAST_MAPPED = 5


def push_vectors(catalog: Catalog, dataset: fo.Dataset) -> int:
    """Give new samples their embedding, then index and map all that have one; returns how many got one.

    Nothing is done before the features stage has run.
    """
    table = web_features(catalog.workspace)
    if not table.parts():
        return 0
    white = _whitening(catalog.workspace)
    made_by = f"{encoder_name(catalog.workspace.study())} {'whitened ' + _mark(white) if white else 'as measured'}"
    if not dataset.has_sample_field(FIELD):
        dataset.add_sample_field(FIELD, fo.VectorField)
    missing = dataset.match(F("pushed.vector") != made_by)
    ids, keys = missing.values(["id", "item_key"])
    num_new = 0
    for first in range(0, len(ids), CHUNK):
        chunk = dict(zip(keys[first : first + CHUNK], ids[first : first + CHUNK]))
        found = _vectors(catalog, table, white, [bytes.fromhex(key) for key in chunk])
        vectors = {chunk[key.hex()]: vector for key, vector in found.items()}
        if vectors:
            dataset.set_values(FIELD, vectors, key_field="id", progress=False)
            dataset.set_values("pushed.vector", dict.fromkeys(vectors, made_by), key_field="id", progress=False)
        num_new += len(vectors)
    _index(dataset, made_by)
    return num_new


def _vectors(catalog: Catalog, table: Table, white: Whitening | None, keys: Sequence[bytes]) -> dict[bytes, np.ndarray]:
    """The mean direction of the whole frames of each item: (d,) float32 of unit length."""
    rows = catalog.table(
        f"SELECT key, vector FROM {source(table)} WHERE crop = 0 AND key IN (SELECT unnest($keys)) ORDER BY key",
        {"keys": list(keys)},
    )
    if not rows.num_rows:
        return {}
    features = vectors_of(rows)
    directions = white.directions(features) if white else features.astype(np.float32)
    owners = rows["key"].to_pylist()
    starts = [place for place, key in enumerate(owners) if place == 0 or owners[place - 1] != key]
    sums = np.add.reduceat(directions, starts)
    units = sums / np.maximum(np.linalg.norm(sums, axis=1, keepdims=True), 1e-12)
    return dict(zip((owners[place] for place in starts), units))


def _index(dataset: fo.Dataset, made_by: str) -> None:
    """Make the similarity index and the map anew if the samples with an embedding changed."""
    shown = dataset.exists(FIELD)
    ids = shown.values("id")
    state = hashlib.blake2b(json.dumps([made_by, sorted(ids)]).encode(), digest_size=12).hexdigest()
    owned = dataset.info.get(OWNER, {})
    runs = dataset.list_brain_runs()
    if owned.get("vectors") == state and INDEX in runs:
        return
    for key in (INDEX, MAP):
        if key in runs:
            dataset.delete_brain_run(key)
    if not ids:
        return
    fob.compute_similarity(shown, embeddings=FIELD, brain_key=INDEX, metric="cosine", progress=False)
    if len(ids) >= LEAST_MAPPED:
        how = "tsne" if 50 < len(ids) <= MAPPED_BY_NEIGHBOURS else "pca"
        settings = {"seed": 51} | ({"pca_dims": None, "verbose": False} if how == "tsne" else {})
        fob.compute_visualization(shown, embeddings=FIELD, brain_key=MAP, method=how, progress=False, **settings)
    dataset.info = dataset.info | {OWNER: owned | {"vectors": state}}
    dataset.save()


def _whitening(workspace: Workspace) -> Whitening | None:
    path = workspace.table("similar").folder / WHITENING
    if not path.is_file():
        return None
    with np.load(path, allow_pickle=False) as arrays:
        return Whitening(**{name: arrays[name] for name in ("mean", "projection")}, num_frames=int(arrays["num"]))


def _mark(white: Whitening) -> str:
    return hashlib.blake2b(white.projection.tobytes(), digest_size=4).hexdigest()
