"""How the published protocols train: rates, networks and mixtures, against the paper and the released code's traces."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from omnisource import config, presets
from omnisource.models import zoo
from omnisource.train.batches import epoch_plan
from omnisource.train.schedule import learning_rate
from tests.preset_tables import MINI_KINETICS, TABLE_15, rows

NAMES = presets.names()
TSN = [("lr_traces_0x.json", "tsn_r50_1x1x3_k400"), ("lr_traces_1x.json", "tsn_r50_1x1x3_k400")]
TRACES = {  # preset without web data -> traces of the released code that its schedule must meet
    "tsn-r50-imagenet": TSN,
    "tsn-r50-ig1b": TSN,
    "tsn-efficientnet-b4-imagenet": TSN,
    "youtube-car-baseline": TSN,
    "tsn-r50-8seg-k200-baseline": [("lr_traces_0x.json", "tsn_r50_1x1x8_k200_omnisource")],
    "slowonly-r50-8x8-k200-baseline": [("lr_traces_0x.json", "slowonly_r50_8x8_k200_omnisource")],
    "slowonly-r50-4x16-scratch-0x": [("lr_traces_0x.json", "slowonly_r50_4x16_k400_scratch")],
    "slowonly-r101-8x8-scratch-0x": [("lr_traces_0x.json", "slowonly_r101_8x8_k400_scratch")],
    "slowonly-r50-4x16-imagenet-0x": [("lr_traces_0x.json", "slowonly_r50_4x16_k400_imagenet")],
    "ircsn-152-32x2-ig65m-0x": [("lr_traces_0x.json", "ircsn_r152_k400_ig65m")],
    "slowonly-r50-4x16-scratch-1x": [("lr_traces_1x.json", "slowonly_r50_4x16_k400_scratch")],
    "slowonly-r101-8x8-scratch-1x": [("lr_traces_1x.json", "slowonly_r101_8x8_k400_scratch")],
    "ircsn-152-32x2-ig65m-1x": [("lr_traces_1x.json", "ircsn_r152_k400_ig65m")],
}
FROM_5E_6 = {0: 0.0, 10: 0.5, 20: 1.0, 89: 1.0}  # 20 epochs from 0, then no decay (appendix, transfer learning)
PAPER = {  # preset without web data -> epochs, {epoch: rate at its first update}: the paper's appendix
    "slowonly-r50-4x16-imagenet": (150, {0: 0.01, 89: 0.01, 90: 0.001, 129: 0.001, 130: 0.0001}),
    "slowonly-r101-8x8-imagenet": (150, {0: 0.01, 89: 0.01, 90: 0.001, 129: 0.001, 130: 0.0001}),
    # 34 epochs from 0, times a cosine over all epochs: 0.05 (1 + cos(pi e / 256)) min(e / 34, 1)
    "slowonly-r50-4x16-scratch": (256, {0: 0.0, 17: 0.0494579, 34: 0.0957105, 128: 0.05, 255: 3.764908e-6}),
    "slowonly-r101-8x8-scratch": (196, {0: 0.0, 17: 0.0490776, 98: 0.05}),
    "ircsn-152-32x2-ig65m": (58, {0: 0.0, 8: 6.25e-5, 16: 1.25e-4, 32: 1.25e-5, 48: 1.25e-6}),
    "ucf101-bninception-rgb": (80, {0: 1e-3, 29: 1e-3, 30: 1e-4, 60: 1e-5}),
    "ucf101-bninception-flow": (340, {0: 5e-3, 189: 5e-3, 190: 5e-4, 300: 5e-5}),
}
for dataset in ("ucf101", "hmdb51"):
    for transferred in rows(TABLE_15):
        full = 5e-6 * (256 if transferred.startswith("tsn") else 64)
        PAPER[f"{dataset}-{transferred}"] = (90, {epoch: full * share for epoch, share in FROM_5E_6.items()})


def test_rates__every_network_has_a_trace_or_the_papers_rates():
    without_web = {name for name in NAMES if presets.load(name).file.baseline is None}
    assert without_web == set(TRACES) | set(PAPER)  # the others have their baseline's network: tested above


@pytest.mark.parametrize(
    ("name", "file", "trace"), [(name, *trace) for name, traces in TRACES.items() for trace in traces]
)
def test_rates__meet_every_digit_of_the_released_traces(facts: Path, name: str, file: str, trace: str):
    optim = presets.load(name).network.optim
    recorded = json.loads((facts / file).read_text())[trace]
    length = recorded["iters_per_epoch"]
    assert optim.epochs == recorded["epochs"]
    ours = {(e, i): float(f"{learning_rate(optim, e * length + i, length):.8g}") for e, i, _ in recorded["rows"]}
    assert ours == {(e, i): pytest.approx(rate, rel=1e-9) for e, i, rate in recorded["rows"]}


@pytest.mark.parametrize(("name", "epochs", "expected"), [(name, *values) for name, values in PAPER.items()])
def test_rates__follow_the_paper(name: str, epochs: int, expected: dict[int, float]):
    optim = presets.load(name).network.optim
    assert optim.epochs == epochs
    found = {epoch: learning_rate(optim, epoch * 10, 10) for epoch in expected}
    assert found == pytest.approx(expected, rel=2e-6)


def reduced(model: config.ModelConfig) -> config.ModelConfig:
    """The same kind of network without its weights, as small as it gets."""
    changes: dict[str, object] = {"pretrained": "none"}
    if model.backbone.startswith("resnet"):
        changes["width"] = 0.1
    if model.dims == 3:
        changes["clip_len"] = min(model.clip_len, 8)
    return model.model_copy(update=changes)


def distinct_models() -> dict[str, config.ModelConfig]:
    """One preset's name for every network that is different when reduced."""
    found: dict[str, config.ModelConfig] = {}
    for name in NAMES:
        for network in presets.load(name).study.networks.values():
            model = reduced(network.model)
            if model not in found.values():
                found[f"{name}-{model.format}"] = model
    return found


MODELS = distinct_models()


@pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)
def test_networks__are_built_and_learn(model: config.ModelConfig):
    torch.manual_seed(0)
    network = zoo.build(model, 5)
    side_px = 32 if model.dims == 3 else 64
    clips = torch.randn(2, model.num_channels, model.num_frames, side_px, side_px)
    logits = network(clips)
    assert logits.shape == (2, 5)
    torch.nn.functional.cross_entropy(logits, torch.tensor([1, 3])).backward()
    gradients = [weight.grad for weight in network.parameters() if weight.requires_grad]
    assert gradients and all(gradient is not None and gradient.isfinite().all() for gradient in gradients)


KINETICS_ALL = {"target": 256, "web_image": 128, "instagram_video": 128, "kinetics_untrimmed": 128}
MIXTURES = {  # examples in as many updates as target_share counts in per_source, or in one where losses are summed
    "tsn-r50-imagenet-omnisource": KINETICS_ALL,  # 2 : 1 : 1 : 1 (Table 2)
    "slowonly-r50-4x16-scratch-omnisource": {source: n // 4 for source, n in KINETICS_ALL.items()},
    "ircsn-152-32x2-ig65m-omnisource": {
        "target": 24, "web_image": 12, "instagram_video": 12, "kinetics_untrimmed": 12,
    },
    "tsn-r50-imagenet-webimage": {"target": 256, "web_image": 128},
    "tsn-r50-imagenet-untrimmed": {"target": 256, "kinetics_untrimmed": 128},
    "youtube-car-omnisource": {"target": 256, "google_image": 128, "youtube_video": 128},
    "ucf101-bninception-rgb-googleimage": {"target": 256, "google_image": 128},
    # released, 8 GPUs: 12 videos each, pictures 64 for TSN and 12 for SlowOnly; 1 : 1 singly, 2 : 1 : 1 : 1 together
    "tsn-r50-8seg-k200-googleimage": {"target": 96, "googleimage_200": 512},
    "tsn-r50-8seg-k200-webimage": {"target": 96, "webimage_200": 512},
    "tsn-r50-8seg-k200-insvideo": {"target": 96, "insvideo_200": 96},
    "tsn-r50-8seg-k200-kineticsraw": {"target": 96, "kinetics_raw_200": 96},
    "tsn-r50-8seg-k200-omnisource": {
        "target": 192, "webimage_200": 512, "insvideo_200": 96, "kinetics_raw_200": 96,
    },
    "slowonly-r50-8x8-k200-googleimage": {"target": 96, "googleimage_200": 96},
    "slowonly-r50-8x8-k200-webimage": {"target": 96, "webimage_200": 96},
    "slowonly-r50-8x8-k200-omnisource": {
        "target": 192, "webimage_200": 96, "insvideo_200": 96, "kinetics_raw_200": 96,
    },
}  # fmt: skip


@pytest.mark.parametrize(("name", "expected"), MIXTURES.items())
def test_mixtures__an_epoch_has_the_stated_ratio(name: str, expected: dict[str, int]):
    preset = presets.load(name)
    joint, size = preset.study.train.joint, preset.network.optim.batch_size
    mixture_of = {member: mixture for mixture, members in joint.merged.items() for member in members}
    drawn = dict.fromkeys(mixture_of.get(source.name, source.name) for source in preset.file.sources)
    classes = {source: np.arange(8 * size) % 7 for source in ("target", *drawn)}
    plan = epoch_plan(classes, joint, batch_size=size, seed=0, epoch=0)
    together = int(joint.target_share) if joint.update == "per_source" else 1
    counts = dict.fromkeys(expected, 0)
    for number in range(together):
        for batch in plan[number].batches:
            counts[batch.source] += len(batch.draws)
    assert counts == expected


@pytest.mark.parametrize("family", rows(MINI_KINETICS))
@pytest.mark.parametrize(
    ("column", "expected"),  # source as it is drawn -> resampling (released configs)
    [
        ("googleimage", {"googleimage_200": "none"}),
        ("webimage", {"webimage_200": "power"}),
        ("insvideo", {"insvideo_200": "power"}),
        ("kineticsraw", {"kinetics_raw_200": "none"}),
        ("omnisource", {"webimage_200": "power", "insvideo_200": "power", "kinetics_raw_200": "none"}),
    ],
)
def test_mixtures__released_configs_resample_by_source(family: str, column: str, expected: dict[str, str]):
    train = presets.load(f"{family}-{column}").study.train
    joint = train.joint
    assert {source: joint.resampling_by_source.get(source, joint.resampling) for source in expected} == expected
    assert joint.update == "per_source"
    assert joint.power == 0.5 or "power" not in expected.values()
    assert (train.inflation.mode, train.snippets.composition) == ("replicate", "within_positive")


@pytest.mark.parametrize("name", [name for name in NAMES if presets.load(name).file.table.startswith("Table")])
def test_mixtures__papers_tables_sum_losses(name: str):
    assert presets.load(name).study.train.joint.update == "summed"


@pytest.mark.parametrize("name", [name for name in NAMES if presets.load(name).file.sources])
def test_mixtures__every_format_has_a_teacher_that_can_score_it(name: str):
    preset = presets.load(name)
    study, formats = preset.study, {source.format for source in preset.file.sources}
    if all(recipe.label_source == "listed" for recipe in study.recipes.values()):
        return  # the released lists decide
    teachers = study.teachers or {"": config.TeacherConfig(networks=(study.student,))}
    scored = {
        (form, study.networks[net].model.dims) for t in teachers.values() for net in t.networks for form in t.formats
    }
    student = preset.network.model.dims
    wanted = {"image": 2, "trimmed": 3, "untrimmed": student}  # paper 3.4, 3.5
    if study.teachers:
        assert scored == {(item_format, wanted[item_format]) for item_format in formats}
    else:  # Youtube-car and UCF101: the baseline teaches
        assert student == 2
