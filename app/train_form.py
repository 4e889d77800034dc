"""The form of a training run, made from the config models; what it changes is a draft until it is saved (design 7)."""

import json
import math
from dataclasses import replace

import streamlit as st

from app import shared
from app.train_words import ALONE, ICONS, PROCEDURES, SECTIONS
from omnisource import presets
from omnisource.config import Study
from omnisource.errors import OmniSourceError
from omnisource.pipeline.drafting import (
    SECTIONS as MODELS,
)
from omnisource.pipeline.drafting import (
    Draft,
    Filled,
    drafted,
    from_preset,
    from_run,
    sections_for,
    value_at,
    with_value,
)
from omnisource.pipeline.launching import Launch
from omnisource.setting_fields import SettingField, fields_of, read_yaml
from omnisource.workspace import Workspace

DRAFT, MISTAKES, NOTES = "train_draft", "train_mistakes", "train_notes"
SEEDED = ("seed", "device")
OPEN = "network.optim"
"""The section that is open at first."""


def current(workspace: Workspace, study: Study) -> Draft:
    """This session's draft for the workspace, on a network that is still there."""
    draft = st.session_state.get(DRAFT)
    if draft is None or st.session_state.get("train_draft_of") != str(workspace.root):
        draft = _keep(workspace, Draft(network=study.student, name=study.student))
    if draft.network not in study.networks:
        draft = _keep(workspace, replace(draft, network=study.student))
    return draft


def reset(workspace: Workspace, draft: Draft) -> None:
    """Forget what was changed; for callbacks."""
    _keep(workspace, Draft(network=draft.network, name=draft.network))
    st.session_state[MISTAKES] = {}
    st.session_state[NOTES] = ()


def take_run(workspace: Workspace, run: str) -> None:
    """Put the settings of a run into the form; for callbacks."""
    try:
        filled = from_run(workspace, workspace.study(), run)
    except OmniSourceError as error:
        st.toast(shared.plain(str(error)), icon=":material/error:")
        return
    _take(workspace, filled)
    st.session_state["train_view"] = "New run"
    st.session_state["train_network"] = filled.draft.network
    st.session_state["train_recipe"] = filled.launch.recipe or ALONE
    st.session_state["train_procedure"] = filled.launch.procedure
    st.toast(f"The settings of {shared.plain(run)} are in the form", icon=":material/content_copy:")


def choose(workspace: Workspace, study: Study, draft: Draft) -> tuple[Draft, Launch]:
    """Draw what is trained: network, recipe, procedure, device, and under which name."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        networks = [study.student, *(name for name in study.networks if name != study.student)]
        if "train_network" not in {*st.session_state, *st.query_params}:
            st.session_state["train_network"] = draft.network  # back on the page, the draft goes on
        chosen = st.selectbox("Network", networks, key="train_network", bind="query-params", width=180)
        if chosen != draft.network:
            draft = _of_network(workspace, draft, chosen)
        recipe = st.selectbox(
            "Web data",
            [*workspace.recipes(), ALONE],
            key="train_recipe",
            bind="query-params",
            help="The recipe whose examples are learnt beside the labelled clips; alone: the baseline, and teacher.",
            width=200,
        )
        procedure = "joint"
        if recipe != ALONE:
            procedure = st.segmented_control(
                "Procedure",
                list(PROCEDURES),
                default=None if "train_procedure" in st.session_state else "joint",
                required=True,
                format_func=PROCEDURES.get,
                key="train_procedure",
                bind="query-params",
                wrap=False,
                help="Both together is the paper's; web data first, then the labelled clips, is Table 1's other one.",
            )
        draft = _network_name(workspace, draft)
        _preset_picker(workspace, study, draft)
    return draft, Launch(network=draft.name, recipe=None if recipe == ALONE else recipe, procedure=procedure)


def form(workspace: Workspace, study: Study, draft: Draft, launch: Launch) -> None:
    """Draw every setting that the launch reads, section by section; what differs from study.yaml stands out."""
    after = drafted(study, draft)
    for note in st.session_state.get(NOTES, ()):
        st.caption(f":material/info: {shared.plain(note)}")
    for section in sections_for(after, launch):
        fields = [(f"{section}.{field.name}", field) for field in fields_of(MODELS[section])]
        if section == "train":
            fields += [(name, field) for name in SEEDED for field in fields_of(Study) if field.name == name]
        changed = sum(_differs(study, after, draft, place) for place, _ in fields)
        label = SECTIONS[section] + (f" :orange-badge[{changed} changed]" if changed else "")
        opened = st.expander(
            label, section == OPEN, icon=ICONS[section], key=f"train_section_{section}", on_change="rerun"
        )
        if opened.open:
            with opened, st.grid(columns="auto", min_column_width=190, vertical_alignment="bottom"):
                for place, field in fields:
                    with st.container():
                        _control(workspace, study, after, draft, place, field)


def mistakes() -> dict[str, str]:
    """What was entered and cannot be, by place."""
    return st.session_state.setdefault(MISTAKES, {})


def _keep(workspace: Workspace, draft: Draft) -> Draft:
    st.session_state[DRAFT] = draft
    st.session_state["train_draft_of"] = str(workspace.root)
    return draft


def _take(workspace: Workspace, filled: Filled) -> None:
    _keep(workspace, filled.draft)
    st.session_state[MISTAKES] = {}
    st.session_state[NOTES] = filled.notes


def _of_network(workspace: Workspace, draft: Draft, name: str) -> Draft:
    """Another network begins with its own settings; those of the mixture stay as they were changed."""
    st.session_state[NOTES] = ()
    mixture = {place: value for place, value in draft.values.items() if not place.startswith("network.")}
    return _keep(workspace, Draft(network=name, name=name, values=mixture))


def _network_name(workspace: Workspace, draft: Draft) -> Draft:
    """Under another name the network's settings, and its runs, do not touch those that are there."""
    st.session_state["train_name"] = draft.name
    st.text_input(
        "Save network as",
        key="train_name",
        on_change=_rename,
        args=(workspace,),
        width=180,
        help="Another name makes another network, whose runs stand beside those of this one.",
    )
    return draft


def _rename(workspace: Workspace) -> None:
    draft, name = st.session_state[DRAFT], st.session_state["train_name"].strip()
    _keep(workspace, replace(draft, name=name or draft.network))


def _preset_picker(workspace: Workspace, study: Study, draft: Draft) -> None:
    with st.popover("Preset", icon=":material/menu_book:", key="train_presets", help="The paper's published protocols"):
        name = st.selectbox(
            "Published protocol",
            presets.names(),
            index=None,
            placeholder="Type to find",
            key="train_preset",
            width=420,
        )
        if name is None:
            st.caption("Its network and mixture fill the form; nothing is written before you save.")
            return
        preset = presets.load(name)
        st.markdown(f"**{shared.plain(preset.file.title)}**")
        st.caption(f"{shared.plain(preset.file.table)}. " + _numbers(preset))
        for note in preset.file.notes[:3]:
            st.caption(shared.plain(note))
        st.button(
            "Fill the form",
            icon=":material/edit_note:",
            type="primary",
            key="train_fill",
            on_click=_fill,
            args=(workspace, study, draft, preset),
        )


def _fill(workspace: Workspace, study: Study, draft: Draft, preset: presets.Preset) -> None:
    try:
        _take(workspace, from_preset(study, draft, preset))
    except OmniSourceError as error:
        st.toast(shared.plain(str(error)), icon=":material/error:")
        return
    st.toast(f"{preset.name} is in the form; nothing is saved yet", icon=":material/menu_book:")


def _numbers(preset: presets.Preset) -> str:
    found = [f"{row.dataset}: top-1 {row.top1} %" for row in preset.file.numbers]
    return shared.plain("; ".join(found)) if found else "No number was published."


def _differs(study: Study, after: Study, draft: Draft, place: str) -> bool:
    return value_at(after, draft.name, place) != value_at(study, draft.network, place)


def _control(workspace: Workspace, study: Study, after: Study, draft: Draft, place: str, field: SettingField) -> None:
    """One setting; its widget always shows the draft, but for what cannot be understood."""
    key, value, saved = f"train_set_{place}", value_at(after, draft.name, place), value_at(study, draft.network, place)
    label = (
        shared.plain(field.title)
        if value == saved
        else f":orange[{shared.plain(f'{field.title} · was {_text(saved)}')}]"
    )
    if place not in mistakes():
        st.session_state[key] = _shown(field, value)
    given = {"key": key, "help": field.help, "on_change": _change, "args": (workspace, study, place, field)}
    if field.kind == "choice":
        options = [*([None] if field.is_optional else []), *field.choices]
        st.selectbox(label, options, format_func=lambda choice: "open" if choice is None else str(choice), **given)
    elif field.kind == "flag":
        st.toggle(label, **given)
    elif field.kind in ("whole", "number"):
        st.number_input(label, placeholder="open", **_bounds(field, saved), **given)
    else:
        st.text_input(label, **given)
    if place in mistakes():
        st.caption(f":red[{shared.plain(mistakes()[place])}]")


def _bounds(field: SettingField, saved: object) -> dict[str, object]:
    """Number or whole number, with a step that fits the size of the value."""
    to = int if field.kind == "whole" else float
    bounds = {
        "min_value": None if field.least is None else to(field.least),
        "max_value": None if field.most is None else to(field.most),
    }
    if field.kind == "whole":
        return bounds | {"step": 1}
    size = abs(saved) if isinstance(saved, int | float) and saved else 0.1
    return bounds | {"step": 10.0 ** math.floor(math.log10(size)), "format": "%g"}


def _shown(field: SettingField, value: object) -> object:
    """A value as its widget takes it."""
    if field.kind == "yaml":
        return _text(value)
    if field.kind == "number" and value is not None:
        return float(value)
    return value


def _text(value: object) -> str:
    return "open" if value is None else value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _change(workspace: Workspace, study: Study, place: str, field: SettingField) -> None:
    """A widget was used: the draft follows, or the mistake is kept beside it."""
    entered = st.session_state[f"train_set_{place}"]
    mistakes().pop(place, None)
    try:
        value = read_yaml(entered) if field.kind == "yaml" else entered
        draft = with_value(study, st.session_state[DRAFT], place, value)
        drafted(study, draft)
    except OmniSourceError as error:
        mistakes()[place] = str(error)
    else:
        _keep(workspace, draft)
