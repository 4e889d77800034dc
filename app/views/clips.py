"""Clips: pictures as moving clips, the camera behind them, and long videos as snippets or clips."""

import streamlit as st

from app import shared
from app.clip_choice import linked_item
from app.clip_inflation import inflation_panel
from app.clip_motion import motion_panel
from app.clip_ribbon import ribbon_panel
from omnisource.errors import OmniSourceError
from omnisource.types import Format

PANELS = {"pictures": "Pictures as clips", "camera": "Camera motion", "videos": "Long videos"}

workspace = shared.open_workspace()
st.title("Clips")
st.caption("How pictures become moving clips, and what long videos become, before any of it is trained on.")
try:
    names = workspace.taxonomy().names
    study = workspace.study()
except OmniSourceError as error:
    shared.empty("No classes yet", shared.sentence(error), icon="label_off")
    st.page_link("views/overview.py", label="Go to the overview", icon=":material/home:")
    st.stop()
linked = linked_item(workspace)
is_video = linked is not None and linked.format is Format.UNTRIMMED
shown = shared.switch("Show", PANELS, key="clips_show", default="videos" if is_video else "pictures")
if shown == "pictures":
    inflation_panel(workspace, study, names)
elif shown == "camera":
    motion_panel(workspace, names)
else:
    ribbon_panel(workspace, study, names)
