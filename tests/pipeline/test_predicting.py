"""Files that nobody labelled get the classes that `evaluate` would give them; long videos a timeline."""

import json
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from omnisource import config
from omnisource.pipeline import evaluation, predicting, training
from omnisource.pipeline.collecting import collect_target
from omnisource.pipeline.named_network import NamedNetwork, find_network
from omnisource.pipeline.predicting import Options
from omnisource.workspace import Workspace
from tests import micro_world

ONE_VIEW = Options(protocol="fast", timeline="never")


@pytest.fixture
def named(labelled: Workspace) -> NamedNetwork:
    return find_network("tsn-baseline", labelled)


def confidences(prediction: predicting.Prediction, num_classes: int) -> np.ndarray:
    """(K,) by class index."""
    by_class = {guess.class_index: guess.confidence for guess in prediction.top}
    return np.array([by_class[index] for index in range(num_classes)])


@pytest.mark.parametrize("run", ["tsn-baseline", "slowonly-baseline"])
def test_predict__is_what_evaluate_stores(labelled: Workspace, run: str):
    evaluation.evaluate(labelled, run, progress=False)
    stored = pq.read_table(labelled.run(run) / "predictions.parquet").to_pylist()
    paths = [Path(row["path"]) for row in stored]
    answers = predicting.predict(find_network(run, labelled), paths, Options(top=3), progress=False)
    assert [prediction.path for prediction in answers.predictions] == paths
    for row, prediction in zip(stored, answers.predictions, strict=True):
        np.testing.assert_allclose(confidences(prediction, 3), row["probs"], atol=1e-6)
        assert prediction.top[0].class_name == row["predicted_name"]
        assert prediction.timeline == ()  # two seconds


def test_predict__follows_the_protocol_of_the_study(labelled: Workspace):
    clip = labelled.study().target.root / "val" / "red_right" / "0.mp4"

    def said() -> float:
        named = find_network("tsn-baseline", labelled)
        return predicting.predict(named, [clip], progress=False).predictions[0].top[0].confidence

    before = said()
    study = config.override(labelled.study(), ["networks.tsn.test.crops=ten", "networks.tsn.test.num_clips=5"])
    config.save(study, labelled.study_path)
    assert said() != before


def test_predict__fast_sees_one_view_of_the_training_frames(labelled: Workspace):
    named = find_network("slowonly-baseline", labelled)
    one_clip = named.config.test.model_copy(update={"crops": "center", "num_clips": 1})
    by_hand = named.config.model_copy(update={"test": one_clip})
    clip = labelled.study().target.root / "val" / "red_right" / "0.mp4"
    fast = predicting.predict(named, [clip], ONE_VIEW, progress=False)
    config.save(config.override(labelled.study(), ["networks.slowonly.test.num_clips=1"]), labelled.study_path)
    assert find_network("slowonly-baseline", labelled).config == by_hand
    assert fast == predicting.predict(find_network("slowonly-baseline", labelled), [clip], progress=False)


def test_predict__the_top_is_ordered_and_as_long_as_asked(named: NamedNetwork, world: Path):
    answers = predicting.predict(named, [world / "web/image/red_right/0.png"], Options(top=2), progress=False)
    (prediction,) = answers.predictions
    assert prediction.duration_s is None
    first, second = prediction.top
    assert 1 >= first.confidence >= second.confidence >= 0
    assert {first.class_name, second.class_name} < set(micro_world.CLASSES)


@pytest.mark.parametrize(
    ("run", "timeline", "over_s", "num_segments"),
    [
        ("tsn-baseline", "auto", 10.0, 11),  # 88 frames at 8 a second in segments of 1 s
        ("slowonly-baseline", "auto", 10.0, 6),  # of 2 s; the last second is half a segment, so it counts
        ("tsn-baseline", "auto", 11.0, 0),  # not longer than that
        ("tsn-baseline", "always", 30.0, 11),
        ("tsn-baseline", "never", 1.0, 0),
    ],
)
def test_predict__timelines_cover_long_videos(
    labelled: Workspace, world: Path, run: str, timeline: str, over_s: float, num_segments: int
):
    paths = [world / "web/video/red_right/long.mp4", world / "web/image/red_right/0.png"]
    options = Options(timeline=timeline, timeline_over_s=over_s)
    answers = predicting.predict(find_network(run, labelled), paths, options, progress=False)
    video, picture = answers.predictions
    assert video.duration_s == pytest.approx(11.0)
    assert picture.timeline == ()
    assert sum(span.num_segments for span in video.timeline) == num_segments
    if num_segments:
        assert (video.timeline[0].start_s, video.timeline[-1].end_s) == (0.0, pytest.approx(11.0))
    for before, after in zip(video.timeline, video.timeline[1:]):
        assert (before.end_s, before.class_index != after.class_index) == (after.start_s, True)


def test_predict__equal_files_have_a_timeline_each(named: NamedNetwork, world: Path, tmp_path: Path):
    video = world / "web/video/red_right/long.mp4"
    (tmp_path / "copy.mp4").write_bytes(video.read_bytes())
    options = Options(timeline="always", protocol="fast")
    answers = predicting.predict(named, [video, tmp_path / "copy.mp4"], options, progress=False)
    first, second = answers.predictions
    assert first.timeline == second.timeline != ()


def test_join_segments__neighbours_of_one_class_become_one_span():
    spans = predicting.join_segments(
        np.array([0.0, 1.0, 2.0, 3.0]),
        np.array([1.0, 2.0, 3.0, 3.6]),
        np.array([2, 2, 0, 2]),
        np.array([0.5, 0.7, 0.9, 0.4]),
        ["a", "b", "c"],
    )
    told = [(s.start_s, s.end_s, s.class_name, pytest.approx(s.confidence), s.num_segments) for s in spans]
    assert told == [(0.0, 2.0, "c", 0.6, 2), (2.0, 3.0, "a", 0.9, 1), (3.0, 3.6, "c", 0.4, 1)]


def test_predict__what_cannot_be_read_is_told_beside_the_others(named: NamedNetwork, world: Path):
    good, page = world / "web/clip/red_right/0.mp4", world / "web/image/red_right/page.jpg"
    paths = [page, good, world / "gone.mp4", world / "web/clip/red_right/empty.mp4"]
    answers = predicting.predict(named, paths, ONE_VIEW, progress=False)
    assert [prediction.path for prediction in answers.predictions] == [good]
    told = [(left.path, left.reason) for left in answers.unreadable]
    assert told == [(page, "not_media"), (paths[2], "missing_file"), (paths[3], "empty_file")]


def test_predict__a_damaged_video_is_told_too(named: NamedNetwork, world: Path, tmp_path: Path):
    whole = (world / "web/clip/red_right/0.mp4").read_bytes()
    cut = tmp_path / "cut.mp4"
    cut.write_bytes(whole[: len(whole) * 2 // 3])  # the index is in front, the last frames are gone
    answers = predicting.predict(named, [cut], ONE_VIEW, progress=False)
    assert answers.predictions == ()
    assert [left.path for left in answers.unreadable] == [cut]


def test_as_document__is_json_with_everything(named: NamedNetwork, world: Path):
    options = Options(top=1, timeline="always", protocol="fast")
    paths = [world / "web/video/red_right/long.mp4", world / "gone.mp4"]
    document = json.loads(
        json.dumps(predicting.as_document(predicting.predict(named, paths, options, progress=False), named))
    )
    assert document["network"] == "tsn-baseline"
    (video,) = document["predictions"]
    assert video["path"] == str(paths[0])
    assert video["top"][0].keys() == {"class_index", "class_name", "confidence"}
    assert video["timeline"][0]["start_s"] == 0.0
    assert document["unreadable"] == [
        {"path": str(paths[1]), "reason": "missing_file", "detail": f"{paths[1]}: No such file or directory"}
    ]


@pytest.mark.real_data
@pytest.mark.slow
def test_predict__real_clips_are_what_evaluate_stores(real_data: Path, tmp_path: Path):
    values = {
        "device": "cpu",
        "target": {"root": str(real_data), "reader": "path_label", "train": "train.txt", "val": "val.txt"}
        | {"classes": "classes.txt"},
        "networks": {
            "tsn": {
                "model": {"backbone": "resnet10", "width": 0.1, "pretrained": "none"},
                "input": {"short_side_px": 72, "crop_px": 64},
                "optim": {"epochs": 1},
                "test": {"num_clips": 5, "crops": "three", "crop_px": 64},
            }
        },
        "student": "tsn",
    }
    workspace = Workspace.create(tmp_path / "w", config.parse(config.Study, values, where="test"))
    collect_target(workspace)
    training.train(workspace, "tsn", None, progress=False)
    evaluation.evaluate(workspace, "tsn-baseline", progress=False)
    stored = pq.read_table(workspace.run("tsn-baseline") / "predictions.parquet").to_pylist()
    paths = [Path(row["path"]) for row in stored]
    answers = predicting.predict(find_network("tsn-baseline", workspace), paths, Options(top=8), progress=False)
    assert len(paths) == len(answers.predictions) == 61
    for row, prediction in zip(stored, answers.predictions, strict=True):
        np.testing.assert_allclose(confidences(prediction, 8), row["probs"], atol=1e-6)
