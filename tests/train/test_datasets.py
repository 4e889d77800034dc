from dataclasses import replace

import numpy as np
import pytest

from omnisource.config import InflationConfig, InputConfig, SnippetConfig, TrainConfig
from omnisource.errors import WorkspaceError
from omnisource.train.batches import Draw
from omnisource.train.datasets import DroppedSample, ExampleDataset
from omnisource.transform.warp import warp_cv2
from omnisource.types import Example, Format, Segment
from tests.flow_files import numbers_of, write_counting_flow

REPLICATE = TrainConfig(inflation=InflationConfig(mode="replicate"))
WHOLE = InputConfig(short_side_px=32, crop_px=32, crop="center", flip=0)


def dataset(examples, network, train=REPLICATE, **settings) -> ExampleDataset:
    return ExampleDataset({"s": examples}, network, train, **settings)


def read(examples, network, train=REPLICATE, *, seed: int = 0, index: int = 0, **settings):
    return dataset(examples, network, train, **settings)[Draw("s", index, seed)]


def shown_frames(sample) -> list[int]:
    """Blue is six times the frame number, see conftest; compression shifts it by less than three."""
    return np.round(sample.frames[..., 2].mean(axis=(1, 2)) / 6).astype(int).tolist()


@pytest.mark.parametrize("arch, num_frames", [("tsn", 3), ("slowonly", 3)])
def test_getitem__video_becomes_a_clip(world, tiny, arch, num_frames):
    network, _ = tiny(arch)
    sample = read(world.target, network, index=1)
    assert sample.frames.shape == (num_frames, 64, 64, 3) and sample.frames.dtype == np.uint8
    assert sample.homographies is None and sample.class_index == 1


def test_getitem__2d_sees_one_frame_of_each_third(world, tiny):
    network, _ = tiny("tsn")
    network = network.model_copy(update={"input": WHOLE})
    for seed in range(5):
        shown = shown_frames(read(world.target, network, seed=seed))
        assert [frame // 4 for frame in shown] == [0, 1, 2]  # 12 frames, 3 parts


def test_getitem__3d_sees_equally_spaced_frames(world, tiny):
    network, _ = tiny("slowonly")
    network = network.model_copy(update={"input": WHOLE})
    starts = set()
    for seed in range(8):
        shown = shown_frames(read(world.target, network, seed=seed))
        assert np.diff(shown).tolist() == [2, 2]  # frame_interval 2
        starts.add(shown[0])
    assert len(starts) > 1


@pytest.mark.parametrize(
    "composition, positives", [("1_positive_2_negative", 1), ("2_positive_1_negative", 2), ("positive", 3)]
)
def test_getitem__2d_composes_snippets_of_an_untrimmed_video(world, tiny, composition, positives):
    network, _ = tiny("tsn")
    network = network.model_copy(update={"input": WHOLE})
    train = TrainConfig(snippets=SnippetConfig(composition=composition))
    for seed in range(5):
        shown = shown_frames(read(world.untrimmed, network, train, seed=seed))
        # 8 FPS: seconds 0 and 2 are positive, 1 and 3 negative
        assert sum(frame // 8 in (0, 2) for frame in shown) == positives


def test_getitem__random_composition_uses_both_sides(world, tiny):
    network, _ = tiny("tsn")
    network = network.model_copy(update={"input": WHOLE})
    train = TrainConfig(snippets=SnippetConfig(composition="random"))
    shown = [shown_frames(read(world.untrimmed, network, train, seed=seed)) for seed in range(8)]
    assert {frame // 8 for frames in shown for frame in frames} == {0, 1, 2, 3}


def test_getitem__within_positive_takes_all_snippets_from_one_positive_segment(world, tiny):
    network, _ = tiny("tsn")
    network = network.model_copy(update={"input": WHOLE})
    train = TrainConfig(snippets=SnippetConfig(composition="within_positive"))
    seconds = set()
    for seed in range(8):
        shown = shown_frames(read(world.untrimmed, network, train, seed=seed))
        assert len({frame // 8 for frame in shown}) == 1  # 8 FPS, segments of a second
        assert shown == sorted(set(shown))  # one frame of each part, as in a trimmed clip
        seconds |= {frame // 8 for frame in shown}
    assert seconds == {0, 2}


def test_getitem__3d_stays_inside_one_positive_segment(world, tiny):
    network, _ = tiny("slowonly")
    network = network.model_copy(update={"input": WHOLE})
    seconds = set()
    for seed in range(8):
        shown = {frame // 8 for frame in shown_frames(read(world.untrimmed, network, seed=seed))}
        assert len(shown) == 1
        seconds |= shown
    assert seconds == {0, 2}


@pytest.mark.parametrize("arch", ["tsn", "slowonly"])
def test_getitem__untrimmed_without_segments_is_sampled_as_a_whole(world, tiny, arch):
    network, _ = tiny(arch)
    network = network.model_copy(update={"input": WHOLE})
    whole = [replace(world.untrimmed[0], segments=(), negatives=())]
    shown = [shown_frames(read(whole, network, seed=seed)) for seed in range(12)]
    assert {frame // 8 for frames in shown for frame in frames} == {0, 1, 2, 3}


def test_getitem__image_is_one_frame_for_2d(world, tiny):
    network, _ = tiny("tsn")
    assert read(world.images, network).frames.shape == (1, 64, 64, 3)


def test_getitem__image_is_a_still_clip_for_3d(world, tiny):
    network, _ = tiny("slowonly")
    frames = read(world.images, network).frames
    assert frames.shape == (3, 64, 64, 3)
    assert (frames == frames[:1]).all()


@pytest.mark.parametrize("mode", ["translate_random", "translate_constant", "perspective", "perspective_class"])
def test_getitem__image_becomes_a_moving_clip(world, tiny, mode):
    network, _ = tiny("slowonly")
    train = TrainConfig(inflation=InflationConfig(mode=mode, translation=0.05))
    frames = read(world.images, network, train, motions=world.motions).frames
    still = read(world.images, network).frames
    assert (frames[0] == still[0]).all()  # J_1 = I, and the view is drawn before the camera moves
    assert (frames[1] != frames[0]).any() and (frames[2] != frames[1]).any()


def test_getitem__perspective_class_uses_the_motion_of_the_class(world, tiny):
    network, _ = tiny("slowonly")
    fast = replace(world.motions.agnostic, covariance=1e-4 * np.eye(8))
    motions = replace(world.motions, by_class={0: fast})
    by_class, agnostic = (
        [
            read(world.images, network, TrainConfig(inflation=InflationConfig(mode=mode)), motions=motions, index=i)
            for i in (0, 1)
        ]
        for mode in ("perspective_class", "perspective")
    )
    assert (by_class[0].frames != agnostic[0].frames).any()
    assert (by_class[1].frames == agnostic[1].frames).all()  # class 1 has no motion of its own


def test_init__perspective_without_motion_says_what_to_do(world, tiny):
    network, _ = tiny("slowonly")
    with pytest.raises(WorkspaceError, match="inflation.mode=perspective needs the camera motion.*fit it first"):
        dataset(world.images, network, TrainConfig())


def test_init__2d_needs_no_motion(world, tiny):
    network, _ = tiny("tsn")
    dataset(world.images, network, TrainConfig())


def test_getitem__same_seed_same_sample_another_seed_another(world, tiny):
    network, _ = tiny("slowonly")
    train = TrainConfig()
    first, again, other = (read(world.images, network, train, seed=s, motions=world.motions) for s in (5, 5, 6))
    assert (first.frames == again.frames).all()
    assert (first.frames != other.frames).any()


@pytest.mark.parametrize("crop", ["random_resized", "multi_scale", "center"])
def test_getitem__every_crop_gives_the_networks_size(world, tiny, crop):
    network, _ = tiny("tsn")
    network = network.model_copy(update={"input": InputConfig(short_side_px=40, crop_px=36, crop=crop)})
    assert read(world.target, network).frames.shape == (3, 36, 36, 3)


def test_getitem__flip_mirrors_the_whole_clip(world, tiny):
    network, _ = tiny("tsn")
    plain, mirrored = (
        read(world.target, network.model_copy(update={"input": WHOLE.model_copy(update={"flip": flip})}))
        for flip in (0.0, 1.0)
    )
    assert (mirrored.frames == plain.frames[:, :, ::-1]).all()


@pytest.mark.parametrize("kind", ["target", "images", "untrimmed"])
def test_getitem__homographies_for_a_device_give_the_same_clip(world, tiny, kind):
    network, _ = tiny("slowonly")
    examples = getattr(world, kind)
    train = TrainConfig()
    warped, raw = (read(examples, network, train, motions=world.motions, warp=warp) for warp in (True, False))
    assert len(raw.frames) == (1 if kind == "images" else 3)
    assert raw.homographies.shape == (3, 3, 3)
    assert (warp_cv2(raw.frames, raw.homographies, 64) == warped.frames).all()


def test_getitem__an_unusable_item_is_dropped_with_its_reason(world, tiny):
    network, _ = tiny("tsn")
    sample = read([world.broken], network)
    assert isinstance(sample, DroppedSample)
    assert (sample.path, sample.reason) == (world.broken.path, "not_media")


def test_getitem__a_missing_file_is_dropped(world, tiny):
    network, _ = tiny("tsn")
    gone = replace(world.target[0], path=world.target[0].path.with_name("gone.mp4"))
    assert read([gone], network).reason == "missing_file"


def test_getitem__any_other_error_propagates(world, tiny):
    network, _ = tiny("tsn")
    with pytest.raises(IndexError):
        read(world.target, network, index=99)


def flow_example(path, num_frames: int = 30, **fields) -> Example:
    write_counting_flow(path, num_frames)
    return Example(path=path, format=Format.TRIMMED, source="s", class_index=0, **fields)


def on_flow(network, **model):
    """The same network on flow, of which it sees whole frames of 32 x 40."""
    model = network.model.model_copy(update={"format": "flow"} | model)
    return network.model_copy(update={"model": model, "input": WHOLE})


def test_getitem__2d_stacks_consecutive_flow_of_each_third(tiny, tmp_path):
    network = on_flow(tiny("tsn")[0], flow_frames=5)
    example = flow_example(tmp_path / "f.mp4")
    starts = set()
    for seed in range(6):
        frames = read([example], network, seed=seed).frames
        assert frames.shape == (3, 32, 32, 10)
        means = frames.mean(axis=(1, 2))  # (snippets, channels)
        x, y = means[:, 0::2], means[:, 1::2]
        shown = np.array(numbers_of(x))
        assert (np.diff(shown, axis=1) == 1).all()
        # 30 frames leave 26 starts: parts of 8
        assert [start // 8 for start in shown[:, 0]] == [0, 1, 2]
        np.testing.assert_allclose(x + y, 255, atol=2)  # y = 255 - x, beside the x of the same frame
        starts.add(tuple(shown[:, 0]))
    assert len(starts) > 1


def test_getitem__3d_sees_spaced_flow(tiny, tmp_path):
    frames = read([flow_example(tmp_path / "f.mp4")], on_flow(tiny("slowonly")[0])).frames
    assert frames.shape == (3, 32, 32, 2)
    assert np.diff(numbers_of(frames[..., 0].mean(axis=(1, 2)))).tolist() == [2, 2]  # frame_interval 2


def test_getitem__a_mirrored_flow_points_the_other_way(tiny, tmp_path):
    network = on_flow(tiny("slowonly")[0])
    mirrored = network.model_copy(update={"input": WHOLE.model_copy(update={"flip": 1.0})})
    example = flow_example(tmp_path / "f.mp4")
    for warp in (True, False):
        there, back = (read([example], n, warp=warp).frames for n in (network, mirrored))
        np.testing.assert_array_equal(back[..., 0].mean(axis=(1, 2)), 255 - there[..., 0].mean(axis=(1, 2)))
        np.testing.assert_array_equal(back[..., 1].mean(axis=(1, 2)), there[..., 1].mean(axis=(1, 2)))


def test_getitem__flow_of_chosen_segments_stays_inside_them(tiny, tmp_path):
    network = on_flow(tiny("tsn")[0], flow_frames=5)
    spans = [Segment(key=bytes(16), start_s=s, end_s=s + 1.0) for s in range(3)]  # 10 frames each
    example = replace(
        flow_example(tmp_path / "f.mp4"),
        format=Format.UNTRIMMED,
        segments=(spans[1],),
        negatives=(spans[0], spans[2]),
    )
    for seed in range(6):
        frames = read([example], network, TrainConfig(), seed=seed).frames
        shown = np.array(numbers_of(frames[..., 0::2].mean(axis=(1, 2))))
        assert (np.diff(shown, axis=1) == 1).all()
        seconds = shown // 10
        assert (seconds == seconds[:, :1]).all()
        assert sorted(seconds[:, 0].tolist()).count(1) == 1  # 1 positive, 2 negatives


def test_getitem__flow_is_resized_without_mixing_x_and_y(tiny, tmp_path):
    network = on_flow(tiny("slowonly")[0])
    network = network.model_copy(update={"input": InputConfig(short_side_px=16, crop_px=16, crop="center", flip=0)})
    frames = read([flow_example(tmp_path / "f.mp4")], network).frames
    assert frames.shape == (3, 16, 16, 2)
    np.testing.assert_allclose(frames[..., 0].astype(int) + frames[..., 1], 255, atol=4)


def test_getitem__without_a_flow_file_is_dropped(tiny, tmp_path):
    gone = Example(path=tmp_path / "gone.mp4", format=Format.TRIMMED, source="s", class_index=0)
    assert read([gone], on_flow(tiny("tsn")[0])).reason == "missing_file"
