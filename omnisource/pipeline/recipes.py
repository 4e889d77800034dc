"""A recipe over all facts and decisions -> the auxiliary examples of every source (paper 3.4)."""

import difflib
import json
import logging
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path

from omnisource import config
from omnisource.catalog import Catalog
from omnisource.clean.pair_index import crop_threshold
from omnisource.errors import ConfigError, WorkspaceError
from omnisource.examples import ExampleFile, write_examples
from omnisource.files import write_atomically
from omnisource.label.listed import listed_sources
from omnisource.label.pseudo import Funnel, Labelling
from omnisource.media_files import content_key
from omnisource.pipeline.teachers import dims_of, teachers
from omnisource.reviews import Reviews
from omnisource.tables import sole_writer
from omnisource.types import Format
from omnisource.workspace import Workspace

logger = logging.getLogger(__name__)


def resolve(recipe: config.Recipe, study: config.Study) -> config.Recipe:
    """Name a teacher for every format that the recipe leaves open.

    Images take a 2D teacher, trimmed clips a 3D one before a 2D one, untrimmed videos one of the student's kind,
    since a 2D student reads one-second segments and a 3D student ten-second ones (paper 3.4, 3.5). A recipe that takes
    the released lists' word needs none.
    """
    if recipe.label_source == "listed":
        return recipe
    dims = {name: dims_of(study, teacher) for name, teacher in teachers(study).items()}
    student = study.networks[study.student].model.dims
    wanted = {Format.IMAGE: (2,), Format.TRIMMED: (3, 2), Format.UNTRIMMED: (student,)}
    chosen = dict(recipe.teachers)
    for item_format, kinds in wanted.items():
        able = [name for name, teacher in teachers(study).items() if item_format in teacher.formats]
        best = [name for kind in kinds for name in able if dims[name] == kind]
        if item_format not in chosen and best:
            chosen[item_format] = best[0]
    return recipe.model_copy(update={"teachers": chosen})


def label(workspace: Workspace, recipe_name: str) -> list[Funnel]:
    """A recipe over all facts and decisions -> `auxiliary/<recipe>`: the examples of every source, and the funnel.

    Always computed anew, since facts and decisions may have been added; the same facts give the same files.
    """
    study = workspace.study()
    recipe = resolve(workspace.recipe(recipe_name), study)
    catalog = Catalog(workspace)
    _check_sources(recipe, study, catalog, recipe_name)
    labelling = Labelling(
        catalog,
        recipe,
        workspace.taxonomy(),
        Reviews(workspace.reviews_path).current(),
        duplicate_similarity=crop_threshold(workspace),
    )
    folder = workspace.auxiliary(recipe_name)
    with sole_writer(folder, what=f"auxiliary set {recipe_name!r}"):
        funnel = labelling.funnel()
        (folder / "done.json").unlink(missing_ok=True)
        for stale in folder.glob("*.arrow"):
            stale.unlink()
        for step in funnel:
            if step.examples:
                write_examples(folder / f"{step.source}.arrow", labelling.examples(step.source))
        config.save(recipe, folder / "recipe.yaml")
        document = {"funnel": [asdict(step) for step in funnel], "files": _fingerprints(folder)}
        document["web_copies"] = labelling.num_web_copies()
        write_atomically(folder / "done.json", json.dumps(document, indent=1))
    logger.info("label %s: %s", recipe_name, ", ".join(f"{s.source} {s.examples} of {s.valid}" for s in funnel))
    return funnel


def require_known(names: Iterable[str], known: Iterable[str], *, what: str) -> None:
    """Raise ConfigError for a source that is not there, with the nearest that is."""
    listed = list(known)
    for name in names:
        if name not in listed:
            near = difflib.get_close_matches(name, listed, n=1, cutoff=0.5)
            hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(listed) or 'none'}"
            raise ConfigError(f"{what} names the source {name!r}, which is not there; {hint}")


def auxiliary_examples(workspace: Workspace, recipe_name: str) -> tuple[dict[str, ExampleFile], dict[str, str]]:
    """The examples of every source that a recipe yielded, and the fingerprint of each.

    Raises WorkspaceError before the label stage has run.
    """
    folder = workspace.auxiliary(recipe_name)
    done = folder / "done.json"
    if not done.is_file():
        raise WorkspaceError(f"recipe {recipe_name!r} has no examples yet; `omnisource label --recipe {recipe_name}`")
    fingerprints = json.loads(done.read_text(encoding="utf-8"))["files"]
    return {source: ExampleFile(folder / f"{source}.arrow") for source in fingerprints}, fingerprints


def saved_funnel(workspace: Workspace, recipe_name: str) -> list[Funnel]:
    """What each step of a recipe left when it was last applied; empty before."""
    done = workspace.auxiliary(recipe_name) / "done.json"
    if not done.is_file():
        return []
    return [Funnel(**step) for step in json.loads(done.read_text(encoding="utf-8"))["funnel"]]


def left_out_copies(workspace: Workspace, recipe_name: str) -> int:
    """Items that a recipe left out when it was last applied, since a better near copy of each is used."""
    done = workspace.auxiliary(recipe_name) / "done.json"
    return json.loads(done.read_text(encoding="utf-8")).get("web_copies", 0) if done.is_file() else 0


def needs_teachers(workspace: Workspace, names: Iterable[str]) -> bool:
    """Whether some of these recipes decides by teachers' scores."""
    return any(workspace.recipe(name).label_source != "listed" for name in names)


def _check_sources(recipe: config.Recipe, study: config.Study, catalog: Catalog, recipe_name: str) -> None:
    """Nothing is left out without a word: names must be known, and every source must have a teacher, or lists."""
    formats = {source.name: source.format for source in study.sources}
    used = formats if recipe.sources is None else recipe.sources
    require_known([*used, *recipe.confidence_by_source], formats, what=f"recipe {recipe_name!r}")
    if recipe.label_source == "listed":
        listed = listed_sources(catalog)
        if listed and (unlisted := [name for name in used if name not in listed]):
            raise ConfigError(
                f"recipe {recipe_name!r}: no released list speaks of {', '.join(unlisted)}; "
                "name the sources that the recipe is to use, or choose another label_source for a recipe of these"
            )
        return
    unserved = [name for name in used if formats[name] not in recipe.teachers]
    if unserved:
        raise ConfigError(
            f"recipe {recipe_name!r}: no teacher scores {', '.join(unserved)}; add one to `teachers` "
            "(images need a 2D network), or name the sources that the recipe is to use"
        )


def _fingerprints(folder: Path) -> dict[str, str]:
    return {path.stem: content_key(path).hex() for path in sorted(folder.glob("*.arrow"))}
