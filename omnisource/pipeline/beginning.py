"""What a person says at the beginning -> the commands that do it: a demo, a new workspace, a folder of web data.

The app starts them as jobs; so what is wrong is said by the library, in the job's log.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Literal, get_args

from omnisource.config import TargetConfig
from omnisource.types import Format

Reader = Literal["folders", "path_label", "kinetics", "ucf101", "hmdb51"]
READERS: tuple[Reader, ...] = get_args(TargetConfig.model_fields["reader"].annotation)


@dataclass(frozen=True, kw_only=True, slots=True)
class NewDemo:
    """The generated demo world, with a workspace on it."""

    folder: Path
    """Where it is built."""
    dims: Literal[2, 3] = 2
    """Of the student: frames, or clips."""
    opens_early: ClassVar[bool] = True
    """The workspace can be looked at while its stages run."""

    @property
    def root(self) -> Path:
        """The workspace that comes out of it."""
        return self.folder / f"workspace-{self.dims}d"

    @property
    def arguments(self) -> list[str]:
        """What `omnisource` is called with."""
        return ["demo", str(self.folder), "--dims", str(self.dims)]


@dataclass(frozen=True, kw_only=True, slots=True)
class NewWorkspace:
    """A workspace for labelled clips."""

    root: Path
    """Folder to make."""
    target: Path
    """Folder of the labelled clips."""
    reader: Reader = "folders"
    """How their lists are written."""
    train: str = ""
    """Training list or folder, relative to `target`; empty: as the reader expects it."""
    val: str = ""
    """The same of validation."""
    classes: str = ""
    """File of class names; empty: taken from the data."""
    opens_early: ClassVar[bool] = False
    """What is wrong with the clips takes the workspace away again."""

    @property
    def arguments(self) -> list[str]:
        """What `omnisource` is called with."""
        given = {"train": self.train, "val": self.val, "classes": self.classes}
        lists = [word for name, value in given.items() if value for word in (f"--{name}", value)]
        return ["init", str(self.root), "--target", str(self.target), "--reader", self.reader, *lists]


@dataclass(frozen=True, kw_only=True, slots=True)
class NewSource:
    """A folder of web data."""

    folder: Path
    """Its sub-folders name the classes, unless `classes` is given."""
    name: str
    """What to call the source."""
    format: Format
    """What is in it."""
    classes: str = ""
    """CSV with the columns path,class; empty: the folders' names."""

    def arguments(self, root: Path) -> list[str]:
        """What `omnisource` is called with."""
        classes = ["--classes", self.classes] if self.classes else []
        return ["add", str(self.folder), "--name", self.name, "--format", str(self.format), *classes, "-w", str(root)]


def released_arguments(folder: Path, root: Path) -> list[str]:
    """How `omnisource` is called with a folder of the released Mini-Kinetics web data."""
    return ["add-released", str(folder), "-w", str(root)]
