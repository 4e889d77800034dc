"""Items and what people decided about them -> new samples, and new values of those that are there.

What is as it should be is not written again. A sample with an edit that was not pulled keeps its decisions.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain

import fiftyone as fo
from fiftyone import ViewField as F

from omnisource.errors import ItemError
from omnisource.fiftyone_io.datasets import (
    BOOKKEEPING,
    IMAGES,
    VIDEOS,
    find_datasets,
    kind_of,
    open_dataset,
    set_all,
    teacher_fields,
)
from omnisource.fiftyone_io.edits import Edit
from omnisource.fiftyone_io.known_items import KnownItem, KnownItems
from omnisource.fiftyone_io.sample_edits import item_edit, rows_of, segment_edits
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

    def push(
        self, keys: Sequence[bytes], *, adds: bool, looked_at: Mapping[bytes, Sequence[Edit]] | None = None
    ) -> set[bytes]:
        """Add or update some items; without `adds`, only those that are there. Returns those that are known.

        Edited samples keep their edits. `looked_at`: edits that a pull has recorded, so that what is in force takes
        their place, unless the sample was edited again in the meantime.
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
                self._upsert(self._dataset(kind), mine, decided, adds, looked_at or {})
        return {item.key for item in items}

    def refresh(self) -> None:
        """Bring up to date what earlier pushes left, and remove what the workspace no longer holds."""
        for dataset in self.datasets():
            rest = [key for one in dataset.values("item_key") if (key := bytes.fromhex(one)) not in self._seen]
            for first in range(0, len(rest), CHUNK):
                chunk = rest[first : first + CHUNK]
                known = self.push(chunk, adds=False)
                if gone := [key.hex() for key in chunk if key not in known]:
                    dataset.delete_samples(dataset.match(F("item_key").is_in(gone)))
                    self.counts["removed"] += len(gone)

    def datasets(self) -> list[fo.Dataset]:
        """Those of items that are there now."""
        found = find_datasets(self._workspace)
        return [found[kind] for kind in (IMAGES, VIDEOS) if kind in found]

    def _dataset(self, kind: str) -> fo.Dataset:
        if kind not in self._datasets:
            opened = open_dataset(self._workspace, kind, app_url=self._app_url, teachers=self._words.fields)
            self._datasets[kind] = opened
        return self._datasets[kind]

    def _upsert(
        self,
        dataset: fo.Dataset,
        items: list[KnownItem],
        decided: Mapping[bytes, Decisions],
        adds: bool,
        looked_at: Mapping[bytes, Sequence[Edit]],
    ) -> None:
        view = dataset.match(F("item_key").is_in([item.key.hex() for item in items]))
        there = {row["item_key"]: row for row in rows_of(view)}
        edited = _edits(view, there.values())
        changed: dict[str, dict[str, object]] = {}
        new: list[fo.Sample] = []
        for item in items:
            row, edits = there.get(item.key.hex()), edited.get(item.key, [])
            if row is not None:
                is_settled = looked_at.get(item.key) == edits
                is_edited = bool(edits) and not is_settled
                self.counts["unpulled"] += is_edited
                values = self._changes(
                    dataset, item, decided[item.key], row, is_edited=is_edited, is_settled=is_settled
                )
                self.counts["updated" if values else "unchanged"] += 1
                changed |= {row["id"]: values} if values else {}
            elif adds and (sample := self._sample(item, decided[item.key])) is not None:
                new.append(sample)
        if new:
            dataset.add_samples(new, dynamic=True, progress=False)
            self.counts["added"] += len(new)
        set_all(dataset, changed)

    def _changes(
        self,
        dataset: fo.Dataset,
        item: KnownItem,
        decisions: Decisions,
        row: dict,
        *,
        is_edited: bool,
        is_settled: bool,
    ) -> dict[str, object]:
        """Fields of a sample that is there and their new values; none where it is as it should be."""
        pushed = {name: row[f"pushed.{name}"] for name in BOOKKEEPING}
        facts, decision = fingerprint(item, self._words), decision_fingerprint(decisions)
        has_facts = pushed["facts"] != facts
        values = fact_values(item, self._words) if has_facts else {}
        pushed["facts"] = facts
        if is_edited and has_facts:  # what is decided is shown against the facts, so it is shown anew after the pull
            values["pushed"] = fo.DynamicEmbeddedDocument(**(pushed | {"decision": None}))
        elif not is_edited and (is_settled or has_facts or pushed["decision"] != decision):
            pushed["decision"] = decision
            values |= decision_values(item, decisions, self._words, row["tags"], pushed)
            if item.format is Format.UNTRIMMED:
                there = dataset.select(row["id"]).values("segments.detections")[0] or ()
                values["segments"] = segment_values(item, decisions, self._words, there)
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


def _edits(samples: fo.DatasetView, rows: Iterable[Mapping]) -> dict[bytes, list[Edit]]:
    """Every edit of some samples and of their segments, by item."""
    found: dict[bytes, list[Edit]] = {}
    for edit in chain(filter(None, map(item_edit, rows)), segment_edits(samples)):
        found.setdefault(edit.subject.key, []).append(edit)
    return found
