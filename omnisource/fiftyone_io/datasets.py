"""A workspace's datasets in FiftyOne: how they are called, whose they are, what fields, indexes and colours they have.

One dataset has one kind of media, so there are three: NAME-images, NAME-videos, and NAME-pairs, grouped, whose slices
are the web item and the labelled clip.
"""

import hashlib
import logging
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import fiftyone as fo
from pymongo.errors import PyMongoError

from omnisource.errors import OmniSourceError
from omnisource.fiftyone_io.known_items import ORIGIN, QUALITY
from omnisource.palette import DOUBTFUL, DROPPED, KEPT, colours
from omnisource.types import Format
from omnisource.workspace import Workspace

logger = logging.getLogger(__name__)

IMAGES, VIDEOS, PAIRS = "images", "videos", "pairs"
KINDS = (IMAGES, VIDEOS, PAIRS)
SLICES = ("web", "target")
"""Of a pair: pictures both, or frames of videos."""
OWNER = "omnisource"
"""Name in a dataset's info of what OmniSource has to remember."""
BOOKKEEPING = ("facts", "decision", "use", "relevance", "pair", "base", "tested", "vector")
"""What was pushed, so that an edit is told from it."""
DECIDED = ("verdict", "by", "at", "made_in")

_TEXT, _NUMBER, _FLAG, _WHOLE = fo.StringField, fo.FloatField, fo.BooleanField, fo.IntField
_FIELDS: dict[str, type | dict[str, type]] = {
    "item_key": _TEXT,
    "source": _TEXT,
    "format": _TEXT,
    "stage": _TEXT,
    "reason": _TEXT,
    "query": fo.Classification,
    "teacher": fo.Classification,
    "label": fo.Classification,
    "confidence": _NUMBER,
    "agrees": _FLAG,
    "query_prob": _NUMBER,
    "margin": _NUMBER,
    "overruled": _FLAG,
    "similarity": _NUMBER,
    "similar_to": _TEXT,
    "suspect": _FLAG,
    "provenance": dict.fromkeys(("url", *ORIGIN), _TEXT),
    "quality": {name: _NUMBER if name in ("fps", "duration_s") else _WHOLE for name in QUALITY},
    "decided": dict.fromkeys(DECIDED, _TEXT),
    "pushed": dict.fromkeys(BOOKKEEPING, _TEXT),
}
_PAIR_FIELDS: dict[str, type | dict[str, type]] = {
    "pair_key": _TEXT,
    "item_key": _TEXT,
    "target_path": _TEXT,
    "source": _TEXT,
    "similarity": _NUMBER,
    "suspect": _FLAG,
    "state": _TEXT,
    "time_s": _NUMBER,
    "split": _TEXT,
    "label": fo.Classification,
    "decided": dict.fromkeys(DECIDED, _TEXT),
    "pushed": dict.fromkeys(BOOKKEEPING, _TEXT),
}
_INDEXED = (
    *("item_key", "source", "stage", "reason", "margin", "similarity", "label.label", "query.label", "teacher.label"),
    *("teacher.confidence", "pushed.use", "pushed.relevance"),
)
_PAIR_INDEXED = ("pair_key", "item_key", "similarity", "pushed.pair")
_GROUPS = {
    "decisions": ("tags", "label", "decided", "overruled"),
    "scores": ("teacher", "confidence", "query", "agrees", "query_prob", "margin"),
    "state": ("stage", "reason", "source", "format", "split", "time_s"),
    "duplicates": ("similarity", "suspect", "similar_to", "state", "target_path"),
    "provenance": ("provenance",),
    "quality": ("quality",),
    "metadata": ("item_key", "pair_key", "pushed", "id", "filepath", "metadata", "created_at", "last_modified_at"),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Owned:
    """What a dataset remembers of its workspace."""

    workspace: str
    """The folder."""
    names: tuple[str, ...]
    """The classes."""
    app_url: str
    """Where the OmniSource app of this machine answers."""


def dataset_names(workspace: Workspace) -> dict[str, str]:
    """Name of each of KINDS: after the folder; with a hash of its path where another workspace has that name.

    Raises OmniSourceError where FiftyOne's database cannot be reached.
    """
    slug = re.sub(r"[^A-Za-z0-9_.]+", "-", workspace.root.name).strip("-") or "workspace"
    longer = f"{slug}-{hashlib.blake2b(str(workspace.root).encode(), digest_size=3).hexdigest()}"
    existing = set(list_datasets())

    def owners(name: str) -> set[str | None]:
        return {owner_of(fo.load_dataset(full)) for kind in KINDS if (full := f"{name}-{kind}") in existing}

    mine = str(workspace.root)
    chosen = next((name for name in (slug, longer) if mine in owners(name)), None)
    if chosen is None:
        chosen = slug if not owners(slug) else longer
    return {kind: f"{chosen}-{kind}" for kind in KINDS}


def list_datasets() -> list[str]:
    """Every dataset of FiftyOne; raises OmniSourceError where its database cannot be reached."""
    try:
        return _listed()
    except (fo.core.config.FiftyOneConfigError, fo.core.service.ServiceException, PyMongoError, RuntimeError) as error:
        said = str(error).strip().splitlines()
        raise OmniSourceError(
            f"FiftyOne's database does not answer ({said[0] if said else type(error).__name__}); "
            "`omnisource doctor` looks at mongod"
        ) from None


def _listed() -> list[str]:
    """FiftyOne waits a minute for the mongod that it starts, then asks whoever listens on MongoDB's own port."""
    try:
        return fo.list_datasets()
    except fo.core.service.ServiceListenTimeout:
        service = fo.core.odm.database._db_service
        logger.warning("FiftyOne's database did not start within a minute; waiting for one more")
        os.environ["FIFTYONE_PRIVATE_DATABASE_PORT"] = str(service.port)  # waits again; FiftyOne would set the same
        return fo.list_datasets()


def owner_of(dataset: fo.Dataset) -> str | None:
    """The workspace's folder; None for a dataset that is not ours."""
    return dataset.info.get(OWNER, {}).get("workspace")


def owned(dataset: fo.Dataset) -> Owned:
    """What a dataset remembers; raises OmniSourceError for one that is not ours."""
    found = dataset.info.get(OWNER)
    if not found:
        raise OmniSourceError(f"dataset {dataset.name!r} was not pushed by OmniSource; `omnisource fiftyone push`")
    return Owned(workspace=found["workspace"], names=tuple(found["names"]), app_url=found["app_url"])


def find_datasets(workspace: Workspace) -> dict[str, fo.Dataset]:
    """A workspace's datasets by kind, those of KINDS that were pushed."""
    names = dataset_names(workspace)
    return {kind: fo.load_dataset(name) for kind, name in names.items() if fo.dataset_exists(name)}


def open_dataset(workspace: Workspace, kind: str, *, app_url: str, teachers: Mapping[str, str]) -> fo.Dataset:
    """A workspace's dataset of one of KINDS, made if it is not there, with every field, index and colour.

    `teachers`: field of each teacher's own answer.
    """
    name = dataset_names(workspace)[kind]
    dataset = fo.load_dataset(name) if fo.dataset_exists(name) else fo.Dataset(name, persistent=True)
    if dataset.media_type is None:
        if kind == PAIRS:
            dataset.add_group_field("pair", default=SLICES[0])
            for one in SLICES:
                dataset.add_group_slice(one, "image")
        else:
            dataset.media_type = "image" if kind == IMAGES else "video"
    fields = _PAIR_FIELDS if kind == PAIRS else _FIELDS | dict.fromkeys(teachers.values(), fo.Classification)
    fields = fields | ({"segments": fo.TemporalDetections} if kind == VIDEOS else {})
    schema = dataset.get_field_schema(flat=True)
    for name, field in fields.items():
        within = [f"{name}.{one}" for one in field] if isinstance(field, dict) else []
        if not {name, *within} <= schema.keys():
            _add_field(dataset, name, field)
    indexed = dataset.get_index_information()
    for path in _PAIR_INDEXED if kind == PAIRS else _INDEXED:
        if path not in indexed:
            dataset.create_index(path)
    _dress(dataset, workspace, teachers.values())
    told = {"workspace": str(workspace.root), "names": list(workspace.taxonomy().names), "app_url": app_url}
    dataset.info = dataset.info | {OWNER: dataset.info.get(OWNER, {}) | told}
    dataset.save()
    return dataset


def kind_of(item_format: Format) -> str:
    """Which dataset an item belongs to."""
    return IMAGES if item_format is Format.IMAGE else VIDEOS


def teacher_fields(teachers: Iterable[str]) -> dict[str, str]:
    """Field of each teacher's own answer: letters, digits and underscores, and no two alike."""
    fields: dict[str, str] = {}
    for teacher in teachers:
        name = f"teacher_{re.sub(r'[^a-z0-9]+', '_', teacher.lower()).strip('_')}"
        while name in fields.values():
            name += "_"
        fields[teacher] = name
    return fields


def set_all(samples: fo.core.collections.SampleCollection, changed: Mapping[str, Mapping[str, object]]) -> None:
    """Set fields of several samples, by id and name, one field after the other."""
    for name in dict.fromkeys(name for values in changed.values() for name in values):
        of_field = {sample_id: values[name] for sample_id, values in changed.items() if name in values}
        samples.set_values(name, of_field, key_field="id", dynamic=True, progress=False)


def _add_field(dataset: fo.Dataset, name: str, field: type | dict[str, type]) -> None:
    """FiftyOne saves the whole schema for each, so fields within another come with it."""
    if isinstance(field, dict):
        within = [_named(one, kind) for one, kind in field.items()]
        dataset.add_sample_field(
            name, fo.EmbeddedDocumentField, embedded_doc_type=fo.DynamicEmbeddedDocument, fields=within
        )
    elif issubclass(field, fo.Label):
        dataset.add_sample_field(name, fo.EmbeddedDocumentField, embedded_doc_type=field)
    else:
        dataset.add_sample_field(name, field)


def _named(name: str, kind: type) -> fo.Field:
    field = kind()
    field.name = name
    return field


def _dress(dataset: fo.Dataset, workspace: Workspace, teachers: Iterable[str]) -> None:
    """The app's colours, fields in groups, and tiles that show the teacher's confidence and the decisions."""
    of_sources = colours(source.name for source in workspace.study().sources)
    stages = {"kept": KEPT, "left_out": DOUBTFUL, "dropped": DROPPED}
    tags = {
        **dict.fromkeys(("keep", "relevant", "not_duplicate", "positive"), KEPT),
        **dict.fromkeys(("drop", "irrelevant", "duplicate", "negative"), DROPPED),
    }
    config = dataset.app_config
    config.color_scheme = fo.ColorScheme(
        color_by="value",
        fields=[
            {"path": "source", "valueColors": _valued(of_sources)},
            {"path": "stage", "valueColors": _valued(stages)},
            {"path": "tags", "valueColors": _valued(tags)},
        ],
        label_tags={"valueColors": _valued(tags)},
    )
    top = list(dataset.get_field_schema())
    groups = {name: [path for path in paths if path in (*top, "tags")] for name, paths in _GROUPS.items()}
    groups["scores"] += [field for field in teachers if field in top]
    groups["segments"] = ["segments"] if "segments" in top else []
    config.sidebar_groups = [
        fo.SidebarGroupDocument(name=name, paths=paths, expanded=name in ("decisions", "scores", "state"))
        for name, paths in groups.items()
        if paths
    ]
    of_pairs = ("tags", "label", "state", "similarity")
    shown = of_pairs if "pair_key" in top else ("tags", "teacher", "confidence", "source", "segments")
    config.active_fields = fo.core.odm.dataset.ActiveFields(paths=[path for path in shown if path in (*top, "tags")])


def _valued(colour_by_value: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"value": value, "color": colour} for value, colour in colour_by_value.items()]
