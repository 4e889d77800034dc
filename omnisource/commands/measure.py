"""`measure`: what training would cost on this machine, before it is started."""

from typing import Annotated

import typer

from omnisource.commands.options import HERE, AsJson, HowTrained, Where, print_json
from omnisource.workspace import Workspace


def measure(
    workspace: Where = HERE,
    recipe: Annotated[
        str | None, typer.Option("--recipe", "-r", help="A recipe's name; default: the labelled clips alone.")
    ] = None,
    network: Annotated[str | None, typer.Option(help="Network to try; default: the study's student.")] = None,
    procedure: HowTrained = "joint",
    updates: Annotated[int, typer.Option(min=1, help="Updates that are timed, after the first ones.")] = 12,
    as_json: AsJson = False,
) -> None:
    """Train a few updates on real data, forget them, and say what the whole run would cost.

    Example: `omnisource measure -w work -r omnisource --json`
    """
    from dataclasses import asdict

    from omnisource.pipeline.launching import Launch, estimate_of
    from omnisource.pipeline.measuring import measure as run_measurement

    opened = Workspace(workspace)
    launch = Launch(network=network or opened.study().student, recipe=recipe, procedure=procedure)
    run_measurement(opened, launch.network, recipe, procedure=procedure, num_updates=updates)
    found = estimate_of(opened, opened.study(), launch)
    if as_json:
        print_json(asdict(found))
        return
    cost = found.measurement
    print(
        f"{cost.run} on {cost.device}: {cost.seconds_per_update:.3g} s an update, {cost.data_seconds:.3g} s of it "
        f"waiting for data; about {found.seconds / 3600:.3g} h in all, {cost.memory_bytes / 2**30:.3g} GiB of memory"
    )
