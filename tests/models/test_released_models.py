"""The released models by name, against the facts about them."""

import hashlib
import json
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
import torch

from omnisource.errors import CheckpointError
from omnisource.models import downloads, starting
from omnisource.models.released_models import (
    ReleasedFile,
    ReleasedModel,
    Start,
    cache_folder,
    cached_path,
    fetch,
    find,
    find_recogniser,
    is_known,
    network_config,
    path_of,
    released_files,
    released_models,
    starts,
)
from omnisource.network_config import ModelConfig

NAMED_IN_THE_PAPER_RELEASE = {  # name -> words of the facts' row
    "tsn-r50-3seg-k400": ("TSN-R50", False, "ImageNet"),
    "tsn-r50-3seg-k400-omnisource": ("TSN-R50", True, "ImageNet"),
    "tsn-r50-3seg-ig1b-k400": ("TSN-R50", False, "IG-1B (torch-hub resnet50_swsl)"),
    "tsn-r50-3seg-ig1b-k400-omnisource": ("TSN-R50", True, "IG-1B (torch-hub resnet50_swsl)"),
    "slowonly-r50-4x16-k400": ("SlowOnly-R50", False, "none"),
    "slowonly-r50-4x16-k400-omnisource": ("SlowOnly-R50", True, "none"),
    "slowonly-r101-8x8-k400": ("SlowOnly-R101", False, "none"),
    "slowonly-r101-8x8-k400-omnisource": ("SlowOnly-R101", True, "none"),
}


@pytest.fixture(scope="module")
def known(facts: Path) -> dict:
    return json.loads((facts / "checkpoints.json").read_text())


def test_released_models__are_all_the_recognisers_of_the_facts(known: dict):
    recognisers = {row["url"] for row in known["checkpoints"] if not row["group"].startswith("AVA")}
    related = {row["url"] for row in known["related"] if row["url"].endswith(".pth")}
    ours = {model.url for model in released_models()} | {start.url for start in starts()}
    other_layout = {model.mmaction0_url for model in released_models()}
    assert recognisers <= ours
    assert related <= ours | other_layout
    assert {file.url for file in released_files()} == {
        row["url"] for row in known["related"] if row["url"].endswith(".txt")
    }


@pytest.mark.parametrize("name", NAMED_IN_THE_PAPER_RELEASE)
def test_released_models__kinetics_names_lead_to_the_right_file(known: dict, name: str):
    wanted = NAMED_IN_THE_PAPER_RELEASE[name]
    rows = known["checkpoints"][:8]
    row = next(r for r in rows if (r["model"], r["trained_with_omnisource"], r["pretrained"]) == wanted)
    model = find_recogniser(name)
    assert (model.url, model.mmaction0_url) == (row["url"], row["mmaction_0x_url"])
    assert (model.top1, model.top5, model.num_classes) == (row["top1"], row["top5"], row["classes"])
    assert (model.with_omnisource, model.stored) == (row["trained_with_omnisource"], row["resolution"])


@pytest.mark.parametrize("family", ["tsn-r50-8seg-k200", "slowonly-r50-8x8-k200"])
@pytest.mark.parametrize("auxiliary", ["baseline", "googleimage", "webimage", "insvideo", "kineticsraw", "omnisource"])
def test_released_models__mini_kinetics_names_lead_to_the_right_file(known: dict, family: str, auxiliary: str):
    model = find_recogniser(f"{family}-{auxiliary}")
    row = next(row for row in known["checkpoints"] if row["url"] == model.url)
    assert row["auxiliary"] == auxiliary
    assert row["model"].lower().startswith(family.partition("-")[0])
    assert (model.top1, model.top5, model.num_classes) == (row["top1"], row["top5"], 200)
    assert model.with_omnisource is (auxiliary != "baseline")


@pytest.mark.parametrize(
    ("name", "test"),  # protocols 3: frames or clips, positions, crops, side, what is averaged
    [
        ("tsn-r50-3seg-k400", (25, "centres", "ten", 224, "features")),
        ("tsn-r50-8seg-k200-omnisource", (25, "centres", "three", 256, "features")),
        ("slowonly-r50-4x16-k400", (10, "centres", "three", 256, "probs")),
        ("slowonly-r101-8x8-k400", (10, "centres", "three", 256, "probs")),
        ("ircsn-r152-32x2-ig65m-k400", (10, "centres", "three", 256, "probs")),
        ("omniresnet-r50-8x8-k400", (10, "ends", "three", 256, "probs")),
        ("tsn-bninception-3seg-ucf101", (25, "centres", "ten", 224, "features")),
    ],
)
def test_network_config__has_the_published_test(name: str, test: tuple):
    found = network_config(name).test
    assert (found.num_clips, found.positions, found.crops, found.crop_px, found.average) == test


@pytest.mark.parametrize(
    ("name", "shape"),  # arch, backbone, frames an input, interval, start
    [
        ("tsn-r50-8seg-k200-baseline", ("tsn", "resnet50", 8, 16, "imagenet")),
        ("tsn-r50-3seg-ig1b-k400", ("tsn", "resnet50", 3, 16, "ig1b")),
        ("slowonly-r50-4x16-k400", ("slowonly", "resnet50", 4, 16, "none")),
        ("slowonly-r50-4x16-imagenet-k400", ("slowonly", "resnet50", 4, 16, "imagenet")),
        ("slowonly-r50-8x8-k200-baseline", ("slowonly", "resnet50", 8, 8, "none")),
        ("slowonly-r101-8x8-k400", ("slowonly", "resnet101", 8, 8, "none")),
        ("ircsn-r152-32x2-ig65m-k400", ("ircsn", "resnet152", 32, 2, "ig65m")),
        ("omniresnet-r50-8x8-k400", ("omni", "resnet50", 8, 8, "none")),
        ("tsn-bninception-3seg-ucf101", ("tsn", "bninception", 3, 16, "imagenet")),
    ],
)
def test_network_config__has_the_published_shape(name: str, shape: tuple):
    model = network_config(name).model
    assert (model.arch, model.backbone, model.num_frames, model.frame_interval, model.pretrained) == shape


def test_network_config__caffes_input_is_caffes():
    found = network_config("tsn-bninception-3seg-ucf101")
    assert (found.input.channel_order, found.input.mean, found.input.std) == ("bgr", (104, 117, 128), (1,))
    assert (found.model.dropout, found.model.init_std, found.model.frozen_norms) == (0.8, 0.001, "all_but_first")


def test_network_config__mini_kinetics_is_optimised_as_published():
    tsn = network_config("tsn-r50-8seg-k200-omnisource").optim
    slowonly = network_config("slowonly-r50-8x8-k200-omnisource").optim
    assert (tsn.batch_size, tsn.batch_size * tsn.lr_per_sample) == (96, 0.00375)  # 8 x 12; protocols 4
    assert (slowonly.epochs, slowonly.batch_size * slowonly.lr_per_sample) == (256, pytest.approx(0.15))
    assert (slowonly.schedule, slowonly.warmup_epochs) == ("cosine", 0)


@pytest.mark.parametrize("model", released_models(), ids=lambda model: model.name)
def test_released_models__each_can_start_its_own_kind(model: ReleasedModel):
    starting.check(model.network.model)  # what it started from fits it
    starting.check(ModelConfig(**model.network.model.model_dump() | {"pretrained": model.name}))


@pytest.mark.parametrize("entry", [*released_models(), *starts()], ids=lambda entry: entry.name)
def test_released_models__files_carry_their_hash(entry: ReleasedModel | Start):
    assert entry.url is None or len(downloads.sha256_prefix_of(entry.url)) == 8


def test_released_models__layout_is_told_by_where_it_lies():
    layouts = {model.name: model.layout for model in released_models() if model.layout != "mmaction2"}
    assert layouts == {
        "slowonly-r50-4x16-imagenet-k400": "mmaction 0.x",
        "tsn-bninception-3seg-ucf101": "mmaction 0.x",
    }


def test_find__a_short_name_is_the_same_start():
    assert find("ig65m") == find("ircsn-r152-32x2-ig65m")
    assert find("ig65m").backbone == "resnet152"


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("tsn-r50-3seg-k40", "did you mean tsn-r50-3seg-k400"),
        ("ig65", "did you mean ig65m"),
        ("yolo", "`omnisource models` lists them"),
    ],
)
def test_find__suggests_near_names(name: str, hint: str):
    with pytest.raises(CheckpointError, match=f"no released model is called '{name}'; {hint}"):
        find(name)


@pytest.mark.parametrize("name", ["ig1b", "kinetics_class2ind.txt"])
def test_find_recogniser__refuses_what_tells_no_classes_apart(name: str):
    with pytest.raises(CheckpointError, match=f"{name} is no recogniser, but .*or take one of `omnisource models`"):
        find_recogniser(name)


@pytest.mark.parametrize(
    ("name", "answer"), [("none", True), ("imagenet", True), ("ig65m", True), ("a.pth", False), ("work/ig1b", False)]
)
def test_is_known__tells_names_from_files(name: str, answer: bool):
    assert is_known(name) is answer


@pytest.mark.parametrize(
    "settings", [{}, {"TORCH_HOME": "/a"}, {"XDG_CACHE_HOME": "/b"}, {"TORCH_HOME": "~/c", "XDG_CACHE_HOME": "/d"}]
)
def test_cache_folder__is_torchs(monkeypatch: pytest.MonkeyPatch, settings: dict[str, str]):
    for name in ("TORCH_HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    assert cache_folder() == Path(torch.hub.get_dir()) / "checkpoints"


def test_fetch__takes_what_is_there(tmp_path: Path):
    model = find_recogniser("slowonly-r50-4x16-k400")
    assert cached_path(model, tmp_path) is None
    path_of(model, tmp_path).write_bytes(b"here")
    assert fetch(model, tmp_path) == tmp_path / "slowonly_r50_4x16x1_256e_kinetics400_rgb_20200704-a69556c6.pth"


@pytest.mark.parametrize(("stored", "is_right"), [(b"weights", True), (b"login page", False)])
def test_fetch__downloads_and_checks(tmp_path: Path, stored: bytes, is_right: bool):
    name = f"list-{hashlib.sha256(b'weights').hexdigest()[:8]}.pth"
    (tmp_path / name).write_bytes(stored)
    handler = partial(SimpleHTTPRequestHandler, directory=tmp_path)
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        entry = ReleasedFile(name="list", title="a list", url=f"http://127.0.0.1:{server.server_port}/{name}")
        if is_right:
            assert fetch(entry, tmp_path / "cache").read_bytes() == b"weights"
        else:
            with pytest.raises(CheckpointError, match="whose SHA-256 begins with"):
                fetch(entry, tmp_path / "cache")
        server.shutdown()


def test_fetch__says_when_there_is_no_one_file(tmp_path: Path):
    with pytest.raises(CheckpointError, match="imagenet has a file for each backbone, which is fetched when"):
        fetch(find("imagenet"), tmp_path)
