"""Queries and tags in an editable table: proposed, saved as revisions, accepted; as a CSV out and in (paper 3.3)."""

from collections.abc import Sequence

import streamlit as st

from app import shared
from omnisource.collect.queries import TEXT_KINDS, Query, shared_texts, without_text
from omnisource.collect.query_lists import parse_csv, parse_rows, table_rows, write_csv
from omnisource.errors import OmniSourceError
from omnisource.pipeline import queries
from omnisource.pipeline.queries import Revision
from omnisource.types import Taxonomy
from omnisource.workspace import Workspace

MOST_NAMED = 5
"""Classes that are named where nothing is searched for them."""
_HEIGHT_PX = 560


def queries_panel(workspace: Workspace) -> None:
    """The last revision, to edit; what is saved waits to be accepted before anything is searched."""
    revision = queries.current(workspace)
    _head(workspace, revision)
    if revision.number == 0:
        _begin(workspace)
        return
    taxonomy = workspace.taxonomy()
    edited = _editor(revision, taxonomy)
    try:
        wanted = parse_rows(edited, taxonomy, revision.queries)
    except OmniSourceError as error:
        wanted = None
        st.error(_lines(str(error)), icon=":material/edit:")
    _buttons(workspace, revision, wanted)
    _remarks(workspace, revision, taxonomy)


def _head(workspace: Workspace, revision: Revision) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.subheader("Queries and tags", anchor=False, width="content")
        if revision.accepted is not None:
            said = f"revision {revision.number}, accepted by {shared.plain(revision.accepted.author)}"
            st.badge(said, icon=":material/check_circle:", color="green")
        elif revision.number:
            st.badge(f"revision {revision.number} waits for you", icon=":material/pending:", color="orange")
        st.space("stretch")
        if revision.number:
            _files(workspace, revision)
        shared.copy_as(
            command=f"omnisource queries {shared.shell_quoted(workspace)} --export queries.csv\n"
            f"omnisource queries {shared.shell_quoted(workspace)} --import queries.csv --accept",
            cell=_cell(workspace),
            key="queries_copy",
        )


def _begin(workspace: Workspace) -> None:
    shared.empty(
        "No queries yet",
        "A query and three or four tags are proposed for each class, for you to look through.",
        icon="search",
    )
    known = workspace.taxonomy_path.is_file()
    if not known:
        st.caption("The classes come with the labelled clips, which have not been read yet.")
    button = {"icon": ":material/auto_awesome:", "type": "primary", "key": "queries_propose"}
    if st.button("Propose them", disabled=not known, **button):
        try:
            queries.propose_queries(workspace)
        except OmniSourceError as error:
            st.error(shared.plain(str(error)), icon=":material/error:")
            return
        st.toast("Proposed; nothing is searched before you accept them", icon=":material/auto_awesome:")
        st.rerun()


def _editor(revision: Revision, taxonomy: Taxonomy) -> list[dict[str, object]]:
    column = st.column_config
    return st.data_editor(
        table_rows(revision.queries, taxonomy),
        key=f"queries_editor_{revision.number}",
        num_rows="dynamic",
        hide_index=True,
        height=min(_HEIGHT_PX, 74 + 35 * len(revision.queries)),
        disabled=("rule", "also_for"),
        column_config={
            "class": column.SelectboxColumn("Class", options=list(taxonomy.names), required=True, width=150),
            "kind": column.SelectboxColumn(
                "Kind",
                options=list(TEXT_KINDS),
                required=True,
                width=70,
                help="query: for search engines; tag: for sites that are searched by tag, one word.",
            ),
            "text": column.TextColumn("Searched text", required=True, max_chars=200, width=160),
            "use": column.CheckboxColumn("Use", default=True, width=50),
            "rule": column.TextColumn("How it was made", width=190),
            "also_for": column.TextColumn(
                "Also stands for", width=130, help="Other classes with the same text; only one of them may use it."
            ),
        },
    )


def _buttons(workspace: Workspace, revision: Revision, wanted: Sequence[Query] | None) -> None:
    is_changed = wanted is not None and list(wanted) != list(revision.queries)
    with st.container(horizontal=True, vertical_alignment="center"):
        save = st.button(
            "Save as a new revision",
            icon=":material/save:",
            key="queries_save",
            disabled=not is_changed,
            type="primary" if is_changed else "secondary",
        )
        is_open = wanted is not None and not is_changed and revision.accepted is None
        accept = st.button(
            "Accept for searching",
            icon=":material/check_circle:",
            key="queries_accept",
            disabled=not is_open,
            type="primary" if is_open else "secondary",
            help="Nothing is searched before a person has accepted the last revision.",
        )
    try:
        if save and wanted is not None:
            shared.save_queries(workspace, wanted, based_on=revision.number)
            st.rerun()
        if accept:
            shared.accept_queries(workspace, revision.number)
            st.rerun()
    except OmniSourceError as error:
        st.error(_lines(str(error)), icon=":material/error:")


def _remarks(workspace: Workspace, revision: Revision, taxonomy: Taxonomy) -> None:
    """Texts of several classes, and classes that nothing would be searched for."""
    if several := shared_texts(revision.queries):
        named = _named([text for _, text in several])
        st.caption(f":material/call_merge: Of several classes, and used for one at most: {named}.")
    kinds = {one.search.text for one in workspace.study().searched if one.search is not None}
    for kind in sorted(kinds):
        if missing := without_text(revision.queries, len(taxonomy), kind):
            named = _named([taxonomy.names[index] for index in missing])
            st.warning(f"No {kind} is used for {named}.", icon=":material/search_off:")


def _named(texts: Sequence[str]) -> str:
    more = f" and {len(texts) - MOST_NAMED} more" if len(texts) > MOST_NAMED else ""
    return ", ".join(shared.plain(text) for text in texts[:MOST_NAMED]) + more


def _files(workspace: Workspace, revision: Revision) -> None:
    """The CSV, down and up."""
    st.download_button(
        "CSV",
        write_csv(revision.queries, workspace.taxonomy()),
        file_name=f"queries-{revision.number}.csv",
        mime="text/csv",
        icon=":material/download:",
        key="queries_download",
    )
    with st.popover("Upload", icon=":material/upload:", key="queries_upload"):
        given = st.file_uploader("An edited CSV", type="csv", key=f"queries_file_{revision.number}")
        if given is not None and st.button("Take it as a new revision", key="queries_take", type="primary"):
            try:
                rows = parse_csv(given.getvalue(), workspace.taxonomy(), revision.queries, where=given.name)
                shared.save_queries(workspace, rows, based_on=revision.number)
            except OmniSourceError as error:
                st.error(_lines(str(error)), icon=":material/error:")
                return
            st.rerun()


def _lines(text: str) -> str:
    """A message of several lines, each as it is."""
    return "  \n".join(shared.plain(line) for line in text.splitlines())


def _cell(workspace: Workspace) -> str:
    return f"""from pathlib import Path

from omnisource.pipeline import queries
from omnisource.workspace import Workspace

workspace = Workspace(Path({str(workspace.root)!r}))
revision = queries.propose_queries(workspace)
queries.accept(workspace, revision.number)"""
