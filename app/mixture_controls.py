"""Controls of the mixture, bound to the link -> settings of train.joint (paper 3.6)."""

from collections.abc import Sequence

import streamlit as st

from app import shared
from omnisource.config import JointConfig
from omnisource.pipeline.balancing import MIXTURES

RESAMPLING = {"none": "None", "clipped": "Clipped", "power": "Power"}
AS_ALL = "as above"


def mixture_controls(joint: JointConfig, drawn: Sequence[str]) -> JointConfig:
    """Draw the controls over the study's settings; `drawn` are the sources as training draws them."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.selectbox(
            "The paper's settings",
            list(MIXTURES),
            index=None,
            format_func=lambda name: MIXTURES[name].title,
            placeholder="Try one",
            key="balance_paper",
            on_change=_take_over,
            args=(joint, tuple(drawn)),
            width=220,
        )
        changed = {"resampling": _resampling(joint)}
        changed |= _strength(joint, changed["resampling"])
        if len(drawn) > 1:
            changed["resampling_by_source"] = _by_source(joint, drawn)
    return joint.model_copy(update=changed | _ratio(joint, drawn))


def reset(joint: JointConfig, drawn: Sequence[str]) -> None:
    """Put every control where the study has it; for callbacks."""
    state = st.session_state
    state["balance_resampling"] = joint.resampling
    state["balance_clip_at"] = joint.clip_at
    state["balance_power"] = joint.power
    state["balance_target"] = joint.target_share
    for source in drawn:
        state[f"balance_part_{source}"] = joint.batch_ratio.get(source, 1.0)
        state[f"balance_how_{source}"] = joint.resampling_by_source.get(source, AS_ALL)


def _take_over(joint: JointConfig, drawn: Sequence[str]) -> None:
    """The paper's settings that were chosen, over those that the controls show."""
    name = st.session_state["balance_paper"]
    if name is None:
        return
    shown = _shown(joint, drawn)
    reset(MIXTURES[name].over(shown), drawn)
    st.session_state["balance_paper"] = None
    st.toast(f"Shown: {MIXTURES[name].title}. Nothing is saved yet.", icon=":material/menu_book:")


def _shown(joint: JointConfig, drawn: Sequence[str]) -> JointConfig:
    state = st.session_state
    parts = {source: state.get(f"balance_part_{source}", joint.batch_ratio.get(source, 1.0)) for source in drawn}
    saved = joint.resampling_by_source
    how = {source: state.get(f"balance_how_{source}", saved.get(source, AS_ALL)) for source in drawn}
    return joint.model_copy(
        update={
            "resampling": state.get("balance_resampling", joint.resampling),
            "clip_at": state.get("balance_clip_at", joint.clip_at),
            "power": state.get("balance_power", joint.power),
            "target_share": state.get("balance_target", joint.target_share),
            "batch_ratio": {source: part for source, part in parts.items() if part != 1.0},
            "resampling_by_source": {source: one for source, one in how.items() if one != AS_ALL},
        }
    )


def _resampling(joint: JointConfig) -> str:
    return st.segmented_control(
        "Resampling of classes",
        list(RESAMPLING),
        default=joint.resampling,
        required=True,
        format_func=RESAMPLING.get,
        key="balance_resampling",
        bind="query-params",
        wrap=False,
        help="None: classes as the teacher left them. Clipped: a class counts as N_c examples at most. "
        "Power: a class of N examples is drawn like N^p; 0 makes all classes equally likely.",
    )


def _strength(joint: JointConfig, resampling: str) -> dict[str, object]:
    """What the chosen resampling needs to be told."""
    if resampling == "clipped":
        most = st.number_input(
            "Most per class (N_c)",
            min_value=1,
            value=joint.clip_at,
            step=100,
            key="balance_clip_at",
            bind="query-params",
            width=150,
        )
        return {"clip_at": most}
    if resampling == "power":
        power = st.slider(
            "Power (p)",
            0.0,
            1.0,
            joint.power,
            0.05,
            key="balance_power",
            bind="query-params",
            format="%.2f",
            width=150,
        )
        return {"power": power}
    return {}


def _ratio(joint: JointConfig, drawn: Sequence[str]) -> dict[str, object]:
    """Parts of a batch, target first."""
    released = joint.update == "per_source"
    st.caption(
        "Released order: after so many batches of labelled clips, so many batches of each source"
        if released
        else "Parts of a batch: labelled clips to each source"
    )
    with st.container(horizontal=True, gap="medium"):
        step = 1.0 if released else 0.1
        target = _part("Labelled clips", "balance_target", joint.target_share, step)
        parts = {
            source: _part(shared.plain(source), f"balance_part_{source}", joint.batch_ratio.get(source, 1.0), step)
            for source in drawn
        }
    others = {name: part for name, part in joint.batch_ratio.items() if name not in parts}
    named = {source: part for source, part in parts.items() if part != 1.0 or source in joint.batch_ratio}
    return {"target_share": target, "batch_ratio": others | named}


def _part(label: str, key: str, value: float, step: float) -> float:
    most = max(8.0, value)
    return st.slider(label, step, most, float(value), step, key=key, bind="query-params", format="%g", width=168)


def _by_source(joint: JointConfig, drawn: Sequence[str]) -> dict[str, str]:
    """Sources whose classes are resampled in another way than the rest."""
    with st.popover("By source", icon=":material/alt_route:", help="Another resampling for one source"):
        chosen = {
            source: st.selectbox(
                shared.plain(source),
                [AS_ALL, *RESAMPLING],
                index=[AS_ALL, *RESAMPLING].index(joint.resampling_by_source.get(source, AS_ALL)),
                format_func=lambda one: RESAMPLING.get(one, AS_ALL),
                key=f"balance_how_{source}",
                bind="query-params",
            )
            for source in drawn
        }
    others = {name: how for name, how in joint.resampling_by_source.items() if name not in drawn}
    return others | {source: how for source, how in chosen.items() if how != AS_ALL}
