"""What the released lists say of items -> segments like those that a teacher scored (paper 3.4, 4.2).

The lists' word counts as the probability of their class: 1 for what their teacher kept, 0 for the rest. That an item
resembles a validation clip is a fact of the lists, not a decision of a person: it can be read anew, it holds whatever
labels a recipe takes, and a person may overrule it.
"""

from omnisource.catalog import Catalog, listed_rows, source
from omnisource.errors import WorkspaceError
from omnisource.workspace import Workspace


def listed_segments(workspace: Workspace) -> str:
    """SQL for the valid segments that the lists name, in the columns of the teachers' scores.

    Raises WorkspaceError without lists, and before items were checked, since nothing else says then that they decode.
    """
    rows = listed_rows(workspace)
    if not rows:
        raise WorkspaceError(
            f"{workspace.root} knows no released list, which label_source=listed needs; "
            "`omnisource add-released FOLDER` reads them"
        )
    validity = workspace.table("validity")
    if not validity.parts():
        raise WorkspaceError(f"{workspace.root} has no item that was checked yet; `omnisource check` does it")
    return (
        "SELECT key, start_s, end_s, class_index AS top_class, kept::INTEGER::FLOAT AS confidence,"
        f" class_index AS query_class, kept::INTEGER::FLOAT AS query_prob, source, format FROM ({rows}) l"
        f" WHERE EXISTS (SELECT 1 FROM {source(validity)} v WHERE v.key = l.key AND v.ok)"
    )


def listed_duplicates(workspace: Workspace) -> str:
    """SQL for the keys of items that the lists call duplicates; empty without lists.

    Lists do not say of which clip, so only a person's word about all clips overrules them (the table pair_verdicts).
    """
    rows = listed_rows(workspace)
    if not rows:
        return ""
    return (
        f"SELECT l.key FROM ({rows}) l WHERE l.duplicate AND NOT EXISTS (SELECT 1 FROM pair_verdicts p"
        " WHERE p.key = l.key AND p.target_path IS NULL AND p.verdict = 'not_duplicate')"
    )


def listed_sources(catalog: Catalog) -> set[str]:
    """Sources of whose items the lists say something."""
    rows = listed_rows(catalog.workspace)
    return set(catalog.table(f"SELECT DISTINCT source FROM ({rows})")["source"].to_pylist()) if rows else set()
