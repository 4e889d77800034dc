"""What `duplicates` and `suspects` share: the suspected pairs of a workspace, and how a terminal shows them."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from omnisource.errors import WorkspaceError
from omnisource.workspace import Workspace

if TYPE_CHECKING:
    from omnisource.clean.pairs import Pair, SuspectedPairs


def line_of(workspace: Workspace, threshold: float | None) -> float:
    """The least similarity of suspects: the one asked for, else as measured; raises WorkspaceError without either."""
    from omnisource.clean.pair_index import crop_threshold

    line = crop_threshold(workspace) if threshold is None else threshold
    if line is None:
        raise WorkspaceError(
            f"{workspace.root} has no measured crop threshold yet; `omnisource duplicates` measures it, or give one "
            "with --threshold"
        )
    return line


def suspected_pairs(workspace: Workspace) -> "SuspectedPairs | None":
    """The pairs with the verdicts in force; None where no similarity was measured."""
    from omnisource.catalog import Catalog
    from omnisource.clean.pair_index import index_pairs
    from omnisource.clean.pairs import SuspectedPairs
    from omnisource.reviews import Reviews

    index = index_pairs(workspace)
    return index and SuspectedPairs(Catalog(workspace), index, Reviews(workspace.reviews_path).current())


def print_pairs(pairs: Sequence["Pair"]) -> None:
    """Similarity, what was said, the item's key, and where both sides are alike; tabs between them."""
    for pair in pairs:
        sides = f"{pair.path}\t{pair.time_s:.1f} s\t{pair.target_path}\t{pair.target_time_s:.1f} s"
        print(f"{pair.similarity:.3f}\t{pair.state}\t{pair.key.hex()}\t{sides}")


def as_rows(pairs: Sequence["Pair"]) -> list[dict[str, object]]:
    """The pairs for a script."""
    from dataclasses import asdict

    return [asdict(pair) | {"key": pair.key.hex()} for pair in pairs]
