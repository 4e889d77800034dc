"""Groups of near copies, on a table written by hand."""

from pathlib import Path

from omnisource.clean.copy_groups import copy_groups
from tests import workspaces


def test_copy_groups__chains_end_in_the_best_item(tmp_path: Path):
    scored = [{"number": n, "top": 0, "confidence": 1.0} for n in (1, 2, 3, 4, 5)]
    workspace = workspaces.workspace_with(tmp_path / "w", scored=scored)
    rows = [(1, 2, 0.9), (2, 3, 0.8), (4, 3, 0.7), (4, 5, 0.95)]  # 1 -> 2 -> 3; 4 -> 5, and a little to 3
    with workspace.table("alike").writer(rows_per_part=9) as writer:
        writer.add(
            [
                {"key": workspaces.key(a), "kept_key": workspaces.key(b), "similarity": s, "time_s": 0.0}
                for a, b, s in rows
            ]
        )

    def groups(threshold: float, limit: int = 9) -> dict[str, list[str]]:
        found = copy_groups(workspace, threshold, limit=limit)
        return {group.path: [path for path, _ in group.copies] for group in found}

    assert groups(0.75) == {"/web/3": ["/web/1", "/web/2"], "/web/5": ["/web/4"]}
    assert groups(0.85) == {"/web/2": ["/web/1"], "/web/5": ["/web/4"]}
    assert list(groups(0.75, limit=1)) == ["/web/3"]
    assert groups(0.96) == {}
