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
import pyarrow as pa
from fiftyone import ViewField as F

from omnisource.catalog import Catalog, source
from omnisource.clean.whitening import Whitening, load
from omnisource.fiftyone_io.datasets import OWNER
from omnisource.pipeline.feature_blocks import vectors_of
from omnisource.pipeline.similar_state import WHITENING, encoder_name, web_features
from omnisource.tables import Table
from omnisource.workspace import Workspace

FIELD, INDEX, MAP = "embedding", "similarity", "map"
CHUNK = 1_000
MAPPED_BY_NEIGHBOURS = 5_000
"""Up to so many items the map keeps neighbours together (t-SNE); beyond, it shows the two widest directions (PCA)."""
LEAST_MAPPED = 5
"""From so many on there is a map."""
FEW = 50
"""Up to so many the map is PCA's too: the 30 neighbours that t-SNE keeps together would be nearly all of them."""


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
    asked = f"SELECT key, vector FROM {source(table)} WHERE crop = 0 AND key IN (SELECT unnest($keys)) ORDER BY key"
    sums: dict[bytes, np.ndarray] = {}
    for batch in catalog.rows(asked, {"keys": list(keys)}):  # a long video has thousands of frames
        if not batch.num_rows:
            continue
        rows = pa.Table.from_batches([batch])
        features = vectors_of(rows)
        directions = white.directions(features) if white else features
        owners = rows["key"].to_pylist()
        starts = [place for place, key in enumerate(owners) if place == 0 or owners[place - 1] != key]
        for place, total in zip(starts, np.add.reduceat(directions, starts)):
            sums[owners[place]] = sums.get(owners[place], 0) + total
    return {key: total / max(float(np.linalg.norm(total)), 1e-12) for key, total in sums.items()}


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
        how = "tsne" if FEW < len(ids) <= MAPPED_BY_NEIGHBOURS else "pca"
        settings = {"seed": 51} | ({"pca_dims": None, "verbose": False} if how == "tsne" else {})
        fob.compute_visualization(shown, embeddings=FIELD, brain_key=MAP, method=how, progress=False, **settings)
    dataset.info = dataset.info | {OWNER: owned | {"vectors": state}}
    dataset.save()


def _whitening(workspace: Workspace) -> Whitening | None:
    path = workspace.table("similar").folder / WHITENING
    return load(path) if path.is_file() else None


def _mark(white: Whitening) -> str:
    return hashlib.blake2b(white.projection.tobytes(), digest_size=4).hexdigest()
