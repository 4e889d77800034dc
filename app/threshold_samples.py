"""The samples of the audit: a wall of segments around the line, judged without knowing how sure the teacher is."""

from collections.abc import Sequence

import streamlit as st

from app import shared, story, threshold_facts
from app.components.wall import Action, Tile, acted, opened, wall
from omnisource.config import Recipe
from omnisource.label.line_samples import LineSample, LineSamples, Selection
from omnisource.label.thresholds import Counts
from omnisource.previews import item_token
from omnisource.reviews import Review, Reviews, Verdict
from omnisource.workspace import Workspace

WALL = "thr_audit"
LOOKED_AT = 400_000  # segments among which a draw chooses, by chance
ACTIONS = (Action(name="relevant", key="K", title="shows it"), Action(name="irrelevant", key="D", title="does not"))
SHOWN = {Verdict.RELEVANT: ("keep", "shows it"), Verdict.IRRELEVANT: ("drop", "does not")}


def samples_panel(
    workspace: Workspace,
    recipe: Recipe,
    version: threshold_facts.Version,
    counts: Counts,
    selection: Selection,
) -> None:
    """A wall of samples in random order, which does not tell how sure the teacher is."""
    taxonomy = workspace.taxonomy()
    drawn_at = _drawn_at(recipe, selection)
    total = int(counts.per_bin[counts.of(selection.sources or None)].sum())
    samples = LineSamples(shared.catalog(workspace), Recipe.model_validate_json(drawn_at), taxonomy)
    share = min(1.0, LOOKED_AT / max(total, 1)) if selection.class_index is None else 1.0
    seed = st.session_state["thr_audit_seed"]
    drawn = threshold_facts.drawn(version, drawn_at, selection, seed, share, samples)
    st.session_state[f"{WALL}_items"] = {item_token(sample.key): sample for sample in drawn}
    said = _said(workspace, drawn)
    with st.container(horizontal=True, vertical_alignment="center"):
        num_said = sum(sample.key in said for sample in drawn)
        st.markdown(f"**Does it show the class?** {num_said} of {len(drawn)} judged", width="stretch")
        st.button("Draw others", icon=":material/casino:", key="thr_audit_draw", on_click=_draw_again)
    if not drawn:
        shared.empty("Nothing to judge here", "Look at other sources or classes, or at another label.")
        return
    names, colours = taxonomy.names, shared.source_colours(workspace)
    wall(
        workspace,
        [_tile(sample, names, colours, said.get(sample.key)) for sample in drawn],
        key=WALL,
        actions=ACTIONS,
        tile_px=128,
        on_act=lambda: _act(workspace, names),
        on_open=lambda: story.ask_for(opened(WALL)),
    )


def _tile(sample: LineSample, names: Sequence[str], colours: dict[str, str], verdict: Verdict | None) -> Tile:
    badge, text = SHOWN[verdict] if verdict else ("", "")
    return Tile(
        token=item_token(sample.key),
        path=sample.path,
        format=sample.format,
        label=names[sample.class_index],
        note=sample.source,
        colour=colours.get(sample.source, ""),
        origin=sample.source,
        verdict=badge,
        verdict_text=text,
        start_s=sample.start_s,
        frame_s=sample.middle_s,
    )


def _drawn_at(recipe: Recipe, selection: Selection) -> str:
    """The recipe that the samples were drawn around: it stays while the line moves, until others are drawn."""
    looked_at = (recipe.label_source, repr(recipe.teachers), repr(selection))
    if st.session_state.get("thr_audit_of") != looked_at:
        st.session_state["thr_audit_of"] = looked_at
        st.session_state.pop("thr_audit_recipe", None)
    st.session_state.setdefault("thr_audit_seed", 0)
    return st.session_state.setdefault("thr_audit_recipe", recipe.model_dump_json())


def _draw_again() -> None:
    st.session_state["thr_audit_seed"] = st.session_state.get("thr_audit_seed", 0) + 1
    st.session_state.pop("thr_audit_recipe", None)


def _said(workspace: Workspace, samples: Sequence[LineSample]) -> dict[bytes, Verdict]:
    """Whether the samples on the wall were judged, of the class and segment that is asked about."""
    reviews = Reviews(workspace.reviews_path).about([sample.key for sample in samples]) if samples else []
    by_key = {sample.key: sample for sample in samples}
    return {review.subject.key: review.verdict for review in reviews if _is_about(review, by_key[review.subject.key])}


def _is_about(review: Review, sample: LineSample) -> bool:
    return (
        review.verdict in SHOWN
        and review.class_index in (None, sample.class_index)
        and review.subject.start_s == sample.subject.start_s
    )


def _act(workspace: Workspace, names: Sequence[str]) -> None:
    """Keys on the wall."""
    for name, tokens in acted(WALL):
        _record(workspace, names, name, tokens)


def _record(workspace: Workspace, names: Sequence[str], name: str, tokens: Sequence[str]) -> None:
    items = st.session_state[f"{WALL}_items"]
    samples = [items[token] for token in tokens if token in items]
    verdict = Verdict(name)
    said = "shows" if verdict is Verdict.RELEVANT else "does not show"
    one = f"This {said} {shared.plain(names[samples[0].class_index])}" if samples else ""
    what = one if len(samples) == 1 else f"{len(samples)} samples: {said} the class"
    shared.judge(workspace, [(sample.subject, sample.class_index) for sample in samples], verdict, what=what)
