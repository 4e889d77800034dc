"""`streamlit run app/main.py -- [WORKSPACE]`: the app's server: the pages of ui.py, and the route that serves media."""

import sys
from pathlib import Path

import streamlit as st

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # `streamlit run` knows only this file's folder

from app.clip_serving import CLIP_ROUTES
from app.serving import ROUTES

app = st.App(Path(__file__).resolve().parent / "ui.py", routes=[*ROUTES, *CLIP_ROUTES])
