"""Items and what people decided about them -> new samples, and new values of those that are there.

What is as it should be is not written again. A sample with an edit that was not pulled keeps its decisions.
"""

from collections import Counter
from collections.abc import Sequence

import fiftyone as fo
from fiftyone import ViewField as F

from omnisource.errors import ItemError
from omnisource.fiftyone_io.datasets import (
    BOOKKEEPING,
    IMAGES,
    VIDEOS,
    find_dataset,
    kind_of,
    open_dataset,
    teacher_fields,
)
from omnisource.fiftyone_io.edits import Said, Shown, wanted
from omnisource.fiftyone_io.known_items import KnownItem, KnownItems
from omnisource.fiftyone_io.samples import (
    Decisions,
    Words,
    decision_fingerprint,
    decision_values,
    decisions_of,
    fact_values,
    fingerprint,
    segment_values,
)
from omnisource.fiftyone_io.segment_edits import edited_segments
from omnisource.previews import Previews, item_token
from omnisource.report import Report
from omnisource.reviews import Review, Reviews
from omnisource.types import Format
from omnisource.workspace import Workspace

CHUNK = 2_000


class SampleUpdates:
    """Brings the samples of items up to date; remembers of which, and counts what it did."""

    def __init__(self, workspace: Workspace, known: KnownItems, report: Report, *, app_url: str) -> None:
        self.counts: Counter[str] = Counter()
        self._workspace, self._known, self._report, self._app_url = workspace, known, report, app_url
        self._words = Words(names=self._workspace.taxonomy().names, fields=teacher_fields(known.teachers))
        self._reviews = Reviews(self._workspace.reviews_path)
        self._previews = Previews(self._workspace)
        self._datasets: dict[str, fo.Dataset] = {}
        self._seen: set[bytes] = set()

    def push(self, keys: Sequence[bytes], *, adds: bool, settles: bool = False) -> None:
        """Add or update some items; without `adds`, only those that are there.

        `settles`: their edits were looked at, so what is in force takes their place; else edited samples keep them.
        """
        keys = [key for key in dict.fromkeys(keys) if key not in self._seen]
        self._seen.update(keys)
        items = self._known.tell(keys)
        about: dict[bytes, list[Review]] = {}
        for review in self._reviews.about(keys):
            about.setdefault(review.subject.key, []).append(review)
        for kind in (IMAGES, VIDEOS):
            mine = [item for item in items if kind_of(item.format) == kind]
            if mine:
                decided = {item.key: decisions_of(item, about.get(item.key, ()), self._words) for item in mine}
                self._upsert(self._dataset(kind), mine, decided, adds=adds, settles=settles)

    def refresh(self) -> None:
        """Bring up to date what earlier pushes left, and remove what the workspace no longer holds."""
        for kind in (IMAGES, VIDEOS):
            dataset = find_dataset(self._workspace, kind)
            if dataset is None:
                continue
            known = [bytes.fromhex(one) for one in dataset.values("item_key")]
            rest = [key for key in known if key not in self._seen]
            for first in range(0, len(rest), CHUNK):
                chunk = rest[first : first + CHUNK]
                self.push(chunk, adds=False)
                there = {item.key for item in self._known.tell(chunk)}
                gone = [key.hex() for key in chunk if key not in there]
                dataset.delete_samples(dataset.match(F("item_key").is_in(gone)))
                self.counts["removed"] += len(gone)

    def datasets(self) -> list[fo.Dataset]:
        """Those of items that are there now."""
        return [one for kind in (IMAGES, VIDEOS) if (one := find_dataset(self._workspace, kind)) is not None]

    def _dataset(self, kind: str) -> fo.Dataset:
        if kind not in self._datasets:
            opened = open_dataset(self._workspace, kind, app_url=self._app_url, teachers=self._words.fields)
            self._datasets[kind] = opened
        return self._datasets[kind]

    def _upsert(
        self,
        dataset: fo.Dataset,
        items: list[KnownItem],
        decided: dict[bytes, Decisions],
        *,
        adds: bool,
        settles: bool,
    ) -> None:
        there = _there(dataset, items)
        changed: dict[str, dict[str, object]] = {}
        new: list[fo.Sample] = []
        for item in items:
            row = there.get(item.key.hex())
            if row is not None:
                values = self._changes(dataset, item, decided[item.key], row, settles=settles)
                self.counts["updated" if values else "unchanged"] += 1
                changed |= {row["id"]: values} if values else {}
            elif adds and (sample := self._sample(item, decided[item.key])) is not None:
                new.append(sample)
        if new:
            dataset.add_samples(new, dynamic=True, progress=False)
            self.counts["added"] += len(new)
        _set_all(dataset, changed)

    def _changes(
        self, dataset: fo.Dataset, item: KnownItem, decisions: Decisions, row: dict, *, settles: bool
    ) -> dict[str, object]:
        """Fields of a sample that is there and their new values; none where it is as it should be."""
        pushed = {name: row[f"pushed.{name}"] for name in BOOKKEEPING}
        facts, decision = fingerprint(item, self._words), decision_fingerprint(decisions)
        has_news = settles or pushed["facts"] != facts or pushed["decision"] != decision
        is_edited = _is_edited(row, pushed) or (has_news and bool(edited_segments(dataset, row["id"])))
        self.counts["unpulled"] += is_edited and not settles
        values: dict[str, object] = {}
        if pushed["facts"] != facts:
            values |= fact_values(item, self._words)
            pushed["facts"] = facts
        if has_news and (settles or not is_edited):
            pushed["decision"] = decision
            values |= decision_values(item, decisions, self._words, row["tags"], pushed)
            if item.format is Format.UNTRIMMED:
                values["segments"] = segment_values(item, decisions, self._words)
        elif values:
            values["pushed"] = fo.DynamicEmbeddedDocument(**pushed)
        return values

    def _sample(self, item: KnownItem, decisions: Decisions) -> fo.Sample | None:
        try:
            path = self._shown_file(item)
        except ItemError as error:
            self._report.drop(None, item.key, error)
            return None
        marks = {"facts": fingerprint(item, self._words), "decision": decision_fingerprint(decisions)}
        values = fact_values(item, self._words) | decision_values(item, decisions, self._words, (), marks)
        if (segments := segment_values(item, decisions, self._words)) is not None:
            values["segments"] = segments
        return fo.Sample(filepath=path, item_key=item.key.hex(), **values)

    def _shown_file(self, item: KnownItem) -> str:
        """The file that a browser can show; raises ItemError for what FiftyOne takes for something else."""
        path = item.path
        if item.format is not Format.IMAGE and item.stage != "dropped":
            token = item_token(item.key)
            self._previews.announce([(token, path, item.format)])
            path = str(self._previews.video(token))
        wanted_kind = "image" if item.format is Format.IMAGE else "video"
        if (kind := fo.core.media.get_media_type(path)) != wanted_kind:
            raise ItemError(
                "not_shown", f"{item.path} is a {wanted_kind}, but FiftyOne takes it for {kind} by its name"
            )
        return path


def _there(dataset: fo.Dataset, items: Sequence[KnownItem]) -> dict[str, dict]:
    """What the samples of some items hold now, by item."""
    columns = ["id", "item_key", "tags", "label.label", *(f"pushed.{name}" for name in BOOKKEEPING)]
    view = dataset.match(F("item_key").is_in([item.key.hex() for item in items]))
    return {row[1]: dict(zip(columns, row)) for row in zip(*view.values(columns))}


def _is_edited(row: dict, pushed: dict[str, str | None]) -> bool:
    shown = Shown(tags=tuple(row["tags"]), label=row["label.label"], base=pushed["base"])
    before = Said(use=pushed["use"] or "", relevance=pushed["relevance"] or "")
    try:
        return wanted(shown, before) != before
    except ItemError:
        return True


def _set_all(dataset: fo.Dataset, changed: dict[str, dict[str, object]]) -> None:
    """Set the fields of several samples, by id, field by field."""
    for name in dict.fromkeys(name for values in changed.values() for name in values):
        of_field = {sample_id: values[name] for sample_id, values in changed.items() if name in values}
        dataset.set_values(name, of_field, key_field="id", dynamic=True, progress=False)
