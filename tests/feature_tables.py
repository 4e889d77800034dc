"""Features written by hand, for tests of what searches them."""

from collections.abc import Mapping, Sequence

from omnisource.workspace import Workspace
from tests.workspaces import key


def add_features(
    workspace: Workspace,
    encoder: str,
    vectors: Mapping[int | bytes | str, Sequence[Sequence[float]]],
    *,
    crops: Sequence[int] | None = None,
    settings: Mapping[str, object] | None = None,
) -> None:
    """Rows of items (by key, or number) or labelled clips (by path), a frame each second; `crops`: which of each."""
    of_clips = isinstance(next(iter(vectors)), str)
    table = workspace.table(f"features/{encoder}/{'target' if of_clips else 'web'}")
    with table.writer(settings, rows_per_part=1000) as writer:
        for item, frames in vectors.items():
            writer.add(
                {
                    "key": key(item) if isinstance(item, int) else item if isinstance(item, bytes) else None,
                    "target_path": item if isinstance(item, str) else None,
                    "time_s": float(second),
                    "crop": 0 if crops is None else crops[second],
                    "vector": list(vector),
                }
                for second, vector in enumerate(frames)
            )
