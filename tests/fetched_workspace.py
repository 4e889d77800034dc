"""A workspace with everything that fetched data leaves behind, written by hand.

| number | address | found on | what |
|--:|---|---|---|
| 1 | pictures.test/1.jpg | pictures.test/p1 | and again at mirror.test/1.jpg |
| 2 | cdn.test/2.jpg | gallery.pictures.test/p2 | a page of the domain links to it |
| 3 | short.test/3 | - | redirects to pictures.test/3.jpg |
| 5 | other.test/5.jpg | other.test/p | another site |
| 6 | notpictures.test/6.jpg | - | a name that only ends alike |
| 7 | pictures.test/7.jpg | - | the same content lies in a folder of one's own |
| - | pictures.test/404.jpg | - | was not there |
"""

from pathlib import Path

import pyarrow.parquet as pq
import yaml

from omnisource import config
from omnisource.files import write_atomically
from omnisource.report import Dropped
from omnisource.reviews import Reviews, Subject, Verdict
from omnisource.workspace import Workspace
from tests.workspaces import CLASSES, apply_recipe, key

PAGES = {1: "http://pictures.test/p1", 2: "https://gallery.pictures.test/p2", 5: "http://other.test/p"}
URLS = {
    1: "http://pictures.test/1.jpg",
    2: "http://cdn.test/2.jpg",
    3: "http://short.test/3",
    5: "http://other.test/5.jpg",
    6: "http://notpictures.test/6.jpg",
    7: "http://pictures.test/7.jpg",
}
MIRROR, MISSING = "http://mirror.test/1.jpg", "http://Pictures.test:80/404.jpg"
FETCHED = (1, 2, 3, 5, 6)


def build(folder: Path) -> Workspace:
    """The workspace of the table above; `folder` must not be there."""
    workspace = Workspace.create(folder, config.Study())
    workspace.save_taxonomy(CLASSES)
    own = folder.parent / "own" / "7.jpg"
    own.parent.mkdir(exist_ok=True)
    own.write_bytes(b"7")
    for number in FETCHED:
        for path in (media(workspace, number), thumbnail(workspace, number)):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(bytes([number]) * 10)
    _write_collected(workspace, own)
    _write_measured(workspace)
    _write_trained(workspace)
    reviews = Reviews(workspace.reviews_path)
    for number in (1, 5):
        reviews.decide(Subject(key=key(number)), Verdict.DROP, made_in="test", author="ann")
    report = (
        '{"dropped": 2, "first_dropped": [{"path": null, "key": null, "reason": "repeat", "detail": "%s has"},'
        ' {"path": "/own/9.jpg", "key": "%s", "reason": "x", "detail": ""}]}'
    )
    write_atomically(workspace.report_path("fetch"), report % (MIRROR, key(9).hex()))
    return workspace


def media(workspace: Workspace, number: int) -> Path:
    name = key(number).hex()
    return workspace.root / "media" / name[:2] / f"{name}.jpg"


def thumbnail(workspace: Workspace, number: int) -> Path:
    name = key(number).hex()
    return workspace.root / "thumbnails" / name[-2:] / f"{name}.webp"


def snapshot(workspace: Workspace) -> dict[str, object]:
    """Every row of every part, and every other file: two workspaces that hold the same compare equal."""
    root = workspace.root
    found: dict[str, object] = {}
    for path in sorted(path for path in root.rglob("*") if path.is_file()):
        name = str(path.relative_to(root))
        if path.suffix == ".parquet":
            found[name] = pq.read_table(path).to_pylist()
        elif not path.name.startswith(".") and "sqlite" not in name and "list.jsonl" not in name:
            found[name] = path.read_bytes()
    return found


def _write_collected(workspace: Workspace, own: Path) -> None:
    found = {**URLS, 8: MIRROR, 9: MISSING}
    with workspace.table("candidates").writer(rows_per_part=2) as writer:
        for number, url in found.items():
            candidate = {"url": url, "source": "web", "format": "image", "query": "yoyo", "class_index": 1}
            writer.add([candidate | {"page_url": PAGES.get(number), "is_new": True}])
    with workspace.table("attempts").writer(rows_per_part=2) as writer:
        for number, url in found.items():
            got = None if url == MISSING else key(1 if url == MIRROR else number)
            final = "http://pictures.test/3.jpg" if number == 3 else url
            reason = "not_found" if got is None else "ok"
            writer.add(
                [{"url": url, "source": "web", "reason": reason, "key": got, "final_url": final, "retry": False}]
            )
    with workspace.table("items").writer(rows_per_part=2) as writer:
        item = {"source": "web", "format": "image", "class_index": 1}
        for number in FETCHED:
            row = {"key": key(number), "path": str(media(workspace, number)), "url": URLS[number]}
            writer.add([item | row])
        repeat = Dropped(path=media(workspace, 1), key=None, reason="repeat", detail=f"{MIRROR} has the same content")
        copy = Dropped(path=own.with_name("1.jpg"), key=key(1), reason="repeat", detail="same content as another file")
        writer.add([item | {"key": key(7), "path": str(own)}], [repeat, copy])


def _write_measured(workspace: Workspace) -> None:
    numbers = (*FETCHED, 7)
    with workspace.table("validity").writer(rows_per_part=2) as writer:
        bad = Dropped(path=media(workspace, 2), key=key(2), reason="too_small", detail="")
        writer.add([{"key": key(n), "ok": n != 2} for n in numbers], [bad])
    for name in ("scores/teacher", "features/resnet/web", "listed"):
        with workspace.table(name).writer(rows_per_part=2) as writer:
            for number in numbers:
                writer.add([{"key": key(number)}])
    with workspace.table("features/resnet/target").writer(rows_per_part=100) as writer:
        writer.add([{"target_path": "/target/1.mp4", "time_s": 0.0}])
    with workspace.table("similar").writer(rows_per_part=100) as writer:
        writer.add([{"key": key(n), "target_path": "/target/1.mp4", "similarity": 0.9} for n in (1, 5)])
    with workspace.table("alike").writer(rows_per_part=100) as writer:
        writer.add([{"key": key(5), "kept_key": key(1)}, {"key": key(6), "kept_key": key(5)}])
    for cached in ("answers/a.arrow", "tables/similar/pairs-0123.parquet"):
        (workspace.root / cached).parent.mkdir(exist_ok=True)
        pq.write_table(workspace.table("similar").read(), workspace.root / cached)
    for derived in (
        "previews/01/{}.mp4",
        "previews/clips/01/abc.mp4",
        "fiftyone/frames/01/{}-250.jpg",
        "flow/m/01/{}.mp4",
    ):
        path = workspace.root / derived.format(key(1).hex())
        path.parent.mkdir(parents=True)
        path.write_bytes(b"x")


def _write_trained(workspace: Workspace) -> None:
    apply_recipe(workspace, "strict", config.Recipe(), kept=[1, 5])
    apply_recipe(workspace, "loose", config.Recipe(), kept=[5, 6])
    used = {"tsn-strict": "fingerprint of strict", "tsn-loose": "fingerprint of loose", "tsn-old": "of long ago"}
    pretrained = {"tsn-strict-finetuned": "runs/tsn-strict/network.pt", "tsn-baseline": "resnet50-imagenet"}
    for name in (*used, *pretrained):
        settings = {"network": {"model": {"pretrained": pretrained.get(name, "none")}}}
        settings["auxiliary"] = {"web": used[name]} if name in used else {}
        write_atomically(workspace.run(name) / "config.yaml", yaml.safe_dump(settings))
        write_atomically(workspace.run(name) / "state.json", '{"state": "done"}')
    lines = [f'{{"path": "{media(workspace, number)}", "reason": "truncated"}}\n' for number in (1, 5)]
    write_atomically(workspace.run("tsn-strict") / "dropped.jsonl", "".join(lines))
