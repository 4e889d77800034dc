"""The recipe that is being tried out on the page Thresholds: kept in the link, as a recipe and what differs from it."""

from dataclasses import dataclass

import streamlit as st

from app import shared
from omnisource.config import Recipe
from omnisource.errors import OmniSourceError
from omnisource.pipeline.thresholding import change_recipe
from omnisource.study_changes import changes_between
from omnisource.workspace import Workspace

BASE, CHANGED = "thresholds_recipe", "thresholds_set"
_STATE = "thresholds_draft"


@dataclass(frozen=True, kw_only=True, slots=True)
class Draft:
    """A recipe and what is tried out on it."""

    root: str
    """The workspace."""
    base: str
    """Name of the recipe that it began as."""
    saved: Recipe
    """That recipe."""
    recipe: Recipe
    """The recipe with all changes."""

    @property
    def settings(self) -> list[str]:
        """What was changed, such as "confidence=0.4"."""
        return [change.as_setting for change in changes_between(self.saved, self.recipe)]


def current(workspace: Workspace) -> Draft:
    """The draft in the link, else the session's, else the first recipe as it is."""
    known: Draft | None = st.session_state.get(_STATE)
    if known is not None and known.root != str(workspace.root):
        known = None
    base, settings = st.query_params.get(BASE), st.query_params.get_all(CHANGED)
    if base and (known is None or (known.base, known.settings) != (base, settings)):
        known = _read(workspace, base, settings)
    elif known is None:
        known = _read(workspace, workspace.recipes()[0], [])
    else:
        known = _with_file(workspace, known)
    _keep(known)
    return known


def change(**values: object) -> None:
    """Set fields of the draft; for callbacks of widgets."""
    known: Draft = st.session_state[_STATE]
    _keep(Draft(root=known.root, base=known.base, saved=known.saved, recipe=_checked(known.recipe, values)))


def load(workspace: Workspace, name: str) -> None:
    """Begin with another recipe; for callbacks."""
    _keep(_read(workspace, name, []))


def saved_as(workspace: Workspace, name: str) -> None:
    """Go on from what was saved under a name; for callbacks."""
    known: Draft = st.session_state[_STATE]
    _keep(Draft(root=known.root, base=name, saved=workspace.recipe(name), recipe=known.recipe))


def _with_file(workspace: Workspace, known: Draft) -> Draft:
    """The same draft beside its recipe as it is on the disk now: it may have been saved, or the saving undone."""
    if known.base not in workspace.recipes():
        return _read(workspace, workspace.recipes()[0], [])
    return Draft(root=known.root, base=known.base, saved=workspace.recipe(known.base), recipe=known.recipe)


def _read(workspace: Workspace, name: str, settings: list[str]) -> Draft:
    try:
        saved = workspace.recipe(name)
        recipe = change_recipe(saved, settings)
    except OmniSourceError as error:
        st.toast(shared.plain(str(error)), icon=":material/error:")
        name = workspace.recipes()[0]
        saved = recipe = workspace.recipe(name)
    return Draft(root=str(workspace.root), base=name, saved=saved, recipe=recipe)


def _checked(recipe: Recipe, values: dict[str, object]) -> Recipe:
    return Recipe.model_validate(recipe.model_dump() | values)


def _keep(draft: Draft) -> None:
    st.session_state[_STATE] = draft
    if (st.query_params.get(BASE), st.query_params.get_all(CHANGED)) != (draft.base, draft.settings):
        st.query_params[BASE] = draft.base
        if draft.settings:
            st.query_params[CHANGED] = draft.settings
        else:
            st.query_params.pop(CHANGED, None)
