# ---
# jupyter:
#   jupytext:
#     formats: ipynb,py:percent
#     text_representation:
#       extension: .py
#       format_name: percent
#       format_version: '1.3'
#       jupytext_version: 1.19.6
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 7. From pictures to clips, with the camera of your own videos
#
# A network that looks at clips cannot learn from a picture as it is: nothing moves in it, and "nothing moves" would
# become a sign of the web. So a picture is turned into a short clip, as if somebody had filmed it by hand (paper 3.5).
#
# You will learn
# - how the motion of a camera is measured on your labelled clips: one homography (3x3 matrix) between two frames;
# - how steps drawn from those measurements are chained to a clip, and what the four simpler ways look like;
# - how to see whether the drawn camera moves as real ones do.
#
# The same in the app: page **Clips**, "Pictures as clips" and "Camera motion". On the command line:
# `omnisource motion --paths -w small-demo/workspace-2d` fits and compares, `omnisource inflate PICTURE clip.mp4 -w ...`
# writes a picture as a clip.

# %% [markdown]
# ## The workspace
# Every notebook of this series opens the same small demo: generated toys that spin, swing and bounce. This one
# needs labelled clips and web pictures that were checked; what is missing is built first. The motion is measured in a
# copy of the workspace: tables and settings are copied, pictures and videos are not.

# %%
import tempfile
from pathlib import Path

from omnisource import notebook
from omnisource.pipeline.small_demo import own_copy

temporary = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
workspace = own_copy(notebook.demo_workspace(until="check"), Path(temporary.name) / "toys")

# %% [markdown]
# Some of the web pictures that are to become clips, with the query that found each.

# %%
from omnisource.browsing import Browsing
from omnisource.catalog import Catalog
from omnisource.filters import Filters, Order, Sort, Stage
from omnisource.types import Format

browsing = Browsing(Catalog(workspace))
valid = Filters(stage=Stage.VALID, formats=(Format.IMAGE,))
pictures = browsing.page(valid, Order(sort=Sort.RANDOM), offset=0, limit=8)
notebook.wall(workspace, pictures)

# %% [markdown]
# ## How the camera moves in the labelled clips
# Corners are matched between consecutive frames, and a homography is fitted that explains most of the matches (things
# that move on their own are the rest). All of them together are one normal distribution: a mean and a covariance of
# the eight numbers of a homography.

# %%
from omnisource.pipeline.motion import fit_motion

motions = fit_motion(workspace, progress=False)
camera = motions.agnostic
notebook.table([{"pairs of frames": camera.num_pairs, "classes with a motion of their own": len(motions.by_class)}])

# %% [markdown]
# The eight numbers and how much each of them varies from step to step. The matrix works on a picture whose short side
# is two units long, so a shift of 0.02 is one percent of the short side: a hand moves little in a twelfth of a second.

# %%
import numpy as np

deviation = np.sqrt(np.diag(camera.covariance))
names = ["scale x", "shear x", "shift x", "shear y", "scale y", "shift y", "tilt x", "tilt y"]
notebook.table([{"what": name, "standard deviation": float(one)} for name, one in zip(names, deviation)])

# %% [markdown]
# ## Five ways to make a clip of a picture (Table 8)
# `replicate` shows the picture again and again. The two `translate` modes shift it, by a new random step each time or
# by the same one. `perspective` draws whole homographies from the motion that you have just fitted, for all classes
# together; `perspective_class` from the clips of one class. In the paper `perspective` was best.

# %%
from omnisource.pipeline import clip_previews
from omnisource.previews import Previews, item_token

chosen = pictures[1]
picture = Previews(workspace).picture(item_token(chosen.key), short_side_px=224)
clips = {}
for mode in clip_previews.MODES:
    wanted = clip_previews.Inflation(mode=mode, num_frames=8, steps_per_frame=4, class_index=chosen.query_class)
    clips[mode] = clip_previews.inflate(picture, wanted, clip_previews.motion_for(workspace, wanted))

# %%
notebook.players(clips, fps=clip_previews.FPS)

# %% [markdown]
# Every frame is sampled once from the picture: the matrices are multiplied, and the picture is never warped twice. So
# the last frame is as sharp as the first. Where the camera looks past the edge, the picture is reflected.

# %%
shown = [0, 7, 14, 21, 28]
notebook.strip([clips["perspective"][i] for i in shown], [f"step {i}" for i in shown])

# %% [markdown]
# ## Does it move as real cameras do?
# Some labelled clips are followed over many frames, and as many paths are drawn. On the left: where the upper left
# corner of the picture really went; on the right, where drawn cameras take it. The same scale.

# %%
from omnisource.figures import clips as figures
from omnisource.pipeline import motion_paths

measured = motion_paths.measure_paths(workspace, progress=False)
comparison = motion_paths.compare_paths(measured, camera)
notebook.figure(figures.paths_figure(comparison), "Paths of a picture's corner in real clips and in drawn ones")

# %% [markdown]
# A real hand drifts: one step resembles the step before it. Drawn steps are independent of each other, so the drawn
# camera trembles more; and they all come from one distribution, so drawn clips resemble each other more than real ones
# do. The line is the median clip, the band holds four clips out of five: compare the widths of the two bands.

# %%
notebook.figure(figures.drift_figure(comparison), "How far the corners are from where they began, frame by frame")

# %% [markdown]
# **Try this:** set `steps_per_frame=16` above. That is what a network with 16 frames between two frames of its input
# sees: the clip moves much more.
#
# ## What you should be able to say now

# %%
assert camera.covariance.shape == (8, 8) and np.allclose(camera.covariance, camera.covariance.T)
assert camera.num_pairs > 100, "many pairs of frames were matched"
assert (clips["replicate"] == clips["replicate"][0]).all(), "replicate does not move"
assert not (clips["perspective"][-1] == clips["perspective"][0]).all(), "perspective does"
assert all(len(clip) == 29 for clip in clips.values()), "7 times 4 steps, and the picture itself"
assert len(comparison.real) == len(comparison.drawn) == len(measured)
temporary.cleanup()

# %% [markdown]
# Next: [8. Long videos](08_untrimmed_video.ipynb), the other format that has to be brought into the form of clips.
