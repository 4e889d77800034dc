"""What stands beside the form: what is missing, what will be drawn, what it costs, what changes, and the start."""

import shlex

import streamlit as st

from app import jobs_panel, shared
from app.browse_words import link
from app.job_line import job_line
from app.train_form import mistakes, reset
from app.train_words import size, span
from omnisource.config import Study
from omnisource.errors import OmniSourceError
from omnisource.filters import Stage
from omnisource.pipeline.drafting import Draft, changes, settings_of
from omnisource.pipeline.launching import Check, Estimate, Launch, Missing
from omnisource.study_changes import Change
from omnisource.workspace import Workspace

OLD_S = 7 * 86400.0
"""From this age on a measurement is said to be old."""


def panel(workspace: Workspace, study: Study, draft: Draft, launch: Launch, checked: Check) -> None:
    """Draw the whole panel; `study` is what study.yaml says now."""
    changed = changes(study, draft)
    with st.container(border=True):
        st.markdown("**Before it starts**")
        for one in checked.missing:
            _missing(workspace, one)
        for trouble in checked.troubles:
            st.error(shared.plain(trouble), icon=":material/error:")
        if checked.plan is not None:
            _draws(workspace, launch, checked)
            _costs(workspace, launch, checked, is_saved=not changed)
        _settings(workspace, study, draft, changed)
        _start(workspace, study, draft, launch, checked, changed)


def _missing(workspace: Workspace, one: Missing) -> None:
    show = st.warning if one.is_needed else st.info
    show(shared.plain(one.text), icon=":material/playlist_add_check:")
    key = f"train_missing_{one.arguments[0]}_{one.is_needed}"
    job_line(
        workspace,
        one.arguments,
        title=one.title,
        needs_device=one.needs_device,
        key=key,
        icon=":material/play_arrow:",
    )


def _draws(workspace: Workspace, launch: Launch, checked: Check) -> None:
    plan = checked.plan
    rows = [{"source": "target", "examples": plan.num_target, "drawn": plan.num_target, "reads": 1.0}]
    rows += [
        {"source": one.source, "examples": one.num_examples, "drawn": one.draws_per_epoch, "reads": one.mean_reads}
        for one in plan.sources
    ]
    st.dataframe(
        rows,
        hide_index=True,
        key="train_draws",
        alt="Examples of every source, and how often an epoch draws them",
        column_config={
            "source": "Source",
            "examples": st.column_config.NumberColumn("Examples", format="localized", width=76),
            "drawn": st.column_config.NumberColumn(
                "Drawn", format="localized", width=76, help="Examples that an epoch reads, on average."
            ),
            "reads": st.column_config.NumberColumn(
                "Reads", format="%.3g", width=62, help="How often an epoch reads one example."
            ),
        },
    )
    st.caption(
        f"Batches of {plan.batch_size} labelled clips: {plan.updates_per_epoch:,} updates an epoch, "
        f"{checked.total_updates:,} in all."
    )
    if not plan.sources:
        return
    if plan.overfitted:
        worst = plan.overfitted[0]
        st.warning(
            f"An epoch reads each example of {shared.plain(worst.source)} {worst.mean_reads:.3g} times, "
            "a labelled clip once: likely to over-fit (Fig. 8).",
            icon=":material/warning:",
        )
    with st.container(horizontal=True):
        here = {"workspace": str(workspace.root)}
        st.page_link(
            "views/browse.py",
            label="See these examples",
            icon=":material/grid_view:",
            query_params=link(stage=Stage.KEPT, recipe=launch.recipe) | here,
        )
        st.page_link(
            "views/balance.py",
            label="Balance them",
            icon=":material/balance:",
            query_params={"balance_recipe": launch.recipe} | here,
        )


def _costs(workspace: Workspace, launch: Launch, checked: Check, *, is_saved: bool) -> None:
    """Time and memory by the last measurement, and a new one."""
    found = checked.estimate
    if found is not None:
        _estimate(found)
    else:
        st.caption("Time and memory are not known yet: a few updates on real data tell them.")
    if not is_saved:
        st.caption(":material/speed: Save the settings to measure what they cost.")
        return
    job_line(
        workspace,
        launch.measure_arguments(workspace.root),
        title="Measure" if found is None else "Measure again",
        needs_device=True,
        key="train_measure",
        icon=":material/speed:",
        is_primary=False,
    )


def _estimate(found: Estimate) -> None:
    cost = found.measurement
    figures = {
        "Time": f"≈ {span(found.seconds)}",
        f"Memory, of {size(cost.memory_limit_bytes)}": size(cost.memory_bytes),
        "Checkpoints": size(found.disk_bytes),
    }
    with st.container(horizontal=True, gap="medium"):
        for title, value in figures.items():
            with st.container(width="content", gap=None):
                st.caption(title)
                st.markdown(f"**{value}**")
    wait = f", {cost.data_seconds:.2g} s of it waiting for data" if found.waits_for_data else ""
    st.caption(
        f"Measured {span(found.age_s)} ago on {shared.plain(cost.device)}: "
        f"{cost.seconds_per_update:.3g} s an update{wait}."
    )
    if found.is_tight:
        st.warning("This takes nearly all of the memory; a smaller batch is safer.", icon=":material/memory_alt:")
    if found.differences:
        st.warning(
            "Measured with other settings: " + shared.plain("; ".join(found.differences[:3])) + ".",
            icon=":material/history:",
        )
    elif found.age_s > OLD_S:
        st.caption(":material/history: The measurement is old; the machine may be busier now.")


def _settings(workspace: Workspace, study: Study, draft: Draft, changed: list[Change]) -> None:
    """What would be written to study.yaml, as a difference, and the buttons that write or forget it."""
    if draft.name != draft.network:
        st.caption(f":material/add: A new network {shared.plain(draft.name)}, made from {shared.plain(draft.network)}.")
    if changed:
        lines = [line for change in changed for line in change.as_difference]
        st.caption(f"{len(changed)} settings differ from study.yaml")
        st.code("\n".join(lines), language="diff", wrap_lines=True, height=min(40 + 24 * len(lines), 240))
    is_changed = bool(changed) or draft.name != draft.network
    with st.container(horizontal=True):
        st.button(
            "Save settings",
            icon=":material/save:",
            disabled=not is_changed or bool(mistakes()),
            key="train_save",
            on_click=_save,
            args=(workspace, study, draft),
        )
        st.button(
            "Reset",
            icon=":material/restart_alt:",
            disabled=not is_changed and not mistakes(),
            key="train_reset",
            on_click=reset,
            args=(workspace, draft),
        )


def _start(
    workspace: Workspace, study: Study, draft: Draft, launch: Launch, checked: Check, changed: list[Change]
) -> None:
    redo = _redo(checked)
    is_changed = bool(changed) or draft.name != draft.network
    word = "Train anew" if redo else "Go on" if checked.goes_on else "Start training"
    with st.container(horizontal=True):
        st.button(
            f"Save and {word[0].lower()}{word[1:]}" if is_changed else word,
            icon=":material/rocket_launch:",
            type="primary",
            disabled=bool(mistakes()) or not checked.can_start(redo=redo),
            key="train_start",
            on_click=_launch,
            args=(workspace, study, draft, launch, redo),
        )
        shared.copy_as(
            command=_command(workspace, study, draft, launch, redo),
            cell=_cell(workspace, study, draft, launch, redo),
            key="train_copy",
        )


def _redo(checked: Check) -> bool:
    """Says what the runs hold already; asks whether to make them anew."""
    if checked.is_running:
        st.info("It is being trained now; see Runs.", icon=":material/play_circle:")
        return False
    for run in checked.conflicts:
        first = shared.plain(run.changes[0].as_sentence)
        more = f" and {len(run.changes) - 1} more" if len(run.changes) > 1 else ""
        st.warning(
            f"{shared.plain(run.name)} was made with other settings ({first}{more}). Save the network under another "
            "name to keep both, or train it anew.",
            icon=":material/compare_arrows:",
        )
    if checked.is_done:
        st.info(
            f"{shared.plain(checked.runs[-1].name)} is trained with these settings.", icon=":material/check_circle:"
        )
    if not checked.conflicts and not checked.is_done:
        return False
    return st.checkbox("Train it anew; what the run holds is lost", key="train_redo")


def _save(workspace: Workspace, study: Study, draft: Draft) -> bool:
    try:
        shared.save_settings(workspace, settings_of(study, draft), what=f"Saved the settings of {draft.name}")
    except OmniSourceError as error:
        st.toast(shared.plain(str(error)), icon=":material/error:")
        return False
    reset(workspace, Draft(network=draft.name, name=draft.name))
    st.session_state["train_network"] = draft.name
    return True


def _launch(workspace: Workspace, study: Study, draft: Draft, launch: Launch, redo: bool) -> None:
    if settings_of(study, draft) and not _save(workspace, study, draft):
        return
    arguments = launch.train_arguments(workspace.root, redo=redo)
    if not jobs_panel.start(workspace.root, arguments, title=launch.title, needs_device=True):
        return
    st.session_state["train_view"] = "Runs"
    st.session_state["train_runs"] = []  # the newest is shown
    st.session_state.pop("train_redo", None)


def _command(workspace: Workspace, study: Study, draft: Draft, launch: Launch, redo: bool) -> str:
    settings = [shlex.quote(setting) for setting in settings_of(study, draft)]
    lines = [f"omnisource set {' '.join(settings)} {shared.shell_quoted(workspace)}"] if settings else []
    return "\n".join([*lines, shlex.join(["omnisource", *launch.train_arguments(workspace.root, redo=redo)])])


def _cell(workspace: Workspace, study: Study, draft: Draft, launch: Launch, redo: bool) -> str:
    settings = settings_of(study, draft)
    saved = ["from omnisource.study_changes import change_study"] if settings else []
    change = [f"change_study(workspace, {settings!r})"] if settings else []
    again = ", redo=True" if redo else ""
    return "\n".join(
        [
            "from pathlib import Path",
            "from omnisource.pipeline.training import train",
            *saved,
            "from omnisource.workspace import Workspace",
            "",
            f"workspace = Workspace(Path({str(workspace.root)!r}))",
            *change,
            f"train(workspace, {launch.network!r}, {launch.recipe!r}, procedure={launch.procedure!r}{again})",
        ]
    )
