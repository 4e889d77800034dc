"""`presets` and `init --preset` as a person meets them."""

import json
from collections.abc import Callable
from pathlib import Path

import cv2
import pytest

from omnisource import config, presets
from tests import released_world
from tests.commands.conftest import Answer

TARGET = ["--reader", "folders", "--train", "train", "--val", "val"]


def test_presets__lists_all_with_numbers_and_gain(here: Callable[..., Answer], monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("COLUMNS", "120")
    shown = here("presets").stdout
    line = next(
        line for line in map(str.rstrip, shown.splitlines()) if line.endswith(" slowonly-r50-4x16-scratch-omnisource")
    )
    assert line.split() == ["76.8", "/", "92.5", "+3.9", "slowonly-r50-4x16-scratch-omnisource"]
    assert "Table 3: SlowOnly 4x16, ResNet-50 from scratch, with OmniSource" in shown
    assert all(f" {name} " in shown for name in presets.names())


def test_presets__the_list_for_a_script(here: Callable[..., Answer]):
    listed = {entry["name"]: entry for entry in json.loads(here("presets", "--json").stdout)}
    assert set(listed) == set(presets.names())
    assert listed["youtube-car-omnisource"] == {
        "name": "youtube-car-omnisource",
        "title": "TSN, 4 snippets, ResNet-50 from ImageNet weights, on Youtube-car with GG-car and YT-car-17k",
        "table": "Table 5",
        "arch": "tsn",
        "backbone": "resnet50",
        "input": "4seg",
        "pretrained": "imagenet",
        "sources": ["google_image", "youtube_video"],
        "numbers": [{"dataset": "Youtube-car", "top1": 81.95, "mean_ap": 78.67}],
        "baseline": "youtube-car-baseline",
        "gains": {"Youtube-car": 4.9},
    }
    assert listed["slowonly-r101-8x8-scratch"]["input"] == "8x8"
    assert listed["ucf101-bninception-flow"]["input"] == "3seg flow"


def test_presets__one_is_shown_with_its_file_settings_notes_and_next_steps(here: Callable[..., Answer]):
    shown = here("presets", "ircsn-152-32x2-ig65m-omnisource").stdout
    assert "extends: [ircsn-152-32x2-ig65m, parts/kinetics-omnisource-3d]" in shown
    assert "- Warm-up grows from 0 over 16 epochs, as the paper's appendix says" in shown
    assert "frozen_norms: all" in shown
    assert "omnisource init WORK --target FOLDER --preset ircsn-152-32x2-ig65m-omnisource" in shown
    assert shown.rstrip().endswith("omnisource run -w WORK")


def test_presets__one_for_a_script(here: Callable[..., Answer]):
    shown = json.loads(here("presets", "hmdb51-tsn-r50", "--json").stdout)
    assert shown["settings"]["target"] == {"reader": "hmdb51", "split": 1}
    assert shown["resolved"]["networks"]["tsn"]["optim"]["warmup_epochs"] == 20
    assert shown["next"] == ["omnisource teach -w WORK", "omnisource evaluate -w WORK"]


@pytest.mark.parametrize("command", [["presets"], ["init", "w", "--target", ".", "--preset"]])
def test_presets__an_unknown_name_is_one_line(here: Callable[..., Answer], command: list[str], tmp_path: Path):
    result = here(*command, "tsn-r50-ig1", cwd=tmp_path)
    assert result.returncode == 1
    assert "no preset 'tsn-r50-ig1'; did you mean tsn-r50-ig1b" in result.stderr
    assert not (tmp_path / "w").exists()


def test_init__a_preset_makes_the_study_and_says_what_is_next(here: Callable[..., Answer], world: Path, tmp_path: Path):
    settings = ["--set", "networks.tsn-r50.optim.epochs=30", "--set", "train.joint.power=0.5"]
    start = ["init", "w", "--target", str(world / "target"), *TARGET, *settings]
    result = here(*start, "--preset", "tsn-r50-imagenet-omnisource", cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    assert "24 labelled clips in 3 classes" in result.stdout
    assert "omnisource add FOLDER --name google_image --format image -w w  # GG-k400" in result.stdout
    study = config.load_study(tmp_path / "w" / "study.yaml")
    assert (study.student, study.target.reader) == ("tsn-r50", "folders")
    assert study.networks["tsn-r50"].optim.epochs == 30
    assert study.networks["tsn-r50"].optim.milestones == (12, 24)  # 40 and 80 of 100
    assert (study.train.joint.power, study.train.joint.merged) == (
        0.5,
        {"web_image": ("google_image", "instagram_image")},
    )


def test_init__a_presets_own_reader_is_used_where_none_is_given(
    here: Callable[..., Answer], world: Path, tmp_path: Path
):
    result = here("init", "w", "--target", str(world / "target"), "--preset", "ucf101-tsn-r50", cwd=tmp_path)
    assert result.returncode == 1  # these clips have no trainlist01.txt
    assert "trainlist01.txt" in result.stderr.replace("\n", "")


@pytest.mark.slow
def test_run__a_reduced_preset_goes_from_clips_to_a_comparison(
    here: Callable[..., Answer], world: Path, tmp_path: Path
):
    name = "slowonly-r50-4x16-imagenet-webimage"
    small = ["device=cpu", "validity.min_side_px=16", "motion.short_side_px=40", "motion.min_inlier_share=0.1"]
    small += ["motion.max_corner_shift=1.0", "recipes.omnisource.confidence=0.0"]
    for network, arch in (("tsn-r50", "tsn"), ("slowonly-r50-4x16", "slowonly")):
        model = f"arch: {arch}, backbone: resnet10, width: 0.1, pretrained: none, frame_interval: 2"
        small += [
            f"networks.{network}.model={{{model}}}",
            f"networks.{network}.input={{short_side_px: 40, crop_px: 32}}",
            f"networks.{network}.optim={{epochs: 1, batch_size: 4, lr_per_sample: 0.001}}",
            f"networks.{network}.test={{num_clips: 2, crops: center, crop_px: 32}}",
        ]
    options = [part for setting in small for part in ("--set", setting)]
    start = ["init", "w", "--target", str(world / "target"), *TARGET, *options]
    assert here(*start, "--preset", name, cwd=tmp_path).returncode == 0
    for source in ("google_image", "instagram_image"):
        folder = tmp_path / source
        for number, path in enumerate(sorted((world / "web" / "image").glob("*/*.png"))):
            (folder / path.parent.name).mkdir(parents=True, exist_ok=True)
            picture = cv2.imread(str(path))
            picture[0, 0] = (number, len(source), 0)  # the same picture is not added twice
            cv2.imwrite(str(folder / path.parent.name / path.name), picture)
        added = here("add", str(folder), "--name", source, "--format", "image", "-w", "w", cwd=tmp_path)
        assert added.returncode == 0, added.stderr
    result = here("run", "-w", "w", cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    lines = (tmp_path / "w" / "runs" / "slowonly-r50-4x16-omnisource" / "metrics.jsonl").read_text().splitlines()
    assert {"loss/target", "loss/web_image"} <= json.loads(lines[0]).keys()  # both sources of pictures, drawn as one
    assert "loss/google_image" not in json.loads(lines[0])


def test_run__the_released_web_data_is_trained_on_as_the_released_code_did(
    here: Callable[..., Answer], facts: Path, tmp_path: Path
):
    root = released_world.copy_examples(facts, tmp_path / "OmniSource")
    network = "networks.tsn-r50-8seg"
    small = ["device=cpu", "validity.min_side_px=8", "train.joint.source_batch_size={webimage_200: 2}"]
    small += [f"{network}.model={{backbone: resnet10, width: 0.1, pretrained: none, num_snippets: 8}}"]
    small += [f"{network}.optim.epochs=2", f"{network}.optim.batch_size=1"]
    small += [f"{network}.input.{name}=32" for name in ("crop_px", "short_side_px")]
    small += [f"{network}.test={{num_clips: 2, crops: center, crop_px: 32}}"]
    options = [part for setting in small for part in ("--set", setting)]
    here("init", "w", "--target", str(root), "--preset", "tsn-r50-8seg-k200-omnisource", *options, cwd=tmp_path)
    assert here("add-released", str(root), "-w", "w", cwd=tmp_path).returncode == 0
    result = here("run", "-w", "w", cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    lines = (tmp_path / "w" / "runs" / "tsn-r50-8seg-omnisource" / "metrics.jsonl").read_text().splitlines()
    seen = [{key.removeprefix("loss/") for key in json.loads(line) if key.startswith("loss/")} for line in lines]
    web = {"webimage_200", "insvideo_200", "kinetics_raw_200"}
    assert seen == [{"target"} | web, {"target"}] * 2  # 2 : 1 : 1 : 1, two clips an epoch
