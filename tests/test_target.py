"""Reading the target dataset: the checks across lists and the label subset."""

import json
import re
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from omnisource.config import TargetConfig
from omnisource.errors import DataError
from omnisource.target import label_subset, read_target
from omnisource.target_lists import Entry
from omnisource.types import Example, Format


def write(root: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")


def lists(root: Path, train: str = "a.mp4 0\n", val: str = "v.mp4 0\n") -> TargetConfig:
    write(root, {"train.txt": train, "val.txt": val, "classes.txt": "x\ny\n"})
    write(root, {name: "clip" for name in ("a.mp4", "b.mp4", "v.mp4")})
    return TargetConfig(reader="path_label", root=root, train="train.txt", val="val.txt", classes="classes.txt")


def entries(sizes: dict[int, list[int]]) -> list[Entry]:
    """Per class, groups of the given sizes."""
    return [
        Entry(path=Path(f"/{c}/{g}/{i}"), class_index=c, group=f"g{g}", where="list:1")
        for c, groups in sizes.items()
        for g, size in enumerate(groups)
        for i in range(size)
    ]


def test_read_target__makes_examples(tmp_path: Path) -> None:
    target = read_target(lists(tmp_path, "a.mp4 0\nb.mp4 1\n"), seed=0)
    assert target.taxonomy.names == ("x", "y")
    assert target.train == (
        Example(path=tmp_path / "a.mp4", format=Format.TRIMMED, source="target", class_index=0),
        Example(path=tmp_path / "b.mp4", format=Format.TRIMMED, source="target", class_index=1),
    )
    assert target.val == (Example(path=tmp_path / "v.mp4", format=Format.TRIMMED, source="target", class_index=0),)
    assert target.missing == ()


def test_read_target__keeps_the_format_of_untrimmed_targets(tmp_path: Path) -> None:
    config = lists(tmp_path).model_copy(update={"format": Format.UNTRIMMED})
    assert {e.format for e in (*read_target(config, seed=0).train, *read_target(config, seed=0).val)} == {"untrimmed"}


def test_read_target__makes_paths_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, {"train/x/a.mp4": "clip", "val/x/b.mp4": "clip"})
    monkeypatch.chdir(tmp_path)
    assert read_target(TargetConfig(), seed=0).train[0].path == tmp_path / "train/x/a.mp4"


@pytest.mark.parametrize(
    ("train", "val", "message"),
    [
        (
            "a.mp4 0\ngone.mp4 1\n",
            "v.mp4 0\n",
            "train.txt:2: {root}/gone.mp4 is not a file; set target.root, now {root}",
        ),
        ("no/1 0\nno/2 0\n", "no/3 0\n", "train.txt:1: {root}/no/1 is not a file (nor do the clips of 2 other lines)"),
        ("a.mp4 0\nb.mp4 1\n./a.mp4 1\n", "v.mp4 0\n", "train.txt:3: {root}/a.mp4 is already at {root}/train.txt:1"),
        ("a.mp4 0\n", "v.mp4 0\na.mp4 0\n", "val.txt:2: {root}/a.mp4 is already at {root}/train.txt:1; keep one"),
        ("", "v.mp4 0\n", "{root}/train.txt holds no clip of this split; set target.root and target.train"),
        ("a.mp4 0\n", "\n", "{root}/val.txt holds no clip of this split; set target.root and target.val"),
    ],
)
def test_read_target__explains_what_is_wrong(tmp_path: Path, train: str, val: str, message: str) -> None:
    with pytest.raises(DataError, match=re.escape(message.format(root=tmp_path))):
        read_target(lists(tmp_path, train, val), seed=0)


def test_read_target__counts_missing_kinetics_videos(tmp_path: Path) -> None:
    header = "label,youtube_id,time_start,time_end,split\n"
    write(tmp_path, {"train.csv": header + "x,a,0,10,train\nx,gone,0,10,train\n", "val.csv": header + "x,b,0,10,val\n"})
    write(tmp_path, {"a.mp4": "clip", "b.mp4": "clip"})
    target = read_target(TargetConfig(reader="kinetics", root=tmp_path, train="train.csv", val="val.csv"), seed=0)
    assert len(target.train) == 1
    assert target.missing == (f"{tmp_path}/train.csv:3: gone_000000_000010",)


def test_read_target__refuses_a_ucf101_group_in_both_splits(tmp_path: Path) -> None:
    train, test = "YoYo/v_YoYo_g08_c01.avi", "YoYo/v_YoYo_g08_c02.avi"
    write(tmp_path, {"classInd.txt": "1 YoYo\n", "trainlist01.txt": f"{train} 1\n", "testlist01.txt": f"{test}\n"})
    write(tmp_path, {train: "clip", test: "clip"})
    with pytest.raises(DataError, match=r"group 'YoYo g08' is in both splits, at .*trainlist01.txt:1 and at .*:1"):
        read_target(TargetConfig(reader="ucf101", root=tmp_path), seed=0)


@pytest.mark.parametrize(
    ("other_class", "refused"),
    [
        ("sword", True),  # one source video in both splits of a class breaks the official rule
        ("walk", False),  # one film in the training of a class and the test of another is in the official lists
    ],
)
def test_read_target__verifies_hmdb51_sources_within_a_class(tmp_path: Path, other_class: str, refused: bool) -> None:
    train, test = "Film_sword_f_cm_np1_le_med_0.avi", f"Film_{other_class}_f_cm_np1_le_med_1.avi"
    files = {"sword": f"{train} 1\n"}
    files[other_class] = files.get(other_class, "") + f"{test} 2\n"
    write(tmp_path, {f"{name}_test_split1.txt": text for name, text in files.items()})
    write(tmp_path, {f"sword/{train}": "clip", f"{other_class}/{test}": "clip"})
    config = TargetConfig(reader="hmdb51", root=tmp_path)
    if refused:
        with pytest.raises(DataError, match="group 'sword: Film' is in both splits"):
            read_target(config, seed=0)
    else:
        assert len(read_target(config, seed=0).val) == 1


def with_groups(root: Path, text: str) -> TargetConfig:
    config = lists(root, "a.mp4 0\nb.mp4 1\n")
    write(root, {"groups.json": text})
    return config.model_copy(update={"groups": Path("groups.json")})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"a.mp4": "s1", "./v.mp4": "s1"}', "group 's1' is in both splits, at {root}/train.txt:1 and at {root}/val"),
        ('{"videos/a.mp4": "s1"}', "groups.json names no file; write its paths relative to target.root, such as a.mp4"),
        ('["a.mp4"]', "groups.json is not an object of path -> group"),
        ('{"a.mp4": ["s1"]}', "groups.json is not an object of path -> group"),
        ("a.mp4 s1", "groups.json is not JSON"),
    ],
)
def test_read_target__checks_the_groups(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(DataError, match=re.escape(message.format(root=tmp_path))):
        read_target(with_groups(tmp_path, text), seed=0)


def test_read_target__explains_missing_groups(tmp_path: Path) -> None:
    config = lists(tmp_path).model_copy(update={"groups": Path("none.json")})
    with pytest.raises(DataError, match="none.json is not a file; target.groups is a JSON file"):
        read_target(config, seed=0)


def test_read_target__accepts_separate_groups(tmp_path: Path) -> None:
    config = with_groups(tmp_path, json.dumps({"a.mp4": 1, "b.mp4": 1, "v.mp4": 2}))
    assert len(read_target(config, seed=0).train) == 2


def test_read_target__limits_the_training_labels_only(tmp_path: Path) -> None:
    write(tmp_path, {f"{split}/x/{i}.mp4": "clip" for split in ("train", "val") for i in range(10)})
    target = read_target(TargetConfig(root=tmp_path, label_fraction=0.3), seed=0)
    assert (len(target.train), len(target.val)) == (3, 10)


def test_read_target__warns_of_classes_without_examples(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    read_target(lists(tmp_path), seed=0)
    assert "1 classes have no training example: y" in caplog.text


@pytest.mark.parametrize(
    ("fraction", "expected"),
    [
        (1.0, {0: 100, 1: 10, 2: 1}),
        (0.3, {0: 30, 1: 3, 2: 1}),
        (0.1, {0: 10, 1: 1, 2: 1}),
        (0.03, {0: 3, 1: 1, 2: 1}),  # never less than one
    ],
)
def test_label_subset__is_stratified(fraction: float, expected: dict[int, int]) -> None:
    kept = label_subset(entries({0: [1] * 100, 1: [1] * 10, 2: [1]}), fraction=fraction, seed=0)
    assert Counter(entry.class_index for entry in kept) == expected


def test_label_subset__keeps_groups_whole() -> None:
    given = entries({0: [5, 3, 4, 2, 6], 1: [2, 2]})
    sizes = Counter((e.class_index, e.group) for e in given)
    kept = Counter((e.class_index, e.group) for e in label_subset(given, fraction=0.4, seed=3))
    assert all(kept[group] == sizes[group] for group in kept)


@pytest.mark.parametrize("seed", range(5))
def test_label_subset__smaller_is_inside_larger(seed: int) -> None:
    given = entries({0: [5, 3, 4, 2, 6, 1, 1, 9], 1: [1] * 30})
    subsets = [{e.path for e in label_subset(given, fraction=f, seed=seed)} for f in (0.03, 0.1, 0.3, 0.7, 1.0)]
    assert all(small <= large for small, large in zip(subsets, subsets[1:]))


def test_label_subset__depends_on_the_seed_and_not_on_the_order() -> None:
    given = entries({0: [1] * 50})
    first = {e.path for e in label_subset(given, fraction=0.2, seed=0)}
    assert {e.path for e in label_subset(given[::-1], fraction=0.2, seed=0)} == first
    assert {e.path for e in label_subset(given, fraction=0.2, seed=1)} != first


def test_label_subset__takes_clips_without_group_singly() -> None:
    given = [Entry(path=Path(f"/{i}"), class_index=0, where="list:1") for i in range(20)]
    assert len(label_subset(given, fraction=0.1, seed=0)) == 2


@pytest.mark.real_data
def test_read_target__reads_the_real_lists(real_data: Path) -> None:
    config = TargetConfig(
        reader="path_label",
        root=real_data,
        train="train.txt",
        val="val.txt",
        classes="classes.txt",
        groups="groups.json",
    )
    target = read_target(config, seed=0)
    counts = [np.bincount([e.class_index for e in split]).tolist() for split in (target.train, target.val)]
    assert counts == [[14, 19, 38, 15, 15, 11, 18, 26], [4, 12, 12, 5, 5, 4, 5, 14]]  # the table of its README
    unnamed = read_target(config.model_copy(update={"classes": None}), seed=0)
    assert unnamed.taxonomy == target.taxonomy  # the folders say the same
