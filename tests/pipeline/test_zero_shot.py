"""A teacher of class names alone scores web data before anything was trained."""

import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

from omnisource import config, media
from omnisource.config import ClipConfig
from omnisource.errors import ConfigError, DataError, WorkspaceError
from omnisource.models import clip
from omnisource.pipeline import progress, recipes, scoring, stages, zero_shot
from omnisource.pipeline.encoders import load_encoder
from omnisource.pipeline.frame_features import measure_web_features
from omnisource.pipeline.similar_state import web_features
from omnisource.pipeline.stage_views import stage_views
from omnisource.types import Format
from omnisource.workspace import Workspace
from tests import workspaces
from tests.tiny_clip import IMAGE_PX, save_tiny_clip

CPU = torch.device("cpu")
TEACHER = "teachers={clip: {clip: {name: tiny, templates: ['a photo of {}.']}}}"


@pytest.fixture(scope="module")
def _cold_once(one_epoch: config.Study, tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = Workspace.create(tmp_path_factory.mktemp("cold") / "work", one_epoch)
    save_tiny_clip(made.root / "tiny")
    workspaces.change(made, TEACHER)
    stages.run(made, stages.Options(recipes=(), progress=False), lambda _: None, stop="check")
    return made.root


@pytest.fixture
def cold(_cold_once: Path, tmp_path: Path) -> Workspace:
    """Labelled clips, checked web data and a CLIP teacher; nothing was trained."""
    return Workspace(shutil.copytree(_cold_once, tmp_path / "cold"))


def test_score__a_clip_teacher_needs_no_training(cold: Workspace):
    assert scoring.score(cold, "clip", progress=False) == 12 + 6 + 3 * 11  # pictures, clips, seconds of long videos
    assert cold.runs() == []
    rows = cold.table("scores/clip").read().to_pylist()
    assert all(sum(row["top_probs"]) == pytest.approx(1, abs=1e-5) for row in rows)  # three classes, all are kept
    assert {row["format"] for row in rows} == {str(one) for one in Format}


def test_score__a_picture_gets_open_clips_probabilities(cold: Workspace):
    scoring.score(cold, "clip", progress=False)
    loaded = zero_shot.load_clip(cold, ClipConfig(name="tiny"), CPU)
    classes = clip.encode_classes(loaded, [[f"a photo of {name.replace('_', ' ')}."] for name in cold.taxonomy().names])
    paths = {row["key"]: Path(row["path"]) for row in cold.table("items").read().to_pylist()}
    for row in cold.table("scores/clip").read().to_pylist()[:12]:
        frame = media.read_image(paths[row["key"]], short_side_px=IMAGE_PX)
        height, width = frame.shape[:2]
        left, top = (width - IMAGE_PX) // 2, (height - IMAGE_PX) // 2
        square = frame[top : top + IMAGE_PX, left : left + IMAGE_PX]
        probs = clip.zero_shot_probs(loaded, clip.encode_images(loaded, [square]), classes)[0]
        assert row["top_class"] == int(np.argmax(probs))
        assert row["confidence"] == pytest.approx(float(probs.max()), abs=1e-5)


def test_score__a_second_time_nothing_is_scored(cold: Workspace):
    scoring.score(cold, "clip", progress=False)
    before = [(part.name, part.stat().st_mtime_ns) for part in cold.table("scores/clip").parts()]
    scoring.score(cold, "clip", progress=False)
    assert [(part.name, part.stat().st_mtime_ns) for part in cold.table("scores/clip").parts()] == before


def test_score__other_sentences_are_refused_until_redo(cold: Workspace):
    scoring.score(cold, "clip", progress=False)
    workspaces.change(cold, "teachers.clip.clip.templates=['a drawing of {}.']")
    with pytest.raises(WorkspaceError, match="'scores/clip' was made with sentences = .*--redo"):
        scoring.score(cold, "clip", progress=False)
    assert scoring.score(cold, "clip", progress=False, redo=True) == 51


def test_networks_to_teach__a_clip_teacher_is_not_taught(cold: Workspace):
    assert progress.networks_to_teach(cold) == ["slowonly"]  # the student, as its own baseline
    found = progress.facts_of(cold)
    assert (found.scored, found.is_unscored) == ({"clip": 0}, True)
    scoring.score(cold, "clip", progress=False)
    assert {one.name: one.text for one in stage_views(cold)}["score"] == "scored segments: clip 51"


def test_resolve__a_clip_teacher_scores_every_format_where_it_is_alone(cold: Workspace):
    resolved = recipes.resolve(config.Recipe(), cold.study())
    # the student is 3D and reads ten-second segments, which a teacher of single frames does not score (3.5)
    assert resolved.teachers == {Format.IMAGE: "clip", Format.TRIMMED: "clip"}


def test_class_sentences__texts_of_a_file_stand_for_names(cold: Workspace):
    (cold.root / "texts.csv").write_text("class,text\nred_right,a red square\nred_right,something red\n")
    sentences = zero_shot.class_sentences(cold, ClipConfig(templates=("see {}",), texts=Path("texts.csv")))
    assert dict(zip(cold.taxonomy().names, sentences))["red_right"] == ["see a red square", "see something red"]
    assert dict(zip(cold.taxonomy().names, sentences))["green_down"] == ["see green down"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("class;text\nred;blue\n", "needs the columns class,text and a line for each text"),
        ("class,text\n", "needs the columns class,text and a line for each text"),
        ("class,text\nred,\n", "texts.csv:2: a line needs a class and a text"),
        (None, "cannot be read: .*; save a CSV with the columns class,text"),
    ],
)
def test_read_texts__says_what_is_wrong(tmp_path: Path, text: str | None, said: str):
    path = tmp_path / "texts.csv"
    if text is not None:
        path.write_text(text)
    with pytest.raises(DataError, match=said):
        zero_shot.read_texts(path)


def test_clip_weights__change_with_the_files(fresh: Workspace):
    folder = save_tiny_clip(fresh.root / "tiny")
    settings = ClipConfig(name="tiny")
    before = zero_shot.clip_weights(fresh, settings)
    weights = folder / "open_clip_model.safetensors"
    weights.write_bytes(weights.read_bytes() + b" ")
    assert zero_shot.clip_weights(fresh, settings) != before
    assert zero_shot.clip_weights(fresh, ClipConfig(name="tiny", pretrained="none")) == "random, seed 0"
    assert zero_shot.clip_weights(fresh, ClipConfig(pretrained="openai")) == "openai"


def test_measure_web_features__by_clip(cold: Workspace):
    workspaces.change(cold, f"features={{clip: {{name: tiny}}, frame_px: {IMAGE_PX}}}")
    measure_web_features(cold, progress=False)
    table = web_features(cold)
    assert table.name == "features/clip-tiny-laion2b_s34b_b79k/web"
    rows = table.read().to_pylist()
    assert len(rows) == 12 + 6 + 3 * 11  # a picture, the middle of 1.5 s, every second of 11
    path = next(Path(r["path"]) for r in cold.table("items").read().to_pylist() if r["key"] == rows[0]["key"])
    loaded = zero_shot.load_clip(cold, ClipConfig(name="tiny"), CPU)
    whole = clip.encode_images(loaded, [media.read_image(path)])[0]  # cut to its centre, the features' are squeezed
    assert float(np.dot(whole, rows[0]["vector"])) > 0.8


def test_load_encoder__frames_of_another_size_are_refused(cold: Workspace):
    workspaces.change(cold, "features={clip: {name: tiny}}")
    with pytest.raises(ConfigError, match="features.frame_px is 224, but .*tiny sees 32 pixels; set features.frame_px"):
        load_encoder(cold, CPU)
