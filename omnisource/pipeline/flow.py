"""What a network on optical flow reads instead of videos: the flow that `omnisource flow` kept (paper 5.2, Table 6).

Flow is known by a video's content and by the settings that it was measured with, so that a renamed clip keeps its flow
and other settings never meet it. A video whose flow could not be measured stays in its list and is dropped, with its
reason counted, where it is read: what stands at which place of a list does not depend on what failed.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa

from omnisource import config, media
from omnisource.catalog import Catalog, source
from omnisource.errors import CheckpointError, ConfigError, WorkspaceError
from omnisource.examples import ExampleFile
from omnisource.types import Example, Format, WebItem
from omnisource.workspace import Workspace


class FlowExamples(Sequence[Example]):
    """The web examples of one source, each with its flow in the place of its video; rows are made when asked for."""

    def __init__(self, examples: ExampleFile, folder: Path) -> None:
        """`folder` is where the flow lies."""
        self.path = examples.path
        self._examples, self._folder = examples, folder
        self._keys = _keys_of(examples)

    def __len__(self) -> int:
        return len(self._examples)

    def __getitem__(self, index: int) -> Example:
        example = self._examples[index]
        return replace(example, path=flow_path(self._folder, self._keys[index % len(self)].as_py()))

    def __reduce__(self):  # loader workers map the file themselves
        return type(self), (self._examples, self._folder)

    @property
    def class_indices(self) -> np.ndarray:
        """(N,) int64: the class of every example, without making the examples."""
        return self._examples.class_indices


class FlowFiles:
    """Which videos have flow that was measured with the study's settings, and where it lies."""

    def __init__(self, workspace: Workspace) -> None:
        """Raises WorkspaceError before `omnisource flow` has measured any with these settings."""
        self._name = flow_name(workspace)
        self._table = workspace.table(f"flow/{self._name}")
        self._folder = flow_folder(workspace)
        if not self._table.parts():
            raise WorkspaceError(
                f"{workspace.root} has no optical flow of the settings {self._name} yet; `omnisource flow` measures it"
            )
        self._catalog = Catalog(workspace)
        keys = [f"SELECT key FROM {source(table)}" for table in (self._table, self._table.dropped())]
        self._catalog.execute(f"CREATE TABLE known AS {' UNION '.join(keys)}")

    def of_target(self, examples: Sequence[Example]) -> list[Example]:
        """Labelled clips with their flow; a clip is read only where its name or time of change is new."""
        asked = {"path": [str(e.path) for e in examples], "modified_ns": [modified_ns(e.path) for e in examples]}
        self._catalog.create("asked", pa.table(asked, schema=pa.schema([_PATH, ("modified_ns", pa.int64())])))
        measured = self._catalog.table(
            f"SELECT a.path, f.key FROM asked a JOIN {source(self._table)} f USING (path, modified_ns)"
        )
        keys = dict(zip(measured["path"].to_pylist(), measured["key"].to_pylist()))
        failed = set(self._failed_paths())
        return [replace(e, path=self._path_of_target(e.path, keys.get(str(e.path)), failed)) for e in examples]

    def of_items(self, items: Sequence[WebItem]) -> list[WebItem]:
        """Web videos with their flow."""
        self._require(pa.array([item.key for item in items], pa.binary()), "valid web videos")
        return [replace(item, path=flow_path(self._folder, item.key)) for item in items]

    def of_auxiliary(self, name: str, examples: ExampleFile) -> FlowExamples:
        """The examples of a web source with their flow."""
        self._require(_keys_of(examples), f"videos of {name!r}")
        return FlowExamples(examples, self._folder)

    def _failed_paths(self) -> list[str]:
        answer = self._catalog.table(
            f"SELECT path FROM {source(self._table.dropped())} d SEMI JOIN asked a USING (path)"
        )
        return answer["path"].to_pylist()

    def _path_of_target(self, path: Path, key: bytes | None, failed: set[str]) -> Path:
        if key is None and str(path) in failed:
            return self._folder / "failed" / path.name  # there is no such file: who reads it drops it
        if key is None:
            key = media.content_key(path)
            self._require(pa.array([key], pa.binary()), f"clips such as {path}")
        return flow_path(self._folder, key)

    def _require(self, keys: pa.Array | pa.ChunkedArray, what: str) -> None:
        """Raise WorkspaceError for videos of which no flow was tried."""
        self._catalog.create("asked", pa.table({"key": keys.cast(pa.binary())}))
        num_missing = self._catalog.value("SELECT count(*) FROM asked a ANTI JOIN known k USING (key)")
        if num_missing:
            raise WorkspaceError(
                f"{num_missing} of {len(keys)} {what} have no optical flow of the settings {self._name} yet; "
                "`omnisource flow` measures it"
            )


def target_as_flow(
    workspace: Workspace, network: config.NetworkConfig, examples: Sequence[Example]
) -> Sequence[Example]:
    """Labelled clips as the network reads them: as they are, or their flow. Raises WorkspaceError where that lacks."""
    return FlowFiles(workspace).of_target(examples) if network.model.format == "flow" else examples


def auxiliary_as_flow(
    workspace: Workspace, network: config.NetworkConfig, examples: Mapping[str, ExampleFile]
) -> Mapping[str, Sequence[Example]]:
    """Web examples as the network reads them; raises ConfigError for pictures, which have no flow, WorkspaceError."""
    if network.model.format != "flow" or not examples:
        return examples
    for name, rows in examples.items():
        if len(rows) and rows[0].format is Format.IMAGE:
            raise ConfigError(
                f"the source {name!r} holds pictures, which have no optical flow; name the other sources in the "
                "recipe's `sources`, or train a network with format rgb on it"
            )
    files = FlowFiles(workspace)
    return {name: files.of_auxiliary(name, rows) for name, rows in examples.items()}


def items_as_flow(
    workspace: Workspace, network: config.NetworkConfig
) -> Callable[[Sequence[WebItem]], Sequence[WebItem]]:
    """What turns valid web items into those that the network reads; raises WorkspaceError where flow is missing."""
    return FlowFiles(workspace).of_items if network.model.format == "flow" else lambda items: items


def flow_settings(workspace: Workspace, network: config.NetworkConfig) -> dict[str, object]:
    """What a run's facts depend on beside its network: with which settings its flow was measured; nothing for RGB."""
    return {"flow": flow_name(workspace)} if network.model.format == "flow" else {}


def flow_name(workspace: Workspace) -> str:
    """The settings in a word, such as dis-256-20; RAFT's own weights by the start of their hash."""
    settings = workspace.study().flow
    method: str = settings.method
    if settings.method == "raft" and settings.raft_weights is not None:
        path = workspace.root / settings.raft_weights
        if not path.is_file():
            raise CheckpointError(f"flow.raft_weights {str(path)!r} is no file; name one, or leave it open")
        method += "." + hashlib.blake2b(path.read_bytes(), digest_size=4).hexdigest()
    return f"{method}-{settings.short_side_px}-{settings.bound_px:g}"


def flow_folder(workspace: Workspace) -> Path:
    """Where the flow that was measured with the study's settings lies."""
    return workspace.root / "flow" / flow_name(workspace)


def flow_path(folder: Path, key: bytes) -> Path:
    """The file of one video's flow; folders of a two-hundred-and-fifty-sixth each, so that none holds a million."""
    return folder / key.hex()[:2] / f"{key.hex()}.mp4"


def modified_ns(path: Path) -> int | None:
    """When the file was last changed; None where there is none."""
    return path.stat().st_mtime_ns if path.exists() else None


_PATH = ("path", pa.string())


def _keys_of(examples: ExampleFile) -> pa.ChunkedArray:
    return pa.ipc.open_file(pa.memory_map(str(examples.path))).read_all()["key"]
