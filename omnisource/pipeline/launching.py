"""A run that somebody wants -> what it needs, draws and costs, and the command that starts it (paper 3.6).

Everything here is asked before anything is trained, of a study that may not be written yet; without torch.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from omnisource import config
from omnisource.errors import OmniSourceError, WorkspaceError
from omnisource.pipeline.balancing import plan_of
from omnisource.pipeline.measured import Estimate, costs_of, estimate, load_measurement
from omnisource.pipeline.recipes import resolve
from omnisource.pipeline.run_folders import changed_settings, run_state
from omnisource.pipeline.run_names import BASELINE, PHASES, run_names
from omnisource.pipeline.training_jobs import decisive_settings, finetuning_epochs, needs_motion, training_jobs
from omnisource.study_changes import Change
from omnisource.train.planning import DrawPlan
from omnisource.workspace import Workspace

PROCEDURES: tuple[config.Procedure, ...] = ("joint", "pretrain_finetune")


@dataclass(frozen=True, kw_only=True, slots=True)
class Launch:
    """A network that is trained with a recipe's examples, or alone."""

    network: str
    """Its name in the study."""
    recipe: str | None
    """Whose examples it learns from beside the labelled clips; None: the baseline, and teacher."""
    procedure: config.Procedure = "joint"
    """Both together, or web data first (Table 1)."""

    @property
    def runs(self) -> tuple[str, ...]:
        """The runs that it consists of, in their order."""
        return run_names(self.network, self.recipe, self.procedure)

    @property
    def title(self) -> str:
        """For the queue."""
        return f"Train {self.runs[-1]}"

    def train_arguments(self, root: Path, *, redo: bool = False) -> list[str]:
        """What `omnisource` is called with to train it."""
        again = ["--redo"] if redo else []
        if self.recipe is None:
            return ["teach", "-w", str(root), "--network", self.network, *again]
        return ["train", "-w", str(root), *self._chosen, *again]

    def measure_arguments(self, root: Path) -> list[str]:
        """What `omnisource` is called with to find out what it would cost."""
        return ["measure", "-w", str(root), *self._chosen]

    @property
    def _chosen(self) -> list[str]:
        recipe = [] if self.recipe is None else ["--recipe", self.recipe]
        return [*recipe, "--network", self.network, "--procedure", self.procedure]


@dataclass(frozen=True, kw_only=True, slots=True)
class Missing:
    """A stage that has to run first."""

    text: str
    """What is not there, for a person."""
    title: str
    """What the stage does."""
    arguments: tuple[str, ...]
    """What `omnisource` is called with."""
    needs_device: bool
    """Whether it trains or scores."""
    is_needed: bool = True
    """False: training could begin, but with examples of an older recipe."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PlannedRun:
    """One of the runs, beside what its folder holds already."""

    name: str
    """Of the run."""
    state: str
    """new, running, stopped, interrupted or done."""
    changes: tuple[Change, ...]
    """What it was made with otherwise; training refuses to go on with it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Check:
    """What is known of a launch before it."""

    missing: tuple[Missing, ...]
    """Stages that have to run first."""
    troubles: tuple[str, ...]
    """What a person has to put right, as training would say it."""
    plan: DrawPlan | None
    """What an epoch draws; None while that cannot be said."""
    total_updates: int
    """Of all its runs."""
    runs: tuple[PlannedRun, ...]
    """In their order; a run that starts from another one's weights is only known when that is done."""
    estimate: Estimate | None
    """What it costs; None before it was measured."""

    @property
    def is_running(self) -> bool:
        """Whether one of its runs is being trained."""
        return any(run.state == "running" for run in self.runs)

    @property
    def is_done(self) -> bool:
        """Whether there is nothing to train, unless it is made anew."""
        return bool(self.runs) and all(run.state == "done" for run in self.runs) and not self.conflicts

    @property
    def goes_on(self) -> bool:
        """Whether training goes on where it was stopped."""
        return not self.is_done and any(run.state != "new" for run in self.runs)

    @property
    def conflicts(self) -> tuple[PlannedRun, ...]:
        """Runs that were made with other settings."""
        return tuple(run for run in self.runs if run.changes)

    def can_start(self, *, redo: bool) -> bool:
        """Whether training would begin."""
        is_hindered = self.troubles or self.is_running or any(one.is_needed for one in self.missing)
        return not is_hindered and (redo or not (self.conflicts or self.is_done))


def check(workspace: Workspace, study: config.Study, launch: Launch) -> Check:
    """Everything about a launch that can be known without training, with the settings of `study`."""
    missing: list[Missing] = []
    runs: list[PlannedRun] = []
    plan, found, troubles = None, None, []
    try:
        missing += _missing(workspace, study, launch)
        if not any(one.is_needed for one in missing):
            plan = _plan(workspace, study, launch)
            found = estimate_of(workspace, study, launch)
            runs += _runs(workspace, study, launch)
    except OmniSourceError as error:
        troubles.append(str(error))
    return Check(
        missing=tuple(missing),
        troubles=tuple(troubles),
        plan=plan,
        total_updates=_total_updates(study, launch, plan) if plan else 0,
        runs=tuple(runs),
        estimate=found,
    )


def estimate_of(workspace: Workspace, study: config.Study, launch: Launch) -> Estimate | None:
    """What the whole of it costs by the last measurement; None before there was one."""
    measurement = load_measurement(workspace, launch.runs[0])
    if measurement is None:
        return None
    return estimate(
        measurement,
        costs_of(workspace, study, launch.network, launch.recipe),
        total_updates=_total_updates(study, launch, _plan(workspace, study, launch)),
        keep_checkpoints=study.train.keep_checkpoints,
    )


def launch_of(run: str, networks: Sequence[str], recipes: Sequence[str]) -> Launch:
    """Which launch a run belongs to, by its name; a network that is gone keeps the name it had."""
    for network in networks:
        for recipe in (None, *recipes):
            for procedure in PROCEDURES if recipe else PROCEDURES[:1]:
                launch = Launch(network=network, recipe=recipe, procedure=procedure)
                if run in launch.runs:
                    return launch
    stem = run
    for phase in PHASES:
        stem = stem.removesuffix(f".{phase}")
    network, dash, recipe = stem.rpartition("-")
    if not dash or recipe == BASELINE:
        return Launch(network=network or run, recipe=None)
    return Launch(network=network, recipe=recipe, procedure=PROCEDURES[0] if stem == run else PROCEDURES[1])


def _plan(workspace: Workspace, study: config.Study, launch: Launch) -> DrawPlan:
    return plan_of(workspace, study.networks[launch.network].optim, launch.recipe, study.train.joint)


def _missing(workspace: Workspace, study: config.Study, launch: Launch) -> Iterator[Missing]:
    """Stages before training that have not run, or that ran with another recipe."""
    here, network = ("-w", str(workspace.root)), study.networks[launch.network]
    if not workspace.table("target").num_rows():
        text = "The labelled clips have not been read yet"
        read = ("run", *here, "--to", "target")
        yield Missing(text=text, title="Read the labelled clips", arguments=read, needs_device=False)
        return
    if network.model.format == "flow" and not workspace.table("flow").num_rows():
        text = "The network sees optical flow, which has not been measured yet"
        yield Missing(text=text, title="Measure the flow", arguments=("flow", *here), needs_device=True)
    if launch.recipe is None:
        return
    yield from _missing_examples(workspace, study, launch.recipe)
    drawn = workspace.auxiliary(launch.recipe)
    formats = {source.format for source in study.sources if (drawn / f"{source.name}.arrow").is_file()}
    if needs_motion(network, study.train, formats) and not workspace.motion_path.is_file():
        text = "Pictures become moving clips here, but the camera motion has not been fitted yet"
        yield Missing(text=text, title="Fit the camera motion", arguments=("motion", *here), needs_device=False)


def _missing_examples(workspace: Workspace, study: config.Study, recipe: str) -> Iterator[Missing]:
    folder = workspace.auxiliary(recipe)
    apply = ("label", "-w", str(workspace.root), "--recipe", recipe)
    if not (folder / "done.json").is_file():
        every = ("run", "-w", str(workspace.root), "--to", "label", "--recipe", recipe)
        text = f"The recipe {recipe} has no examples yet"
        yield Missing(text=text, title="Run the stages up to the labels", arguments=every, needs_device=True)
    elif config.load_recipe(folder / "recipe.yaml") != resolve(workspace.recipe(recipe), study):
        text = f"The recipe {recipe} was changed after its examples were chosen"
        yield Missing(text=text, title="Apply the recipe", arguments=apply, needs_device=False, is_needed=False)


def _runs(workspace: Workspace, study: config.Study, launch: Launch) -> Iterator[PlannedRun]:
    """Every run that can be known now."""
    jobs = training_jobs(workspace, study, launch.network, launch.recipe, launch.procedure)
    for name in launch.runs:
        folder = workspace.run(name)
        try:
            changes = changed_settings(folder, decisive_settings(study, next(jobs)))
        except WorkspaceError:
            if name == launch.runs[0]:
                raise
            changes = []  # it starts from weights that are not there yet
        yield PlannedRun(name=name, state=run_state(folder), changes=tuple(changes))


def _total_updates(study: config.Study, launch: Launch, plan: DrawPlan) -> int:
    network = study.networks[launch.network]
    finetuned = finetuning_epochs(network, study.train.finetune) if launch.procedure == "pretrain_finetune" else 0
    return plan.updates_per_epoch * (network.optim.epochs + finetuned)
