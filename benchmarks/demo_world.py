"""What each source of web data adds on the demo world, over several seeds (as the paper's Table 2 and section 5.2).

    python benchmarks/demo_world.py FOLDER --seeds 3 --dims 2

A seed makes a world of its own and seeds the training on it. Every stage is the product's own; a run that was
interrupted goes on. Prints a Markdown table: mean top-1 of the validation clips, and the spread over the seeds.
"""

import argparse
import json
from pathlib import Path

import numpy as np

from omnisource import config
from omnisource.pipeline import demonstration, stages
from omnisource.pipeline.comparing import results
from omnisource.pipeline.networks import baseline_name, run_name
from omnisource.workspace import Workspace

ROWS = {
    "baseline": "labelled clips alone (the teacher)",
    "unfiltered": "+ all web data as found",
    "images": "+ filtered web images",
    "clips": "+ filtered web clips",
    "videos": "+ filtered long videos",
    "omnisource": "+ all, filtered",
}
ONE_SOURCE = {"images": "web_image", "clips": "web_clip", "videos": "web_video"}


def main() -> None:
    """Train what is missing, print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--first-seed", type=int, default=1, help="0 is the world that was looked at while drawing it")
    parser.add_argument("--dims", type=int, choices=(2, 3), default=2)
    arguments = parser.parse_args()
    measured: dict[str, list[float]] = {row: [] for row in ROWS}
    for seed in range(arguments.first_seed, arguments.first_seed + arguments.seeds):
        workspace = prepare(arguments.folder / f"seed-{seed}", seed, arguments.dims)
        recipes = tuple(row for row in ROWS if row != "baseline")
        stages.run(workspace, stages.Options(recipes=recipes), lambda line: print(line, flush=True))
        student, found = workspace.study().student, results(workspace)
        for row in ROWS:
            run = baseline_name(student) if row == "baseline" else run_name(student, row)
            measured[row].append(found[run].top1)
        for grade in demonstration.grade(workspace, arguments.folder / f"seed-{seed}" / "world", recipes):
            print(json.dumps(grade), flush=True)
        print_table(measured, arguments.dims)


def prepare(folder: Path, seed: int, dims: int) -> Workspace:
    """The demo's workspace, and a recipe per source: what the whole recipe keeps of it."""
    workspace = demonstration.build(folder, seed=seed, dims=dims, say=print)
    whole = workspace.study().recipes["omnisource"]
    (workspace.root / "recipes").mkdir(exist_ok=True)
    for name, source in ONE_SOURCE.items():
        recipe = whole.model_copy(update={"sources": (source,)})
        config.save(recipe, workspace.root / "recipes" / f"{name}.yaml")
    return workspace


def print_table(measured: dict[str, list[float]], dims: int) -> None:
    """Mean and spread, and each seed."""
    num_seeds = len(measured["baseline"])
    print(
        f"\n| {'TSN (2D)' if dims == 2 else 'SlowOnly (3D)'} student, {num_seeds} seeds | top-1 | change | each seed |"
    )
    print("|---|--:|--:|---|")
    for row, values in measured.items():
        change = np.mean(values) - np.mean(measured["baseline"])
        spread = np.std(values, ddof=1) if num_seeds > 1 else 0.0
        each = ", ".join(f"{value:.1%}" for value in values)
        print(f"| {ROWS[row]} | {np.mean(values):.1%} ± {spread:.1%} | {change:+.1%} | {each} |")
    print(flush=True)


if __name__ == "__main__":
    main()
