"""What a search, its downloads and a teacher would leave, written by hand: two classes, one source, two windows."""

from pathlib import Path

from omnisource import config
from omnisource.catalog import Catalog
from omnisource.workspace import Workspace
from tests.workspaces import apply_recipe, change, key, workspace_with

WINDOWS = (("2018-01-01", "2019-01-01"), ("2019-01-01", "2020-01-01"))
RECIPE = config.Recipe(confidence=0.5, teachers={"image": "teacher"})

FOUND = [
    # (class, query, window, url, is it new, what it is the address of)
    (0, "boxing", 1, "https://a.example/1.jpg", True, 1),
    (0, "boxing", 1, "https://a.example/2.jpg", True, 2),
    (0, "boxing", 1, "https://a.example/gone.jpg", True, None),
    (0, "boxing", 1, "https://b.example/broken.jpg", True, 6),
    (0, "boxing", 0, "https://a.example/1.jpg", False, 1),
    (0, "boxing", 0, "https://b.example/3.jpg", True, 3),
    (1, "yo yo", 1, "https://b.example/4.jpg", True, 4),
    (1, "yo yo", 1, "https://b.example/4-again.jpg", True, 4),
]
CELLS = [
    # (class, query, window, returned, new, requests, outcome)
    (0, "boxing", 1, 2, 2, 1, "failed"),
    (0, "boxing", 1, 4, 2, 2, "capped"),  # asked again: two more
    (0, "boxing", 0, 2, 1, 1, "complete"),
    (1, "yo yo", 1, 2, 2, 1, "complete"),
    (1, "yo yo", 0, 0, 0, 1, "complete"),
]


def searched_workspace(folder: Path) -> Workspace:
    """Items 1 to 4 were scored, 6 is broken; 1 and 2 are sure, 1 is in the recipe `strict`."""
    scored = [
        {"number": number, "top": 0, "confidence": confidence, "query": 0, "source": "pictures"}
        for number, confidence in ((1, 0.9), (2, 0.6), (3, 0.2), (4, 0.1))
    ]
    workspace = workspace_with(folder, scored=scored, invalid=[6])
    endpoint = "https://search.example/?q={query}&a={after}&b={before}"
    search = f"{{engine: page, endpoint: '{endpoint}', published_after: 2018-01-01}}"
    change(workspace, f"sources=[{{name: pictures, format: image, search: {search}}}]")
    workspace.save_recipe("strict", RECIPE)
    apply_recipe(workspace, "strict", RECIPE, kept=[1], source="pictures")
    with workspace.table("candidates").writer(rows_per_part=3) as writer:
        for class_index, query, window, url, is_new, _ in FOUND:
            row = {"url": url, "format": "image", "is_new": is_new} | _cell(class_index, query, window)
            writer.add([row])
    with workspace.table("attempts").writer(rows_per_part=3) as writer:
        for url, number in {url: number for *_, url, _, number in FOUND}.items():
            got = {"reason": "not_found", "status": 404} if number is None else {"reason": "ok", "key": key(number)}
            row = {"url": url, "source": "pictures", "host": url.split("/")[2], "retry": False, "detail": ""}
            writer.add([row | got])
    with workspace.table("cells").writer(rows_per_part=2) as writer:
        for class_index, query, window, returned, new, requests, outcome in CELLS:
            counts = {"returned": returned, "new": new, "requests": requests, "outcome": outcome, "detail": ""}
            writer.add([_cell(class_index, query, window) | counts])
    return workspace


def catalog_of(workspace: Workspace) -> Catalog:
    return Catalog(workspace, threads=1)


def _cell(class_index: int, query: str, window: int) -> dict[str, object]:
    after, before = WINDOWS[window]
    span = {"published_after": after, "published_before": before}
    return {"source": "pictures", "class_index": class_index, "query": query} | span
