"""What every page has: the workspace, its catalog, colours, decisions with undo, links, and "the same as a command"."""

import shlex
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

import streamlit as st

from app import workspaces
from omnisource.browsing_sql import is_about_item
from omnisource.catalog import Catalog
from omnisource.collect.queries import Query
from omnisource.config import Recipe
from omnisource.errors import OmniSourceError
from omnisource.palette import colours
from omnisource.pipeline import queries
from omnisource.reviews import Reviews, Subject, Verdict, this_person
from omnisource.study_changes import change_study, restore
from omnisource.workspace import Workspace

T = TypeVar("T")
MOST_PAGES, PAGE_PX = 5, 40
"""Numbers of pages beside each other, and the width of one."""
UNDO_KEPT = 200
"""Decisions of this session that can be taken back one by one."""


def open_workspace() -> Workspace:
    """The session's workspace; where there is none, the page says so, points to the overview and ends."""
    try:
        workspace = workspaces.current()
    except OmniSourceError as error:
        st.error(plain(str(error)), icon=":material/folder_off:")
        st.stop()
    if workspace is None:
        empty("No workspace is open", "Open one on the overview, or build the demo there.", icon="folder_open")
        st.page_link("views/overview.py", label="Go to the overview", icon=":material/home:")
        st.stop()
    return workspace


@st.cache_resource(max_entries=8, show_spinner=False)
def _catalog(root: str) -> Catalog:
    return Catalog(Workspace(Path(root)))


def catalog(workspace: Workspace) -> Catalog:
    """The catalog of a workspace, shared by all sessions; its queries may run side by side."""
    return _catalog(str(workspace.root))


def source_colours(workspace: Workspace) -> dict[str, str]:
    """One colour per source, the same on every page."""
    return colours(source.name for source in workspace.study().sources)


def empty(title: str, text: str, *, icon: str = "hourglass_empty") -> None:
    """A panel that has nothing to show yet says why, and what would fill it."""
    with st.container(border=True, horizontal_alignment="center"):
        st.markdown(f":material/{icon}: **{title}**")
        st.caption(text)


def sentence(error: Exception) -> str:
    """What an error says, as a panel that has nothing to show would say it."""
    said = str(error)
    return plain(said[:1].upper() + said[1:] + ("" if said.endswith(".") else "."))


def table_height(num_rows: int, *, most: int = 10) -> int:
    """Pixels of a table that shows all its rows, or `most` of them and half of the next, which tells of the rest."""
    return round(38 + 35 * (num_rows if num_rows <= most else most + 0.5))


def pages(num_pages: int, *, key: str) -> int:
    """The page that is shown, in the link; a choice where there are several."""
    if key in st.session_state:  # the wall's arrows ask for one beyond the last, and filters take pages away
        st.session_state[key] = min(max(st.session_state[key], 1), max(num_pages, 1))
    if num_pages <= 1:
        return 1
    width = PAGE_PX * (min(num_pages, MOST_PAGES) + 3)  # with the arrows; in less it hides its last page
    return st.pagination(num_pages, max_visible_pages=MOST_PAGES, width=width, key=key, bind="query-params")


def switch(
    label: str,
    titles: Mapping[T, str],
    *,
    key: str,
    default: T | None = None,
    on_change: Callable[[], None] | None = None,
) -> T:
    """One of several views of the same thing, in the link; the first, unless another is the default."""
    return st.segmented_control(
        label,
        list(titles),
        default=next(iter(titles)) if default is None else default,
        required=True,
        format_func=titles.get,
        key=key,
        bind="query-params",
        on_change=on_change,
        label_visibility="collapsed",
    )


def pick(
    label: str,
    titles: Mapping[T, str],
    *,
    key: str,
    on_change: Callable[[], None],
    width: int,
    index: int | None = None,
    anything: str | None = None,
) -> T | None:
    """One of many, in the link; without an `index` nothing is chosen at first, and `anything` says what that means."""
    return st.selectbox(
        label,
        list(titles),
        index=index,
        format_func=lambda one: titles[one],
        key=key,
        bind="query-params",
        on_change=on_change,
        placeholder=anything,
        width=width,
    )


def copy_as(*, command: str, cell: str, key: str) -> None:
    """The same thing as a command line and as a notebook cell, to copy."""
    with st.popover("Copy as", icon=":material/code:", key=key):
        st.caption("Command line")
        st.code(command, language="bash", wrap_lines=True)
        st.caption("Notebook cell")
        st.code(cell, language="python", wrap_lines=True)


def verdicts(workspace: Workspace, keys: Iterable[bytes]) -> dict[bytes, Verdict]:
    """What people decided about using whole items: keep, drop or relabel."""
    reviews = Reviews(workspace.reviews_path).about(list(keys))
    return {review.subject.key: review.verdict for review in reviews if is_about_item(review)}


def author() -> str:
    """Who decides in this session."""
    return st.session_state.get("author") or this_person()


def decide(
    workspace: Workspace, subjects: Sequence[Subject], verdict: Verdict, *, what: str, class_index: int | None = None
) -> None:
    """Record decisions; they are on the disk when this returns, named in a toast, and can be undone together."""
    reviews = Reviews(workspace.reviews_path)
    made = reviews.decide_all(subjects, verdict, class_index=class_index, made_in="app", author=author())
    if made:
        _done(workspace, {"ids": made}, what)


def judge(workspace: Workspace, subjects: Sequence[tuple[Subject, int]], verdict: Verdict, *, what: str) -> None:
    """Record whether subjects show the class that stands beside each; like `decide`, and undone together."""
    reviews = Reviews(workspace.reviews_path)
    made: list[int] = []
    for class_index in dict.fromkeys(class_index for _, class_index in subjects):
        of_class = [subject for subject, its_class in subjects if its_class == class_index]
        made += reviews.decide_all(of_class, verdict, class_index=class_index, made_in="app", author=author())
    if made:
        _done(workspace, {"ids": made}, what)


def save_recipe(workspace: Workspace, name: str, recipe: Recipe, *, what: str) -> None:
    """Write a recipe's file; like a decision it is named in a toast and can be undone."""
    _done(workspace, {"saved": workspace.save_recipe(name, recipe)}, what)


def save_settings(workspace: Workspace, settings: Sequence[str], *, what: str) -> None:
    """Change study.yaml by settings like "train.joint.power=0.5"; named in a toast, and can be undone."""
    _done(workspace, {"study": change_study(workspace, settings)}, what)


def save_queries(workspace: Workspace, rows: Sequence[Query], *, based_on: int) -> queries.Revision:
    """Write queries and tags as a new revision; named in a toast, and can be undone by one more."""
    saved = queries.save(workspace, rows, based_on=based_on)
    if saved.number != based_on:
        what = f"Queries: revision {saved.number}"
        _done(workspace, {"queries": based_on, "written": saved.number}, what)
    return saved


def accept_queries(workspace: Workspace, revision: int) -> None:
    """Let a revision of the queries be searched; named in a toast, and can be undone."""
    queries.accept(workspace, revision, author=author())
    _done(workspace, {"accepted": revision}, f"Queries: revision {revision} accepted")


def _done(workspace: Workspace, entry: dict[str, object], what: str) -> None:
    """Put something on top of what this session can undo."""
    stack = st.session_state.setdefault("undo", [])
    stack.append({"workspace": str(workspace.root), "what": what} | entry)
    del stack[:-UNDO_KEPT]
    st.toast(f"{what} (undo: key U)", icon=":material/check:")


def undo_last(workspace: Workspace) -> None:
    """Take back what this session decided or saved last in this workspace."""
    mine = _undoable(workspace)
    if not mine:
        st.toast("Nothing to undo", icon=":material/info:")
        return
    last = mine[-1]
    st.session_state["undo"].remove(last)
    try:
        if "saved" in last:
            workspace.unsave_recipe(last["saved"])
        elif "study" in last:
            restore(workspace, last["study"])
        elif "queries" in last:
            queries.restore(workspace, last["queries"], based_on=last["written"])
        elif "accepted" in last:
            queries.withdraw(workspace, last["accepted"])
        else:
            Reviews(workspace.reviews_path).undo_all(reversed(last["ids"]), made_in="app", author=author())
    except OmniSourceError as error:
        st.toast(f"Not undone: {plain(str(error))}", icon=":material/error:")
        return
    st.toast(f"Undone: {last['what']}", icon=":material/undo:")


def undo_button(workspace: Workspace) -> None:
    """The button that takes back the last decision; on every page that decides."""
    mine = _undoable(workspace)
    label = f"Undo: {mine[-1]['what']}" if mine else "Nothing to undo"
    st.button(
        label,
        icon=":material/undo:",
        shortcut="U",
        disabled=not mine,
        key="undo_button",
        on_click=undo_last,
        args=(workspace,),
        width="stretch",
    )


def _undoable(workspace: Workspace) -> list[dict[str, object]]:
    """What this session did in this workspace and can take back, oldest first."""
    return [entry for entry in st.session_state.get("undo", []) if entry["workspace"] == str(workspace.root)]


def shell_quoted(workspace: Workspace) -> str:
    """The workspace as a command line's `-w`."""
    return f"-w {shlex.quote(str(workspace.root))}"


def plain(text: str) -> str:
    """Text from the web or from a file name as Markdown shows it literally."""
    escaped = "".join("\\" + c if c in "\\`*_{}[]()<>#+-.!|~$:&" else c for c in text)
    return escaped.replace("\n", " ")
