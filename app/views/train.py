"""Train: start, watch, stop and repeat training runs."""

import streamlit as st

from app import shared, train_check, train_form, train_watch
from omnisource.errors import OmniSourceError
from omnisource.pipeline.drafting import drafted
from omnisource.pipeline.launching import check

VIEWS = ("Runs", "New run")

workspace = shared.open_workspace()


def new_run() -> None:
    """The form, and beside it what is known of the run before it starts."""
    study = workspace.study()
    draft, launch = train_form.choose(workspace, study, train_form.current(workspace, study))
    try:
        after = drafted(study, draft)
        checked = check(workspace, after, launch)
    except OmniSourceError as error:
        st.error(shared.plain(str(error)), icon=":material/error:")
        return
    left, right = st.columns([4, 3], gap="medium")
    with left:
        train_form.form(workspace, study, draft, launch)
    with right:
        train_check.panel(workspace, study, draft, launch, checked)


st.title("Train")
st.caption("Long work runs by itself: it goes on when this page is closed, and runs of a terminal appear here too.")
train_watch.clone_if_asked(workspace)
view = st.segmented_control(
    "View",
    VIEWS,
    default=None if "train_view" in st.session_state else VIEWS[0] if workspace.runs() else VIEWS[1],
    required=True,
    key="train_view",
    bind="query-params",
    label_visibility="collapsed",
)
try:
    if view == "Runs":
        train_watch.live(workspace)
    else:
        new_run()
except OmniSourceError as error:
    st.error(shared.plain(str(error)), icon=":material/error:")
