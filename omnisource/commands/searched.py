"""`add-search`: a search engine, an open API, a site, a list or a finished crawl becomes a source of the study."""

from pathlib import Path
from typing import Annotated

import typer
import yaml

from omnisource import config
from omnisource.commands.options import HERE, AsJson, Where, print_json
from omnisource.errors import ConfigError
from omnisource.types import Format
from omnisource.workspace import Workspace


def add_search(
    name: Annotated[str, typer.Option(help="What to call the source, such as google_image.")],
    format: Annotated[Format, typer.Option(help="What it gives.")],
    engine: Annotated[
        str,
        typer.Option(
            help="google, bing, youtube, openverse, commons, flickr, page, urls (a list) or crawl (finished)."
        ),
    ],
    endpoint: Annotated[
        str | None, typer.Option(help="Address of the engine; for page with {query}, {page}, {after}, {before}.")
    ] = None,
    path: Annotated[Path | None, typer.Option(help="Of urls: the list; of crawl: its folder.")] = None,
    after: Annotated[str | None, typer.Option(help="First day of the first date window, like 2013-01-01.")] = None,
    before: Annotated[str | None, typer.Option(help="Day after the last date window; default: today.")] = None,
    text: Annotated[str, typer.Option(help="query: the class name; tag: 3-4 tags for each class.")] = "query",
    settings: Annotated[
        list[str] | None, typer.Option("--set", help="KEY=VALUE of its search, like window_days=90 or section_s=10")
    ] = None,
    replace: Annotated[bool, typer.Option("--replace", help="Change the settings of the source of this name.")] = False,
    workspace: Where = HERE,
    as_json: AsJson = False,
) -> None:
    """Add a source that is searched for the classes; `omnisource queries`, then `omnisource collect` search it.

    Example: `omnisource add-search --name google_image --format image --engine google --after 2013-01-01 -w work`
    """
    from omnisource.pipeline import collecting, searched_sources

    given = {"endpoint": endpoint, "path": path and path.resolve(), "published_after": after}
    given |= {"published_before": before}
    search = {"engine": engine, "text": text} | {key: value for key, value in given.items() if value is not None}
    values = {"name": name, "format": format, "search": search | _parsed(settings or [])}
    source = config.parse(config.SourceConfig, values, where="add-search")
    opened = Workspace(workspace)
    collecting.collect_target(opened)  # the classes that are searched for
    added = searched_sources.register_search(opened, source, replace=replace)
    if as_json:
        print_json({"source": source.model_dump(mode="json"), "notes": added.notes})
    else:
        print("\n".join([f"{name}: {format} by {engine}; settings in study.yaml", *added.notes]))


def _parsed(settings: list[str]) -> dict[str, object]:
    """KEY=VALUE pairs; values are YAML. Raises ConfigError."""
    values: dict[str, object] = {}
    for setting in settings:
        key, equals, value = setting.partition("=")
        if not equals:
            raise ConfigError(f"{setting!r} is not KEY=VALUE; for example window_days=90")
        try:
            values[key.strip()] = yaml.safe_load(value)
        except yaml.YAMLError as error:
            raise ConfigError(f"{value!r} in {setting!r} is not YAML: {error}") from None
    return values
