"""CLIP of the house against open_clip's own results, on a tiny network with random weights."""

import sys
from pathlib import Path

import numpy as np
import open_clip
import pytest
import torch
from PIL import Image

from omnisource.clip_config import ClipConfig
from omnisource.errors import CheckpointError, ConfigError, MissingExtraError
from omnisource.models import clip
from omnisource.models.predict import average_views, prepare_for_inference
from tests.tiny_clip import IMAGE_PX, MEAN, save_tiny_clip

CPU = torch.device("cpu")
CLASSES = ("riding_a_bike", "yoyo", "kick")
TEMPLATES = ("a photo of {}.", "a video of a person {}.")
TOLERANCE = {"atol": 1e-5, "rtol": 0}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny_clip(tmp_path_factory.mktemp("clip") / "tiny")


@pytest.fixture(scope="module")
def ours(folder: Path) -> clip.Clip:
    return clip.load(ClipConfig(name=str(folder)), CPU)


@pytest.fixture(scope="module")
def theirs(folder: Path):
    model, _, preprocess = open_clip.create_model_and_transforms(f"local-dir:{folder}")
    return model.eval(), preprocess, open_clip.get_tokenizer(f"local-dir:{folder}")


@pytest.fixture
def frames(rng: np.random.Generator) -> list[np.ndarray]:
    sizes = ((48, 64), (90, 40), (32, 32))
    return [rng.integers(0, 256, (height, width, 3), dtype=np.uint8) for height, width in sizes]


@torch.inference_mode()
def test_encode_images__is_open_clips_own(ours: clip.Clip, theirs: tuple, frames: list[np.ndarray]):
    model, preprocess, _ = theirs
    pictures = torch.stack([preprocess(Image.fromarray(frame)) for frame in frames])
    expected = model.encode_image(pictures, normalize=True).numpy()
    np.testing.assert_allclose(clip.encode_images(ours, frames), expected, **TOLERANCE)


@torch.inference_mode()
def test_encode_texts__is_open_clips_own_over_many_sentences(ours: clip.Clip, theirs: tuple):
    model, _, tokenizer = theirs
    sentences = [f"a photo of {number} dogs" for number in range(300)]  # more than are encoded at once
    expected = model.encode_text(tokenizer(sentences), normalize=True).numpy()
    np.testing.assert_allclose(clip.encode_texts(ours, sentences), expected, **TOLERANCE)


@torch.inference_mode()
def test_encode_classes__is_open_clips_zero_shot_classifier(ours: clip.Clip, theirs: tuple):
    model, _, tokenizer = theirs
    names = ["riding a bike", "yoyo", "kick"]
    expected = open_clip.build_zero_shot_classifier(model, tokenizer, names, TEMPLATES).T.numpy()
    sentences = clip.prompts(CLASSES, TEMPLATES, {})
    np.testing.assert_allclose(clip.encode_classes(ours, sentences), expected, **TOLERANCE)


@torch.inference_mode()
def test_zero_shot_probs__are_open_clips_logits(ours: clip.Clip, theirs: tuple, frames: list[np.ndarray]):
    model, preprocess, tokenizer = theirs
    pictures = torch.stack([preprocess(Image.fromarray(frame)) for frame in frames])
    sentences = ["a photo of a cat.", "a photo of a dog."]
    expected = model.get_logits(pictures, tokenizer(sentences))[0].softmax(dim=-1).numpy()
    images, classes = clip.encode_images(ours, frames), clip.encode_texts(ours, sentences)
    np.testing.assert_allclose(clip.zero_shot_probs(ours, images, classes), expected, **TOLERANCE)


def test_zero_shot_network__says_the_same_of_a_picture_of_its_size(ours: clip.Clip, frames: list[np.ndarray]):
    classes = clip.encode_classes(ours, clip.prompts(CLASSES, TEMPLATES, {}))
    network, seen = clip.zero_shot_network(ours, classes)
    assert (network.dims, network.num_classes) == (2, 3)
    assert (seen.input.short_side_px, seen.test.crop_px, seen.test.average) == (IMAGE_PX, IMAGE_PX, "features")
    assert seen.input.mean == pytest.approx([255 * one for one in MEAN])
    square = frames[2]
    picture = (torch.from_numpy(square).float() - torch.tensor(seen.input.mean)) / torch.tensor(seen.input.std)
    views = picture.permute(2, 0, 1)[None, None, :, None]  # (B, V, C, T, H, W)
    got = average_views(prepare_for_inference(network, CPU), views, seen.test.average).numpy()
    expected = clip.zero_shot_probs(ours, clip.encode_images(ours, [square]), classes)
    np.testing.assert_allclose(got, expected, **TOLERANCE)


def test_zero_shot_network__averages_frames_before_it_compares(ours: clip.Clip, rng: np.random.Generator):
    classes = clip.encode_classes(ours, clip.prompts(CLASSES, TEMPLATES, {}))
    network, _ = clip.zero_shot_network(ours, classes)
    clips = torch.from_numpy(rng.normal(size=(1, 3, 2, IMAGE_PX, IMAGE_PX))).float()
    with torch.inference_mode():
        first, second = (network.features(clips[:, :, at : at + 1]) for at in range(2))
        expected = network.classify((first + second) / 2)
        torch.testing.assert_close(network(clips), expected)


def test_prompts__texts_stand_for_the_name_in_every_template():
    texts = {"yoyo": ["a yo-yo", "a toy on a string"]}
    assert clip.prompts(("high_kick", "yoyo"), ("a photo of {}.", "{}!"), texts) == [
        ["a photo of high kick.", "high kick!"],
        ["a photo of a yo-yo.", "a yo-yo!", "a photo of a toy on a string.", "a toy on a string!"],
    ]


def test_prompts__braces_in_a_name_stay():
    assert clip.prompts(("a{b",), ("see {}",), {}) == [["see a{b"]]


def test_prompts__texts_about_an_unknown_class_are_refused():
    with pytest.raises(ConfigError, match="the class 'yo-yo', which is not there; did you mean 'yoyo'"):
        clip.prompts(("yoyo", "kick"), TEMPLATES, {"yo-yo": ["a toy"]})


def test_load__random_weights_follow_from_the_seed(folder: Path):
    settings = ClipConfig(name=str(folder), pretrained="none")
    first, again, other = (clip.load(settings, CPU, seed=seed) for seed in (1, 1, 2))
    sentence = ["a cat"]
    assert np.array_equal(clip.encode_texts(first, sentence), clip.encode_texts(again, sentence))
    assert not np.allclose(clip.encode_texts(first, sentence), clip.encode_texts(other, sentence))


def test_load__a_folder_without_weights_is_refused(tmp_path: Path):
    folder = save_tiny_clip(tmp_path / "bare")
    (folder / "open_clip_model.safetensors").unlink()
    with pytest.raises(CheckpointError, match="cannot be had: Required pretrained weights"):
        clip.load(ClipConfig(name=str(folder)), CPU)


def test_load__a_folder_without_settings_is_refused(tmp_path: Path):
    with pytest.raises(ConfigError, match="has no open_clip_config.json"):
        clip.load(ClipConfig(name=str(tmp_path)), CPU)


@pytest.mark.parametrize(
    ("name", "pretrained", "said"),
    [
        ("ViT-B-23", "openai", "open_clip has no network 'ViT-B-23', and it is no folder; near: .*ViT-B-32"),
        ("ViT-B-32", "laion3b", "'laion3b' is neither a file nor weights of 'ViT-B-32'; those of open_clip: openai"),
    ],
)
def test_load__what_open_clip_does_not_know_is_named(name: str, pretrained: str, said: str):
    with pytest.raises(ConfigError, match=said):
        clip.load(ClipConfig(name=name, pretrained=pretrained), CPU)


def test_load__a_broken_file_of_weights_is_refused(tmp_path: Path):
    broken = tmp_path / "broken.pt"
    broken.write_bytes(b"no weights")
    with pytest.raises(CheckpointError, match="CLIP network 'RN50' with weights .*broken.pt' cannot be had"):
        clip.load(ClipConfig(name="RN50", pretrained=str(broken)), CPU)


def test_load__offline_it_says_what_else_could_be_given(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    for name in ("https_proxy", "HTTPS_PROXY", "http_proxy", "HTTP_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(CheckpointError, match="cannot be had: .*give a file of its weights as `pretrained`"):
        clip.load(ClipConfig(name="RN50", pretrained="yfcc15m"), CPU)


def test_load__without_open_clip_the_extra_is_named(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "open_clip", None)
    with pytest.raises(MissingExtraError, match=r"needs open_clip, which is not installed: .*omnisource\[scale\]"):
        clip.load(ClipConfig(), CPU)
