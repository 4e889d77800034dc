"""Small workspaces with facts written by hand, for tests of what reads them."""

import json
from pathlib import Path

import pyarrow as pa

from omnisource import config
from omnisource.examples import write_examples
from omnisource.schemas import SCHEMAS
from omnisource.types import Taxonomy
from omnisource.workspace import Workspace

CLASSES = Taxonomy(names=("boxing", "yoyo", "kick"))


def key(number: int) -> bytes:
    """A 16-byte key that a reader can tell from others."""
    return bytes([number]) * 16


def workspace_with(folder: Path, *, scored: list[dict], invalid: list[int] = (), similar: list[dict] = ()) -> Workspace:
    """A workspace whose items are those that `scored` and `invalid` speak of.

    A scored row gives number, start, end, top, confidence, query (class), query_prob, source, format; where more than
    the top class matters, classes and probs.
    """
    workspace = Workspace.create(folder, config.Study())
    workspace.save_taxonomy(CLASSES)
    numbers = dict.fromkeys([row["number"] for row in scored] + list(invalid))
    by_number = {row["number"]: row for row in scored}
    with workspace.table("items").writer(rows_per_part=2) as writer:
        for number in numbers:
            row = by_number.get(number, {})
            writer.add(
                [
                    {
                        "key": key(number),
                        "path": f"/web/{number}",
                        "source": row.get("source", "web"),
                        "format": row.get("format", "image"),
                        "class_index": row.get("query"),
                    }
                ]
            )
    with workspace.table("validity").writer(rows_per_part=100) as writer:
        writer.add(
            [{"key": key(n), "ok": n not in invalid, "reason": "bad" if n in invalid else None} for n in numbers]
        )
    with workspace.table("scores/teacher").writer(rows_per_part=100) as writer:
        writer.add([_score(row) for row in scored])
    with workspace.table("similar").writer(rows_per_part=100) as writer:
        writer.add([{"key": key(row["number"]), **row["pair"]} for row in similar])
    return workspace


def _score(row: dict) -> dict:
    return {
        "key": key(row["number"]),
        "start_s": row.get("start", 0.0),
        "end_s": row.get("end", 1.0),
        "top_classes": row.get("classes", [row["top"]]),
        "top_probs": row.get("probs", [row["confidence"]]),
        "query_prob": row.get("query_prob"),
        "top_class": row["top"],
        "confidence": row["confidence"],
        "source": row.get("source", "web"),
        "format": row.get("format", "image"),
        "query_class": row.get("query"),
    }


def change(workspace: Workspace, *settings: str) -> None:
    """Change settings in study.yaml, such as seed=1."""
    config.save(config.override(workspace.study(), settings), workspace.study_path)


def apply_recipe(
    workspace: Workspace, name: str, recipe: config.Recipe, *, kept: list[int], source: str = "web"
) -> None:
    """What `label` leaves of a recipe whose examples are these items of one source."""
    folder = workspace.auxiliary(name)
    folder.mkdir(parents=True)
    example = {
        "format": "image",
        "source": source,
        "class_index": 0,
        "confidence": 1.0,
        "segments": [],
        "negatives": [],
    }
    rows = [example | {"path": f"/web/{number}", "key": key(number)} for number in kept]
    write_examples(folder / f"{source}.arrow", [pa.RecordBatch.from_pylist(rows, schema=SCHEMAS["auxiliary"])])
    config.save(recipe, folder / "recipe.yaml")
    done = {"funnel": [], "files": {source: f"fingerprint of {name}"}}
    (folder / "done.json").write_text(json.dumps(done), encoding="utf-8")
