"""Balance: how often each class and each sample is drawn in training, before it is trained."""

import shlex
from collections.abc import Sequence

import numpy as np
import streamlit as st

from app import shared
from app.job_line import job_line, stages_line
from app.mixture_controls import mixture_controls, reset
from app.mixture_numbers import show_classes, show_sources, show_warnings
from omnisource.browsing import applied_recipes, scoring_teachers
from omnisource.config import JointConfig, Study
from omnisource.errors import OmniSourceError
from omnisource.figures.balance import distribution_figure, reads_figure
from omnisource.pipeline.balancing import example_counts, target_counts
from omnisource.study_changes import Change, changes_between
from omnisource.train.planning import plan_draws
from omnisource.workspace import Workspace

workspace = shared.open_workspace()


@st.cache_data(max_entries=64, show_spinner=False)
def counts_of(
    root: str, recipe: str, applied_ns: int, merged: str, _workspace: Workspace, _joint: JointConfig
) -> dict[str, np.ndarray]:
    return example_counts(_workspace, recipe, _joint)


@st.cache_data(max_entries=16, show_spinner=False)
def target_of(root: str, parts: tuple[str, ...], _workspace: Workspace) -> np.ndarray:
    return target_counts(_workspace)


def choose_recipe() -> str:
    """One of the recipes, applied or not."""
    applied = applied_recipes(workspace)
    names = [*applied, *(name for name in workspace.recipes() if name not in applied)]
    return st.selectbox("Recipe", names, key="balance_recipe", bind="query-params", width=220)


def choose_network(study: Study) -> str:
    """One of the networks, the student first."""
    names = [study.student, *(name for name in study.networks if name != study.student)]
    return st.selectbox("Network", names, key="balance_network", bind="query-params", width=220)


def colours_of(study: Study) -> dict[str, str]:
    """A mixture has the colour of its first source."""
    known = shared.source_colours(workspace)
    return known | {name: known.get(members[0], "") for name, members in study.train.joint.merged.items() if members}


def save(settings: Sequence[str]) -> None:
    """Write what the controls say into study.yaml; for the button."""
    try:
        shared.save_settings(workspace, settings, what="Saved the mixture of training")
    except OmniSourceError as error:
        st.toast(shared.plain(str(error)), icon=":material/error:")


def show_changes(joint: JointConfig, changes: list[Change], drawn: Sequence[str]) -> None:
    """What would be saved, and the button that does."""
    settings = [change.as_setting for change in changes]
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            "Save",
            icon=":material/save:",
            type="primary",
            disabled=not changes,
            key="balance_save",
            on_click=save,
            args=(settings,),
        )
        st.button(
            "Reset",
            icon=":material/restart_alt:",
            disabled=not changes,
            key="balance_reset",
            on_click=reset,
            args=(joint, drawn),
        )
        shared.copy_as(command=as_command(settings), cell=as_cell(settings), key="balance_copy")
        if changes:
            listed = "; ".join(shared.plain(change.as_sentence.removeprefix("train.joint.")) for change in changes)
            st.caption(f"Not saved: {listed}. Finished runs keep their settings until they are trained with --redo.")
        else:
            st.caption("As in study.yaml.")


def as_command(settings: Sequence[str]) -> str:
    lines = [f"omnisource plan -r {shlex.quote(recipe)} --network {shlex.quote(network)}"]
    lines += [f"  --set {shlex.quote(setting)}" for setting in settings]
    plan = " \\\n".join([*lines, f"  {shared.shell_quoted(workspace)}"])
    if not settings:
        return plan
    quoted = " ".join(shlex.quote(setting) for setting in settings)
    return f"{plan}\n# and to keep them:\nomnisource set {quoted} {shared.shell_quoted(workspace)}"


def as_cell(settings: Sequence[str]) -> str:
    return "\n".join(
        [
            "from pathlib import Path",
            "from omnisource.config import override",
            "from omnisource.pipeline.balancing import plan_run",
            "from omnisource.workspace import Workspace",
            "",
            f"workspace = Workspace(Path({str(workspace.root)!r}))",
            f"study = override(workspace.study(), {list(settings)!r})",
            f"plan = plan_run(workspace, {network!r}, {recipe!r}, study.train.joint)",
            "{one.source: (one.draws_per_epoch, one.mean_reads) for one in plan.sources}",
        ]
    )


st.title("Balance")
st.caption("How often each class and each sample is drawn in training. Nothing is trained here, and nothing is random.")
study = workspace.study()
with st.container(horizontal=True, vertical_alignment="bottom"):
    recipe = choose_recipe()
    network = choose_network(study)
try:
    names = workspace.taxonomy().names
    target = target_of(str(workspace.root), tuple(p.name for p in workspace.table("target").parts()), workspace)
except OmniSourceError as error:
    shared.empty("No labelled clips yet", shared.sentence(error), icon="label_off")
    st.page_link("views/overview.py", label="Go to the overview", icon=":material/home:")
    st.stop()
if recipe not in applied_recipes(workspace):
    shared.empty(
        f"Recipe {shared.plain(recipe)} has not been applied yet",
        "Applying it chooses the web data that training draws from; it takes seconds and can be repeated.",
        icon="filter_alt",
    )
    if not scoring_teachers(workspace) and workspace.recipe(recipe).label_source != "listed":
        stages_line(workspace, "label", title="Run the stages up to the labels", key="balance_stages", recipe=recipe)
        st.page_link("views/overview.py", label="Go to the overview", icon=":material/home:")
        st.stop()
    label_it = ["label", "-w", str(workspace.root), "--recipe", recipe]
    job_line(
        workspace,
        label_it,
        title="Apply the recipe",
        needs_device=False,
        key="balance_label",
        icon=":material/filter_alt:",
    )
    st.stop()
joint = study.train.joint
try:
    applied = (workspace.auxiliary(recipe) / "done.json").stat().st_mtime_ns
    counts = counts_of(str(workspace.root), recipe, applied, repr(joint.merged), workspace, joint)
except (OmniSourceError, FileNotFoundError) as error:
    st.error(shared.plain(str(error)), icon=":material/error:")
    st.stop()
if not any(by_class.any() for by_class in counts.values()):
    shared.empty(
        "The recipe keeps nothing", "Lower its confidence on the page Thresholds; its student would be the baseline."
    )
    st.page_link("views/thresholds.py", label="Go to the thresholds", icon=":material/tune:")
    st.stop()
with st.container(border=True):
    wanted = mixture_controls(joint, tuple(counts))
    show_changes(joint, changes_between(joint, wanted, where="train.joint"), tuple(counts))
optim = study.networks[network].optim
try:
    plan = plan_draws(counts, wanted, num_target=int(target.sum()), batch_size=optim.batch_size, epochs=optim.epochs)
except OmniSourceError as error:
    st.error(shared.plain(str(error)), icon=":material/error:")
    st.stop()
show_warnings(plan, names)
show_sources(plan, colours_of(study))
st.subheader("Classes: what there is, and what is drawn")
st.plotly_chart(
    distribution_figure(plan, target, names, colours_of(study)),
    key="balance_distribution",
    alt="Share of each class among the examples, the draws and the labelled clips, by source",
    config={"displayModeBar": False},
)
st.subheader("How often one example is read")
st.plotly_chart(
    reads_figure(plan, target, names, colours_of(study)),
    key="balance_reads",
    alt="Reads per example and epoch of each class, by source; dotted: once, as a labelled clip",
    config={"displayModeBar": False},
)
show_classes(workspace, recipe, plan, target, names)
