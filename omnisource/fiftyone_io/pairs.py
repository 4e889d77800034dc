"""Suspected pairs -> groups of two pictures, web item and labelled clip, at the times where they are most alike.

A slice of a group has one kind of media, so of a video the pair shows the frame (paper 3.3).
"""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import fiftyone as fo
import pyarrow as pa
from PIL import Image

from omnisource.catalog import Catalog, source
from omnisource.clean.pair_filters import Order, PairFilter, State
from omnisource.clean.pair_index import PairIndex, index_pairs
from omnisource.clean.pairs import Pair, SuspectedPairs
from omnisource.errors import ItemError
from omnisource.fiftyone_io.datasets import PAIRS, SLICES, find_datasets, open_dataset, set_all
from omnisource.fiftyone_io.edits import NOTHING, Edit, Said, Shown, edit_of, in_force, shown_tags
from omnisource.fiftyone_io.ready import FOLDER
from omnisource.fiftyone_io.views import save_pair_views
from omnisource.files import save_atomically
from omnisource.previews import Previews, clip_token, item_token
from omnisource.report import Report
from omnisource.reviews import Review, Reviews, Subject
from omnisource.types import Format
from omnisource.workspace import Workspace

AT_MOST = 5_000
"""Pairs that are pushed: the most alike; a crawl has many more, and two frames are decoded for each."""
FRAME_PX = 360
_COLUMNS = (
    *("id", "pair_key", "item_key", "target_path", "pair.name", "tags", "similarity", "suspect", "state"),
    *("pushed.pair", "pushed.decision"),
)


def push_pairs(catalog: Catalog, line: float | None, *, app_url: str, limit: int, report: Report) -> Counter[str]:
    """Add the most alike suspects and all judged pairs, and bring those that are there up to date.

    `line`: suspects are at least so alike. Pairs that are measured no longer are removed, edited ones after a pull.
    Returns how many were "changed" (or added), how many "removed", and how many hold edits that are "unpulled".
    """
    workspace = catalog.workspace
    dataset, index = find_datasets(workspace).get(PAIRS), index_pairs(workspace)
    there = {} if dataset is None else pair_rows(dataset)
    lost = _without_item(catalog, there)
    edited = {_key(edit.subject) for edit in pair_edits(there)} - lost
    chosen: dict[str, Pair] = {}
    reviews = Reviews(workspace.reviews_path).current()
    if index is not None and line is not None:
        suspected = SuspectedPairs(catalog, index, reviews)
        pairs = (*_chosen(suspected, line, min(limit, AT_MOST)), *_measured(catalog, suspected, index, there))
        chosen = {name: pair for pair in pairs if (name := _key(pair.subject)) not in lost}
    removed = lost | (there.keys() - chosen.keys() - edited)
    if removed:
        dataset.delete_samples([row["id"] for name in removed for row in there[name]])
    counts = Counter(unpulled=len(edited), removed=len(removed))
    if not chosen:
        return counts
    dataset = open_dataset(workspace, PAIRS, app_url=app_url, teachers={})
    samples = _Samples(workspace, line, reviews)
    new: list[fo.Sample] = []
    changed: dict[str, dict[str, object]] = {}
    for done, (name, pair) in enumerate(chosen.items(), start=1):
        try:
            if name not in there:
                new += samples.made(pair)
            elif name not in edited and (values := samples.changes(pair, there[name])):
                changed |= values
        except ItemError as error:
            report.drop(Path(pair.path) if pair.path else None, pair.key, error)
        report.progress(done, len(chosen), "pushing pairs")
    dataset.add_samples(new, progress=False)
    set_all(_flat(dataset), changed)
    save_pair_views(dataset)
    counts["changed"] = (len(changed) + len(new)) // len(SLICES)
    return counts


def pair_rows(dataset: fo.Dataset) -> dict[str, list[dict]]:
    """What both pictures of every pair hold now, by the pair's key."""
    found: dict[str, list[dict]] = {}
    for row in zip(*_flat(dataset).values(list(_COLUMNS))):
        told = dict(zip(_COLUMNS, row))
        found.setdefault(told["pair_key"], []).append(told)
    return found


def pair_edits(pairs: Mapping[str, Sequence[dict]]) -> Iterator[Edit]:
    """Every pair whose verdict was edited, of `pair_rows`; a tag on either of its pictures counts."""
    for rows in pairs.values():
        subject = Subject(key=bytes.fromhex(rows[0]["item_key"]), target_path=rows[0]["target_path"])
        shown = Shown(tags=tuple(tag for row in rows for tag in row["tags"]), label=None, base=None)
        if (edit := edit_of(subject, shown, Said(pair=rows[0]["pushed.pair"] or NOTHING), None)) is not None:
            yield edit


def settle_pairs(dataset: fo.Dataset, looked_at: Sequence[Edit], about: Callable[[Subject], Sequence[Review]]) -> None:
    """Show the verdict in force of pairs whose edits a pull has recorded, unless they were edited again meanwhile."""
    if not looked_at:
        return
    pairs, changed = pair_rows(dataset), {}
    edits = {edit.subject: edit for edit in pair_edits(pairs)}
    for edit in looked_at:
        if edits.get(edit.subject) == edit:
            reviews = about(edit.subject)
            state = in_force(reviews, (), None).pair or str(State.OPEN)
            changed |= {row["id"]: _verdict_values(row, reviews, state) for row in pairs[_key(edit.subject)]}
    set_all(_flat(dataset), changed)


def pair_key(key: bytes, target_path: str) -> str:
    """How a pair is called in FiftyOne."""
    return f"{item_token(key)}-{clip_token(target_path)}"


def _key(subject: Subject) -> str:
    return pair_key(subject.key, subject.target_path)


def _flat(dataset: fo.Dataset) -> fo.DatasetView:
    """Both pictures of every pair, as samples."""
    return dataset.select_group_slices(list(SLICES))


def _chosen(suspected: SuspectedPairs, line: float, limit: int) -> Iterator[Pair]:
    wanted_pairs = [PairFilter(low=line, state=None)]
    wanted_pairs += [PairFilter(state=state) for state in (State.DUPLICATE, State.NOT_DUPLICATE)]
    for one in wanted_pairs:
        yield from suspected.next(one, Order.SIMILAR, threshold=line, limit=limit)


def _measured(
    catalog: Catalog, suspected: SuspectedPairs, index: PairIndex, there: Mapping[str, Sequence[dict]]
) -> list[Pair]:
    """The pairs that earlier pushes left, as they are measured now."""
    asked = pa.table(
        {
            "key": pa.array([bytes.fromhex(rows[0]["item_key"]) for rows in there.values()], pa.binary()),
            "target_path": pa.array([rows[0]["target_path"] for rows in there.values()], pa.string()),
        }
    )
    sql = f"SELECT pair FROM {index.sql} JOIN asked USING (key, target_path)"
    return suspected.pairs(catalog.rows(sql, tables={"asked": asked}).read_all()["pair"].to_pylist())


def _without_item(catalog: Catalog, there: Mapping[str, Sequence[dict]]) -> set[str]:
    """The pairs whose web item the workspace no longer holds."""
    items = source(catalog.workspace.table("items"))
    keys = list({bytes.fromhex(rows[0]["item_key"]) for rows in there.values()})
    found = catalog.table(f"SELECT key FROM {items} WHERE key IN (SELECT unnest($keys))", {"keys": keys})
    known = {key.hex() for key in found["key"].to_pylist()}
    return {name for name, rows in there.items() if rows[0]["item_key"] not in known}


class _Samples:
    """Pairs -> the samples of their pictures, and new values of those that are there."""

    def __init__(self, workspace: Workspace, line: float, reviews: Iterable[Review]) -> None:
        self._line, self._names, self._frames = line, workspace.taxonomy().names, _Frames(workspace)
        self._about: dict[Subject, list[Review]] = {}
        for review in reviews:
            self._about.setdefault(review.subject, []).append(review)

    def made(self, pair: Pair) -> list[fo.Sample]:
        """The two pictures of a new pair; raises ItemError where one cannot be read."""
        paths, group = (self._frames.web(pair), self._frames.target(pair)), fo.Group()
        shared = self._facts(pair) | {
            "pair_key": _key(pair.subject),
            "item_key": pair.key.hex(),
            "target_path": pair.target_path,
            "split": pair.target_split,
        }
        of_web = {"source": pair.source, "time_s": pair.time_s, "label": self._class(pair.class_index)}
        of_target = {"source": "target", "time_s": pair.target_time_s, "label": self._class(pair.target_class)}
        samples = []
        for name, path, own in zip(SLICES, paths, (of_web, of_target)):
            decided = _verdict_values({"pair.name": name, "tags": ()}, self._reviews(pair), str(pair.state))
            samples.append(fo.Sample(filepath=str(path), pair=group.element(name), **shared, **own, **decided))
        return samples

    def changes(self, pair: Pair, rows: Sequence[dict]) -> dict[str, dict[str, object]]:
        """New values of the pictures of a pair, by their ids; none where all is as it should be."""
        facts, reviews, state = self._facts(pair), self._reviews(pair), str(pair.state)
        now = facts | {"state": state, "pushed.decision": _mark(reviews)}
        if all(row[name] == value for row in rows for name, value in now.items()):
            return {}
        return {row["id"]: facts | _verdict_values(row, reviews, state) for row in rows}

    def _facts(self, pair: Pair) -> dict[str, object]:
        return {"similarity": pair.similarity, "suspect": pair.similarity >= self._line}

    def _reviews(self, pair: Pair) -> Sequence[Review]:
        return self._about.get(pair.subject, ())

    def _class(self, class_index: int | None) -> fo.Classification | None:
        return None if class_index is None else fo.Classification(label=self._names[class_index])


def _verdict_values(row: Mapping, reviews: Sequence[Review], state: str) -> dict[str, object]:
    """The verdict is a tag of the web item; the labelled clip keeps a person's own tags."""
    said, last = in_force(reviews, (), None), reviews[-1] if reviews else None
    told = {} if last is None else {"by": last.author, "at": last.made_at, "made_in": last.made_in}
    decided = None if last is None else fo.DynamicEmbeddedDocument(verdict=str(last.verdict), **told)
    return {
        "state": state,
        "tags": shown_tags(row["tags"], said if row["pair.name"] == SLICES[0] else Said()),
        "decided": decided,
        "pushed": fo.DynamicEmbeddedDocument(pair=said.pair, decision=_mark(reviews)),
    }


def _mark(reviews: Sequence[Review]) -> str:
    """Changes with the verdict in force."""
    return hashlib.blake2b(repr([review.id for review in reviews]).encode(), digest_size=6).hexdigest()


class _Frames:
    """Pictures of both sides of a pair; frames of videos are written once, below the workspace."""

    def __init__(self, workspace: Workspace) -> None:
        self._previews, self._folder = Previews(workspace), workspace.root / FOLDER / "frames"

    def web(self, pair: Pair) -> Path:
        if pair.path is None:
            raise ItemError("unknown_item", f"{pair.key.hex()} is no item any more")
        return self._picture(item_token(pair.key), Path(pair.path), pair.format, pair.time_s)

    def target(self, pair: Pair) -> Path:
        path = Path(pair.target_path)
        return self._picture(clip_token(pair.target_path), path, pair.target_format, pair.target_time_s)

    def _picture(self, token: str, path: Path, item_format: Format, time_s: float) -> Path:
        if item_format is Format.IMAGE and fo.core.media.get_media_type(str(path)) == "image":
            return path
        kept = self._folder / token[-2:] / f"{token}-{round(time_s * 1000)}.jpg"
        if not kept.is_file():
            self._previews.announce([(token, path, item_format)])
            frame = self._previews.picture(token, short_side_px=FRAME_PX, time_s=time_s)
            kept.parent.mkdir(parents=True, exist_ok=True)
            save_atomically(kept, lambda partial: Image.fromarray(frame).save(partial, "JPEG", quality=90))
        return kept
