"""`models`: the released recognisers and starting weights, by name; fetch them, look into a file of weights."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from omnisource.commands.options import AsJson, print_json
from omnisource.errors import ConfigError

if TYPE_CHECKING:
    from omnisource.models.loading import Examination
    from omnisource.models.released_models import ReleasedFile, ReleasedModel, Start

    Entry = ReleasedModel | Start | ReleasedFile


def models(
    name: Annotated[str | None, typer.Argument(help="A model: show what is known of it.")] = None,
    fetch: Annotated[bool, typer.Option("--fetch", help="Download its file, going on where it stopped.")] = False,
    check: Annotated[Path | None, typer.Option(help="A file of weights: say what it is and whether it loads.")] = None,
    cache: Annotated[Path | None, typer.Option(help="Folder of downloaded files; default: torch's own.")] = None,
    as_json: AsJson = False,
) -> None:
    """List the released models, with their published accuracy; show, fetch or check one.

    Example: `omnisource models slowonly-r50-4x16-k400-omnisource --fetch`
    """
    if check is not None:
        if name is not None or fetch:
            raise ConfigError("--check looks into a file and goes with no model and no --fetch; leave one out")
        _check(check, as_json)
    elif name is None:
        if fetch:
            raise ConfigError("--fetch needs the name of a model; `omnisource models` lists them")
        _list(cache, as_json)
    else:
        _show(name, cache, fetch=fetch, as_json=as_json)


def _list(cache: Path | None, as_json: bool) -> None:
    from omnisource.models import released_models as released

    entries = (*released.released_models(), *released.starts(), *released.released_files())
    if as_json:
        print_json([_document(entry, cache) for entry in entries])
        return
    from omnisource.commands.model_tables import print_files, print_models, print_starts

    print_models([(model, released.cached_path(model, cache)) for model in released.released_models()])
    print_starts([(start, released.cached_path(start, cache)) for start in released.starts()])
    print_files([(file, released.cached_path(file, cache)) for file in released.released_files()])


def _show(name: str, cache: Path | None, *, fetch: bool, as_json: bool) -> None:
    from omnisource.commands.model_tables import fetching, print_details
    from omnisource.models import released_models as released

    entry = released.find(name)
    if fetch:
        with fetching(entry.name) as progress:
            released.fetch(entry, cache, progress=progress)
    document = _document(entry, cache)
    if as_json:
        print_json(document)
    else:
        print_details(document)


def _check(path: Path, as_json: bool) -> None:
    from omnisource.commands.model_tables import print_details
    from omnisource.models.loading import examine

    document = _examined(path, examine(path))
    if as_json:
        print_json(document)
    else:
        print_details(document)


def _document(entry: "Entry", cache: Path | None) -> dict[str, object]:
    """What is known of an entry, as plain values; what is unknown is left out."""
    from dataclasses import asdict

    from omnisource.models import released_models as released
    from omnisource.models.downloads import sha256_prefix_of

    known = asdict(entry)
    path = released.path_of(entry, cache)
    if isinstance(entry, released.ReleasedModel):
        network = known.pop("network")
        known["auxiliary"] = released.AUXILIARY[entry.auxiliary] or None
        known |= {"kind": "recogniser", "with_omnisource": entry.with_omnisource}
        known["key_names"] = entry.layout
        known["model"] = network.model.model_dump(mode="json", exclude_unset=True)
        known["test"] = network.test.model_dump(mode="json")
        known["usage"] = [f"pretrained: {entry.name}", f"omnisource predict VIDEO --network {entry.name}"]
    elif isinstance(entry, released.Start):
        known |= {"kind": "start", "usage": [f"pretrained: {(*entry.aliases, entry.name)[0]}"]}
    else:
        known |= {"kind": "file"}
    if path is not None:
        known |= {"sha256_prefix": sha256_prefix_of(entry.url), "path": str(path), "here": path.is_file()}
    return {key: value for key, value in known.items() if value not in (None, (), [])}


def _examined(path: Path, found: "Examination") -> dict[str, object]:
    document: dict[str, object] = {
        "file": str(path),
        "looks_like": found.looks or "nothing that is known",
        "tensors": found.num_tensors,
    }
    usage = []
    if (recogniser := found.recogniser) is not None:
        document["recognises"] = f"{recogniser.num_classes} classes"
        document["tested_as"] = recogniser.like or "its settings say"
        usage.append(f"omnisource predict VIDEO --network {path}")
    document["starts"] = list(found.starts)
    if found.starts:
        usage.append(f"pretrained: {path}")
    else:
        document["hint"] = "perhaps a torchvision or own backbone with these names can start from it"
    return document | ({"usage": usage} if usage else {})
