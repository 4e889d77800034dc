"""`presets`: the published protocols, with the paper's numbers beside each."""

import re
from typing import Annotated

import typer

from omnisource import presets as published
from omnisource.commands.options import AsJson, print_json
from omnisource.settings import dump

_RESOLVED = {"target", "networks", "student", "teachers", "recipes", "train"}
"""Settings that a preset is about; the rest has to do with the machine and the data."""


def presets(
    name: Annotated[str | None, typer.Argument(help="One preset; default: all of them, in a table.")] = None,
    as_json: AsJson = False,
) -> None:
    """List the published protocols with the paper's numbers, or show one with all its settings.

    Example: `omnisource presets slowonly-r50-4x16-scratch-omnisource`
    """
    if name is None:
        listed = sorted((published.load(known) for known in published.names()), key=_place)
        if as_json:
            print_json([_summary(preset) for preset in listed])
        else:
            _print_table(listed)
        return
    preset = published.load(name)
    if as_json:
        print_json(_summary(preset) | _details(preset))
    else:
        _print_one(preset)


def _place(preset: published.Preset) -> tuple[int, str]:
    """In the order of the paper's tables, what is no table of the paper last."""
    number = re.search(r"\d+", preset.file.table)
    return int(number.group()) if number else 99, preset.name


def _summary(preset: published.Preset) -> dict[str, object]:
    file, model = preset.file, preset.network.model
    return {
        "name": preset.name,
        "title": file.title,
        "table": file.table,
        "arch": model.arch,
        "backbone": model.backbone,
        "input": _input_of(preset),
        "pretrained": model.pretrained,
        "sources": [source.name for source in file.sources],
        "numbers": [row.model_dump(mode="json", exclude_none=True) for row in file.numbers],
        "baseline": file.baseline,
        "gains": published.gains(preset),
    }


def _details(preset: published.Preset) -> dict[str, object]:
    file = preset.file
    return {
        "expected_sources": [source.model_dump(mode="json") for source in file.sources],
        "notes": file.notes,
        "settings": file.study,
        "resolved": preset.study.model_dump(mode="json", include=_RESOLVED),
        "next": published.next_steps(preset, "WORK"),
    }


def _print_table(listed: list[published.Preset]) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table

    table = Table(title="Published protocols", title_justify="left", box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for column in ("published", "gain"):
        table.add_column(column, justify="right", no_wrap=True)
    table.add_column("preset")
    for preset in listed:
        table.add_row(
            "\n".join(_published(row) for row in preset.file.numbers) or "-",
            "\n".join(f"{gain:+.4g}" for gain in published.gains(preset).values()),
            f"[bold]{preset.name}[/]\n{preset.file.table}: {preset.file.title}",
        )
    console = Console()
    console.print(table)
    console.print("top-1 / top-5 or mAP in percent; gain: points of top-1 over the preset without web data")
    console.print("`omnisource presets NAME` shows one; `omnisource init WORK --target FOLDER --preset NAME` starts it")


def _print_one(preset: published.Preset) -> None:
    from rich.console import Console

    console = Console(highlight=False, soft_wrap=True)
    console.print(f"# {preset.name}.yaml", style="bold")
    console.print(published.text(preset.name), markup=False)
    if preset.file.notes:
        console.print("# notes", style="bold")
        for note in preset.file.notes:
            console.print(f"- {note}", markup=False)
        console.print()
    console.print("# all settings, with what follows from the kind of network", style="bold")
    console.print(dump(preset.study.model_dump(mode="json", include=_RESOLVED)), markup=False)
    console.print("# next", style="bold")
    start = f"omnisource init WORK --target FOLDER --preset {preset.name}"
    console.print("\n".join([start, *published.next_steps(preset, "WORK")]), markup=False)


def _input_of(preset: published.Preset) -> str:
    """As the paper writes it: 3seg, or 4x16 for frames a clip and the interval between them."""
    model = preset.network.model
    seen = f"{model.num_snippets}seg" if model.dims == 2 else f"{model.clip_len}x{model.frame_interval}"
    return seen if model.format == "rgb" else f"{seen} {model.format}"


def _published(row: published.Measured) -> str:
    second = next((f" / {value}" for value in (row.top5, row.mean_ap) if value is not None), "")
    return f"{row.top1}{second}" + (f" + {row.fused_with}" if row.fused_with else "")
