"""`flow` and `fuse`: optical flow is measured, and an RGB and a flow stream become one (paper 5.2)."""

from typing import Annotated, Literal

import typer

from omnisource.commands.options import HERE, AsJson, Redo, Where, counted, print_json
from omnisource.workspace import Workspace


def flow(
    workspace: Where = HERE,
    only: Annotated[
        Literal["target", "web"] | None, typer.Option(help="target: labelled clips; web: valid web videos.")
    ] = None,
    method: Annotated[
        Literal["dis", "raft"] | None, typer.Option(help="dis: OpenCV, for a CPU; raft: a network. Kept in study.yaml.")
    ] = None,
    redo: Redo = False,
    as_json: AsJson = False,
) -> None:
    """Measure the optical flow of all videos, for networks with `format: flow`; goes on where it stopped.

    Example: `omnisource flow -w work --only target`
    """
    from dataclasses import asdict

    from omnisource.pipeline import flow_extraction

    opened = Workspace(workspace)
    if method is not None:
        flow_extraction.choose_method(opened, method)
    done = flow_extraction.extract(opened, only=only, redo=redo)
    if as_json:
        print_json(asdict(done))
        return
    of_new = f"flow {done.name}: {done.num_new} new videos, {done.num_videos} in all"
    print(f"{of_new}; dropped: {counted(done.dropped) or 'none'}")


def fuse(
    rgb_run: Annotated[str, typer.Argument(help="Run.")],
    flow_run: Annotated[str, typer.Argument(help="Run that sees flow; any two runs can be fused.")],
    workspace: Where = HERE,
    weight: Annotated[float, typer.Option(help="Of the flow run, 0 to 1; 0.6 is TSN's 1:1.5.")] = 0.5,
    space: Annotated[
        Literal["probs", "logits"], typer.Option(help="What is averaged: probabilities, or their logarithms as TSN.")
    ] = "probs",
    sweep: Annotated[bool, typer.Option("--sweep", help="Try weights from 0 to 1 and keep nothing.")] = False,
    as_json: AsJson = False,
) -> None:
    """Average what an RGB run and a flow run say of each clip; the result is a run that `compare` takes.

    Example: `omnisource fuse tsn-default flow-baseline -w work --weight 0.6`
    """
    from dataclasses import asdict

    from omnisource.console import print_results
    from omnisource.pipeline import fusing

    opened = Workspace(workspace)
    if sweep:
        points = fusing.sweep_runs(opened, rgb_run, flow_run, space)
        if as_json:
            print_json([asdict(point) for point in points])
            return
        for point in points:
            print(f"weight {point.weight:.1f}: top-1 {point.top1:.1%}, top-5 {point.top5:.1%}")
        print("a weight that was chosen on these clips flatters the result on them")
        return
    fused = fusing.fuse_runs(opened, rgb_run, flow_run, weight, space)
    if as_json:
        print_json(asdict(fused))
        return
    print_results(fused.results)
    left_out = {rgb_run: fused.num_only_first, flow_run: fused.num_only_second}
    for run, count in left_out.items():
        if count:
            print(f"{count} clips were left out: only {run} could read them")
    print(f"{fused.run}: weight {weight:g} of {flow_run}")
