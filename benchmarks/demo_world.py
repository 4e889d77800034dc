"""What each source of web data adds on the demo world, over several seeds (as the paper's Table 2 and section 5.2).

    python benchmarks/demo_world.py FOLDER --seeds 3 --dims 2

A seed makes a world of its own and seeds the training on it. Every stage is the product's own; a run that was
interrupted goes on. Prints a Markdown table: mean top-1 of the validation clips, and the spread over the seeds.
"""

import argparse
import json
from pathlib import Path

import numpy as np

from omnisource.pipeline import demonstration
from omnisource.pipeline.comparing import results
from omnisource.pipeline.run_names import baseline_name, run_name
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
    seeds = range(arguments.first_seed, arguments.first_seed + arguments.seeds)
    measured: dict[str, dict[int, float]] = {row: {} for row in ROWS}
    for recipes in (("unfiltered", "omnisource"), tuple(ONE_SOURCE)):  # what matters most first
        for seed in seeds:
            folder = arguments.folder / f"seed-{seed}"
            workspace = prepare(folder, seed, arguments.dims)
            demonstration.run_stages(workspace, folder, recipes, say=lambda line: print(line, flush=True))
            student, found = workspace.study().student, results(workspace)
            for row in ("baseline", *recipes):
                run = baseline_name(student) if row == "baseline" else run_name(student, row)
                measured[row][seed] = found[run].top1
            for grade in demonstration.grade(workspace, folder / "world", recipes):
                print(json.dumps(grade), flush=True)
            print_table(measured, arguments.dims)


def prepare(folder: Path, seed: int, dims: int) -> Workspace:
    """The demo's workspace, and a recipe per source: what the whole recipe keeps of it."""
    workspace = demonstration.build(folder, seed=seed, dims=dims, say=print)
    whole = workspace.study().recipes["omnisource"]
    for name, source in ONE_SOURCE.items():
        workspace.save_recipe(name, whole.model_copy(update={"sources": (source,)}))
    return workspace


def print_table(measured: dict[str, dict[int, float]], dims: int) -> None:
    """Mean and spread over the seeds that are done, the change on those seeds, and each seed."""
    baseline = measured["baseline"]
    print(f"\n| {'TSN (2D)' if dims == 2 else 'SlowOnly (3D)'} student | top-1 | change | seeds {[*baseline]} |")
    print("|---|--:|--:|---|")
    for row, by_seed in measured.items():
        values = list(by_seed.values())
        if not values:
            continue
        change = np.mean([value - baseline[seed] for seed, value in by_seed.items()])
        spread = f" ± {np.std(values, ddof=1):.1%}" if len(values) > 1 else ""
        each = ", ".join(f"{value:.1%}" for value in values)
        print(f"| {ROWS[row]} | {np.mean(values):.1%}{spread} | {change:+.1%} | {each} |")
    print(flush=True)


if __name__ == "__main__":
    main()
