"""One folder with everything in it: where each table, run and decision lies (design: The workspace)."""

import json
from dataclasses import dataclass
from pathlib import Path

from omnisource import config
from omnisource.errors import WorkspaceError
from omnisource.files import write_atomically
from omnisource.schemas import SCHEMAS
from omnisource.tables import Table, sole_writer
from omnisource.types import Taxonomy


@dataclass(frozen=True, kw_only=True, slots=True)
class SavedRecipe:
    """What the saving of a recipe changed; Workspace.unsave_recipe takes it back."""

    name: str
    """Of the recipe."""
    before: str | None
    """What its file held; None where it had none."""
    written: str
    """What its file holds now."""


class Workspace:
    """Paths and tables below one folder."""

    def __init__(self, root: Path) -> None:
        """Open an existing workspace; raises WorkspaceError where there is none."""
        self.root = root.resolve()
        if not self.study_path.is_file():
            raise WorkspaceError(f"{self.root} is no workspace: it has no study.yaml; `omnisource init` makes one")

    @classmethod
    def create(cls, root: Path, study: config.Study) -> "Workspace":
        """Make the folder and its study.yaml; raises WorkspaceError if there is one already."""
        root.mkdir(parents=True, exist_ok=True)
        path = root / "study.yaml"
        if path.exists():
            raise WorkspaceError(f"{root} is a workspace already; edit its study.yaml or choose another folder")
        config.save_study(study, path)
        return cls(root)

    @property
    def study_path(self) -> Path:
        """Every setting."""
        return self.root / "study.yaml"

    @property
    def taxonomy_path(self) -> Path:
        """The classes, written by the target stage."""
        return self.root / "taxonomy.json"

    @property
    def motion_path(self) -> Path:
        """N(mu, Sigma) of camera motion, of all classes and of each."""
        return self.root / "camera_motion.npz"

    @property
    def reviews_path(self) -> Path:
        """Decisions of people."""
        return self.root / "reviews.sqlite"

    def study(self) -> config.Study:
        """The settings as they are on disk now."""
        return config.load_study(self.study_path)

    def taxonomy(self) -> Taxonomy:
        """The classes; raises WorkspaceError before the target stage has run."""
        if not self.taxonomy_path.is_file():
            raise WorkspaceError(
                f"{self.root} has no classes yet; `omnisource run --to target` reads the labelled data"
            )
        return Taxonomy(names=tuple(json.loads(self.taxonomy_path.read_text(encoding="utf-8"))))

    def save_taxonomy(self, taxonomy: Taxonomy) -> None:
        """Write the classes; raises WorkspaceError if others are there, since every table counts by them."""
        if self.taxonomy_path.is_file() and self.taxonomy() != taxonomy:
            raise WorkspaceError(f"{self.taxonomy_path} holds other classes; use a new workspace for other classes")
        write_atomically(self.taxonomy_path, json.dumps(taxonomy.names, ensure_ascii=False, indent=1))

    def table(self, name: str) -> "Table":
        """The table of that name, such as "items" or "scores/teacher"."""
        return Table(self.root / "tables" / _checked(name), SCHEMAS[name.partition("/")[0]], name=name)

    def run(self, name: str) -> Path:
        """Folder of a training run."""
        return self.root / "runs" / _checked(name)

    def runs(self) -> list[str]:
        """Names of the runs that have started."""
        return sorted(path.parent.name for path in (self.root / "runs").glob("*/state.json"))

    def auxiliary(self, recipe: str) -> Path:
        """Folder of the examples that a recipe yields."""
        return self.root / "auxiliary" / _checked(recipe)

    def report_path(self, stage: str) -> Path:
        """Counts and dropped items of a stage."""
        path = self.root / "reports" / (_checked(stage).replace("/", ".") + ".json")
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def recipes(self) -> list[str]:
        """Names of the study's recipes, then of those that only have a file."""
        files = sorted(path.stem for path in (self.root / "recipes").glob("*.yaml"))
        return list(dict.fromkeys([*self.study().recipes, *files]))

    def recipe(self, name: str) -> config.Recipe:
        """A decision by name: recipes/<name>.yaml if there is one, else the study's."""
        path = self._recipe_path(name)
        if path.is_file():
            return config.load_recipe(path)
        if name not in self.recipes():
            raise WorkspaceError(f"no recipe {name!r}; known: {', '.join(self.recipes())}")
        return self.study().recipes[name]

    def save_recipe(self, name: str, recipe: config.Recipe) -> SavedRecipe:
        """Write recipes/<name>.yaml, which from now on stands for the name; raises WriterBusyError."""
        path = self._recipe_path(name)
        with sole_writer(path.parent, what=f"recipe {name!r}"):
            before = path.read_text(encoding="utf-8") if path.is_file() else None
            config.save(recipe, path)
            return SavedRecipe(name=name, before=before, written=path.read_text(encoding="utf-8"))

    def unsave_recipe(self, saved: SavedRecipe) -> None:
        """Put a recipe's file back as it was; raises WorkspaceError where it was changed since."""
        path = self._recipe_path(saved.name)
        with sole_writer(path.parent, what=f"recipe {saved.name!r}"):
            if not path.is_file() or path.read_text(encoding="utf-8") != saved.written:
                raise WorkspaceError(f"{path} was changed since; look at it and change it by hand")
            if saved.before is None:
                path.unlink()
            else:
                write_atomically(path, saved.before)

    def _recipe_path(self, name: str) -> Path:
        return self.root / "recipes" / f"{_checked(name)}.yaml"


def _checked(name: str) -> str:
    parts = name.split("/")
    if any(part in ("", ".", "..") or part.startswith(".") or "\\" in part for part in parts):
        raise WorkspaceError(f"{name!r} is not a name for something in a workspace: use letters, digits, '-' and '_'")
    return name
