"""`inflate` writes a picture's clip, `segments` says what a recipe makes of a long video."""

import json
from pathlib import Path

from omnisource.media import open_video


def test_inflate__writes_a_clip(labelled: Path, world: Path, tmp_path: Path, here):
    picture = world / "web" / "image" / "red_right" / "0.png"
    clip = tmp_path / "clip.mp4"
    answer = here("inflate", str(picture), str(clip), "--frames", "3", "--steps", "4", "-w", str(labelled))
    assert answer.returncode == 0, answer.stderr
    assert "9 frames" in answer.stdout  # two gaps of four steps, and the first frame
    with open_video(clip) as video:
        assert video.num_frames == 9


def test_inflate__the_motion_of_a_class_by_its_name(labelled: Path, world: Path, tmp_path: Path, here):
    picture = world / "web" / "image" / "red_right" / "0.png"
    options = ["--mode", "perspective_class", "--class", "Green Down", "-w", str(labelled)]
    assert here("inflate", str(picture), str(tmp_path / "a.mp4"), *options).returncode == 0
    answer = here("inflate", str(picture), str(tmp_path / "b.mp4"), "--mode", "zoom", "-w", str(labelled))
    assert answer.returncode == 1
    assert "no inflation 'zoom'" in answer.stderr


def test_segments__of_a_video(labelled: Path, world: Path, here):
    video = str(world / "web" / "video" / "red_right" / "long.mp4")
    answer = here("segments", video, "-r", "unfiltered", "-w", str(labelled), "--json")
    assert answer.returncode == 0, answer.stderr
    found = json.loads(answer.stdout)
    assert found["class"] == "red_right"  # the recipe takes the query's word
    assert {one["role"] for one in found["segments"]} == {"positive"}
    lines = here("segments", video, "-r", "unfiltered", "-w", str(labelled)).stdout.splitlines()
    assert lines[-1] == f"red_right: {len(found['segments'])} positive, 0 other, 0 negative"


def test_segments__of_what_is_no_item(labelled: Path, here):
    answer = here("segments", "/nowhere.mp4", "-r", "unfiltered", "-w", str(labelled))
    assert answer.returncode == 1
    assert "/nowhere.mp4 is no item of" in answer.stderr
