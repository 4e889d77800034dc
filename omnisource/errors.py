"""Every error that OmniSource raises, on one screen.

`ItemError` says that one web item cannot be used: `Report.each` drops it with its reason and the run goes on.
Every other error stops the run and tells a person what is wrong, with which value, and what to do.
"""

from collections.abc import Sequence


class OmniSourceError(Exception):
    """Something a person can put right; the message names the thing, the value and the remedy."""


class ItemError(OmniSourceError):
    """One item cannot be used. `reason` is a short, countable slug; `detail` is for a person."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason = reason
        self.detail = detail

    def __reduce__(self):  # crosses process boundaries
        return type(self), (self.reason, self.detail)


class ConfigError(OmniSourceError):
    """A setting is unknown, of the wrong type or out of range."""


class UnknownClassError(OmniSourceError):
    """A class name that the taxonomy does not hold."""

    def __init__(self, name: str, *, nearest: Sequence[str]) -> None:
        hint = f"; did you mean {', '.join(repr(n) for n in nearest)}?" if nearest else ""
        super().__init__(f"unknown class {name!r}{hint}")
        self.name = name
        self.nearest = list(nearest)


class DataError(OmniSourceError):
    """A list, folder or file that a person gave cannot be read as what it should be."""


class WorkspaceError(OmniSourceError):
    """The workspace lacks something, or holds something made with other settings."""


class WriterBusyError(WorkspaceError):
    """Another process is writing the same table or run."""


class MissingExtraError(OmniSourceError):
    """A library that belongs to an optional part is not installed."""

    def __init__(self, library: str, *, extra: str, purpose: str) -> None:
        super().__init__(f"{purpose} needs {library}, which is not installed: pip install 'omnisource[{extra}]'")


class TeacherError(OmniSourceError):
    """A teacher cannot score this kind of data (paper 3.4)."""


class CheckpointError(OmniSourceError):
    """Weights do not fit the network: the missing, surplus or misshapen keys are named."""


class WeightsAbsentError(CheckpointError):
    """Published weights that nobody chose are neither on the disk nor to be had; a stage that can wait is left out."""


class ExportError(OmniSourceError):
    """A network cannot be written in a format, or the file does not give what the network gives."""
