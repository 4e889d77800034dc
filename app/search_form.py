"""The form of a searched source, made from its config model: an engine, where and how far it is searched (3.3)."""

import shlex

import streamlit as st

from app import jobs_panel, shared
from app.overview_words import FORMATS
from omnisource.config import SearchConfig
from omnisource.errors import OmniSourceError
from omnisource.pipeline.new_search import ENGINES, NewSearch, defaults, entered
from omnisource.setting_fields import SettingField, fields_of
from omnisource.types import Format
from omnisource.workspace import Workspace

NEW = "A new search"
_FIRST = (("endpoint",), ("path", "text"), ("published_after", "published_before"))
"""Settings that are always shown, in lines; the others stand under "More"."""
_EXAMPLES = {
    "endpoint": "https://pictures.example/search?q={query}&p={page}",
    "path": "/data/list.csv",
    "published_after": "2013-01-01",
    "published_before": "today",
}


def search_form(workspace: Workspace) -> None:
    """A new searched source, or other settings for one that is there; starts `omnisource add-search` as a job."""
    known = {one.name: one for one in workspace.study().searched}
    left, right = st.columns(2)
    which = left.selectbox("Source", [NEW, *known], key="search_which") if known else NEW
    source = known.get(which)
    before = entered(source) if source is not None else defaults("page")
    engine = right.selectbox(
        "Engine", ENGINES, ENGINES.index(before["engine"]), key=f"search_engine_{which}", help=_help("engine")
    )
    with st.form("search_form", border=False):
        name, item_format = _names(which, None if source is None else source.format)
        fields = {field.name: field for field in fields_of(SearchConfig) if field.name != "engine"}
        values: dict[str, object] = {"engine": engine}
        for pair in _FIRST:
            for place, setting in zip(st.columns(len(pair)), pair):
                with place:
                    values[setting] = _control(fields[setting], before[setting], which)
        with st.expander("More: windows, budget, politeness", icon=":material/tune:"):
            for setting, field in fields.items():
                if not any(setting in pair for pair in _FIRST):
                    values[setting] = _control(field, before[setting], which)
        label = "Add this search" if source is None else "Change this search"
        wanted = NewSearch(name=name, format=item_format, values=values, replaces=source is not None)
        if st.form_submit_button(label, icon=":material/travel_explore:", type="primary"):
            _submit(workspace, wanted)
    shared.copy_as(command=_command(workspace, wanted), cell=_cell(workspace, wanted), key="search_copy")


def _names(which: str, item_format: Format | None) -> tuple[str, Format]:
    if item_format is not None:
        st.caption(f"{shared.plain(which)}: {FORMATS[item_format]}")
        return which, item_format
    left, right = st.columns(2)
    name = left.text_input("Name of the source", key="search_name", placeholder="google_image")
    formats = [Format.IMAGE, Format.TRIMMED, Format.UNTRIMMED]
    chosen = right.selectbox(
        "What it gives", formats, format_func=lambda one: FORMATS[one].capitalize(), key="search_format"
    )
    return name, chosen


def _control(field: SettingField, value: object, which: str) -> object:
    """The widget of one setting, and what it says."""
    key = f"search_{field.name}_{which}"
    if field.kind == "flag":
        return st.toggle(field.title, bool(value), key=key, help=field.help)
    if field.kind == "choice":
        return st.selectbox(field.title, field.choices, field.choices.index(str(value)), key=key, help=field.help)
    if field.kind in ("whole", "number"):
        kind = int if field.kind == "whole" else float
        start = None if value is None else kind(value)
        bound = {
            name: kind(at) for name, at in (("min_value", field.least), ("max_value", field.most)) if at is not None
        }
        return st.number_input(field.title, value=start, key=key, help=field.help, **bound)
    start, example = "" if value is None else str(value), _EXAMPLES.get(field.name)
    written = st.text_input(field.title, start, key=key, help=field.help, placeholder=example)
    return written.strip() or None


def _submit(workspace: Workspace, wanted: NewSearch) -> None:
    try:
        arguments = wanted.arguments(workspace.root)
    except OmniSourceError as error:
        st.error(shared.plain(str(error)), icon=":material/edit:")
        return
    if jobs_panel.start(workspace.root, arguments, title=f"Search by {wanted.name}", needs_device=False):
        st.rerun()


def _help(setting: str) -> str:
    return next(field.help for field in fields_of(SearchConfig) if field.name == setting)


def _command(workspace: Workspace, wanted: NewSearch) -> str:
    try:
        return shlex.join(["omnisource", *wanted.arguments(workspace.root)])
    except OmniSourceError:
        where = shared.shell_quoted(workspace)
        return f"omnisource add-search --name NAME --format image --engine {wanted.values['engine']} {where}"


def _cell(workspace: Workspace, wanted: NewSearch) -> str:
    given = {name: value for name, value in wanted.values.items() if value is not None}
    return f"""from pathlib import Path

from omnisource.pipeline.new_search import NewSearch
from omnisource.pipeline.searched_sources import register_search
from omnisource.types import Format
from omnisource.workspace import Workspace

workspace = Workspace(Path({str(workspace.root)!r}))
search = NewSearch(name={wanted.name or "NAME"!r}, format=Format({str(wanted.format)!r}), values={given!r})
register_search(workspace, search.check(), replace={wanted.replaces})"""
