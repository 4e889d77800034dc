"""The clip that is shown is the clip that training makes, step by step."""

import numpy as np
import pytest

from omnisource.catalog import Catalog, source
from omnisource.errors import ConfigError, WorkspaceError
from omnisource.media import open_video
from omnisource.pipeline.clip_previews import MODES, SIDE_PX, Inflation, clip_video, inflate, motion_for, needs_motion
from omnisource.previews import Previews, item_token
from omnisource.transform.camera_motion import CameraMotion
from omnisource.transform.pseudo_clip import clip_homographies
from omnisource.transform.warp import warp_cv2
from omnisource.workspace import Workspace

PAN = CameraMotion(mean=np.array([1, 0, 0.02, 0, 1, 0, 0, 0]), covariance=1e-6 * np.eye(8), num_pairs=1, num_dropped={})
PICTURE = np.kron(np.random.default_rng(0).integers(0, 255, (28, 28, 3), dtype=np.uint8), np.ones((8, 8, 1), np.uint8))


def wanted(mode: str = "perspective", **changes) -> Inflation:
    return Inflation(**{"mode": mode, "num_frames": 4, "steps_per_frame": 5, "seed": 7} | changes)


@pytest.mark.parametrize("mode", MODES)
def test_inflate__every_fifth_frame_is_what_the_network_sees(mode: str):
    shown = inflate(PICTURE, wanted(mode), PAN)
    assert shown.shape == (16, SIDE_PX, SIDE_PX, 3)
    # a square picture of that size needs no crop and no resize: the view is the identity
    camera = clip_homographies(4, SIDE_PX, SIDE_PX, mode, 5, PAN, wanted().translation, np.random.default_rng(7))
    np.testing.assert_array_equal(shown[::5], warp_cv2(PICTURE[None], camera, SIDE_PX))


def test_inflate__wide_pictures_are_cut_at_their_centre():
    wide = np.zeros((100, 300, 3), np.uint8)
    wide[:, 100:200] = 200
    shown = inflate(wide, wanted("replicate"), None)
    assert shown[:, :, 2:-2].min() == 200  # at the very edge a pixel mixes with its neighbour outside


def test_inflation__tells_when_frames_are_seen():
    assert wanted().seen_s == (0, 0.2, 0.4, 0.6)  # 5 steps at 25 a second
    assert wanted().num_steps == 15


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"mode": "zoom"}, "no inflation 'zoom'; known: replicate,"),
        ({"num_frames": 0}, "counted from 1"),
        ({"steps_per_frame": 0}, "counted from 1"),
        ({"seed": -1}, "a seed from 0"),
        ({"num_frames": 64, "steps_per_frame": 64}, "4032 steps are too many to show; use 512 at most"),
    ],
)
def test_inflation__refuses(changes: dict, message: str):
    with pytest.raises(ConfigError, match=message):
        wanted(**{"mode": "replicate"} | changes)


def token(workspace: Workspace) -> str:
    items = source(workspace.table("items"))
    sql = f"SELECT key FROM {items} WHERE format = 'image' AND path LIKE '%.png' ORDER BY path LIMIT 1"
    return item_token(bytes(Catalog(workspace).value(sql)))


def test_clip_video__is_made_once(labelled: Workspace):
    previews = Previews(labelled)
    made = clip_video(previews, token(labelled), wanted())
    written = made.stat().st_mtime_ns
    with open_video(made) as video:
        assert (video.num_frames, video.info.codec) == (16, "h264")
    assert clip_video(previews, token(labelled), wanted()) == made
    assert made.stat().st_mtime_ns == written
    assert clip_video(previews, token(labelled), wanted(seed=8)) != made
    assert not list(made.parent.glob("tmp*"))  # nothing half made is left


def test_clip_video__a_new_fit_gives_a_new_clip(labelled: Workspace):
    previews = Previews(labelled)
    made = clip_video(previews, token(labelled), wanted())
    labelled.motion_path.touch()
    assert clip_video(previews, token(labelled), wanted()) != made


def test_motion_for__only_where_it_is_needed(labelled: Workspace):
    assert [mode for mode in MODES if needs_motion(mode)] == ["perspective", "perspective_class"]
    assert motion_for(labelled, wanted("replicate")) is None
    assert motion_for(labelled, wanted("perspective_class", class_index=99)).num_pairs > 0  # that of all classes
    labelled.motion_path.unlink()
    with pytest.raises(WorkspaceError, match="no camera motion yet"):
        motion_for(labelled, wanted("perspective"))
