"""The published lists of Kinetics, UCF101 and HMDB51, right and wrong."""

import re
from pathlib import Path

import pytest

from omnisource.config import TargetConfig
from omnisource.errors import DataError
from omnisource.target_official import read_hmdb51, read_kinetics, read_ucf101

HEADER = "label,youtube_id,time_start,time_end,split\n"


def write(root: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")


def kinetics(root: Path, train: str, val: str = "abseiling,vvvvvvvvvvv,0,10,validate\n") -> TargetConfig:
    write(root, {"k/train.csv": HEADER + train, "k/val.csv": HEADER + val, "vvvvvvvvvvv.mp4": "clip"})
    return TargetConfig(reader="kinetics", root=root, train="k/train.csv", val="k/val.csv")


@pytest.mark.parametrize(
    "file",
    [
        "-aaaaaaaaaa_000005_000015.mkv",  # the usual name; ids may begin with a hyphen
        "-aaaaaaaaaa.mp4",  # not cut, or cut and called by the id
        "abseiling/-aaaaaaaaaa_000005_000015.mp4",  # a class folder
        "train/abseiling/-aaaaaaaaaa_000005_000015",  # deeper, without ending
    ],
)
def test_read_kinetics__finds_the_clip(tmp_path: Path, file: str) -> None:
    write(tmp_path, {file: "clip", "-aaaaaaaaaa.json": "companion"})
    lists = read_kinetics(kinetics(tmp_path, "abseiling,-aaaaaaaaaa,5,15,train\n"))
    assert [(e.path, e.class_index, e.group) for e in lists.train] == [(tmp_path / file, 0, "-aaaaaaaaaa")]
    assert lists.missing == []


def test_read_kinetics__prefers_the_folder_of_the_class(tmp_path: Path) -> None:
    write(tmp_path, {"a/idididididi.mp4": "clip", "air_drumming/idididididi.mp4": "clip"})
    config = kinetics(tmp_path, "air drumming,idididididi,5,15,train\n", "air drumming,vvvvvvvvvvv,0,10,val\n")
    assert read_kinetics(config).train[0].path == tmp_path / "air_drumming/idididididi.mp4"


def test_read_kinetics__lists_missing_videos(tmp_path: Path) -> None:
    write(tmp_path, {"here.mp4": "clip"})
    lists = read_kinetics(kinetics(tmp_path, "abseiling,here,5,15,train\nabseiling,gone,123,133,train\n"))
    assert [e.path.name for e in lists.train] == ["here.mp4"]
    assert lists.missing == [f"{tmp_path}/k/train.csv:3: gone_000123_000133"]


def test_read_kinetics__classes_are_the_sorted_labels(tmp_path: Path) -> None:
    write(tmp_path, {"b.mp4": "clip", "a.mp4": "clip"})
    config = kinetics(tmp_path, "zumba,a,0,10,train\nabseiling,b,0,10,train\n")
    assert read_kinetics(config).taxonomy.names == ("abseiling", "zumba")


def test_read_kinetics__one_file_may_hold_both_splits(tmp_path: Path) -> None:
    write(tmp_path, {"all.csv": HEADER + "x,a,0,10,train\nx,b,0,10,val\n", "a.mp4": "", "b.mp4": ""})
    lists = read_kinetics(TargetConfig(reader="kinetics", root=tmp_path, train="all.csv", val="all.csv"))
    assert [e.path.stem for e in lists.train] == ["a"]
    assert [e.path.stem for e in lists.val] == ["b"]


@pytest.mark.parametrize(
    ("train", "val", "message"),
    [
        ("x,gone,0,10,train\n", "x,vvvvvvvvvvv,0,10,\n", "none of the 1 videos of"),
        (
            "x,vvvvvvvvvvv,0,ten,train\n",
            "x,vvvvvvvvvvv,0,10,\n",
            "train.csv:2: time_start and time_end must be seconds",
        ),
        ("x,,0,10,train\n", "x,vvvvvvvvvvv,0,10,\n", "train.csv:2: label, youtube_id, time_start, time_end must all"),
        ("abseil,vvvvvvvvvvv,0,10,train\n", "abseiling,vvvvvvvvvvv,0,10,\n", "val.csv:2: unknown class 'abseiling'"),
        ("", "x,vvvvvvvvvvv,0,10,\n", "train.csv holds no class"),
    ],
)
def test_read_kinetics__explains_what_is_wrong(tmp_path: Path, train: str, val: str, message: str) -> None:
    with pytest.raises(DataError, match=re.escape(message)):
        read_kinetics(kinetics(tmp_path, train, val))


def test_read_kinetics__explains_a_list_without_header(tmp_path: Path) -> None:
    config = kinetics(tmp_path, "")
    write(tmp_path, {"k/train.csv": "abseiling,a,0,10,train\n"})
    with pytest.raises(DataError, match="train.csv:1: no column label, youtube_id, time_start, time_end"):
        read_kinetics(config)


UCF = {
    "classInd.txt": "1 ApplyEyeMakeup\n2 YoYo\n",
    "trainlist01.txt": "ApplyEyeMakeup/v_ApplyEyeMakeup_g08_c01.avi 1\nYoYo/v_YoYo_g08_c02.avi 2\n",
    "testlist01.txt": "ApplyEyeMakeup/v_ApplyEyeMakeup_g01_c01.avi\n",
}


@pytest.mark.parametrize(
    ("folder", "train", "val"),
    [
        ("lists", "lists", "lists"),  # the folder of the lists
        ("lists", "lists/trainlist01.txt", "val"),  # one list; the others lie beside it
        (".", "train", "val"),  # defaults: in the root
        ("ucfTrainTestlist", "train", "val"),  # defaults: in the folder of the official archive
    ],
)
def test_read_ucf101__reads_the_official_lists(tmp_path: Path, folder: str, train: str, val: str) -> None:
    write(tmp_path / folder, UCF)
    lists = read_ucf101(TargetConfig(reader="ucf101", root=tmp_path, train=train, val=val))
    assert lists.taxonomy.names == ("ApplyEyeMakeup", "YoYo")
    assert [(e.path, e.class_index, e.group) for e in lists.train] == [
        (tmp_path / "ApplyEyeMakeup/v_ApplyEyeMakeup_g08_c01.avi", 0, "ApplyEyeMakeup g08"),
        (tmp_path / "YoYo/v_YoYo_g08_c02.avi", 1, "YoYo g08"),  # another class: another group
    ]
    assert [e.group for e in lists.val] == ["ApplyEyeMakeup g01"]


def test_read_ucf101__split_chooses_the_lists(tmp_path: Path) -> None:
    files = {name.replace("01", "03"): text for name, text in UCF.items()}
    write(tmp_path, files)
    assert len(read_ucf101(TargetConfig(reader="ucf101", root=tmp_path, split=3)).train) == 2


@pytest.mark.parametrize(
    ("file", "text", "message"),
    [
        (
            "trainlist01.txt",
            "YoYo/v_YoYo_g08_c02.avi 1\n",
            "trainlist01.txt:1: label 1 is not that of YoYo, which is 2",
        ),
        ("testlist01.txt", "YoYo/clip.avi\n", "testlist01.txt:1: 'clip.avi' has no group gNN in its name"),
        (
            "testlist01.txt",
            "YoYos/v_YoYo_g01_c01.avi\n",
            "testlist01.txt:1: unknown class 'YoYos'; did you mean 'YoYo'",
        ),
        ("classInd.txt", "1 A\n3 B\n", "classInd.txt:2: expected `2 ClassName`, found '3 B'"),
    ],
)
def test_read_ucf101__explains_what_is_wrong(tmp_path: Path, file: str, text: str, message: str) -> None:
    write(tmp_path, UCF | {file: text})
    with pytest.raises(DataError, match=re.escape(message)):
        read_ucf101(TargetConfig(reader="ucf101", root=tmp_path))


def test_read_ucf101__says_where_it_looked(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no trainlist02.txt: looked for .*ucfTrainTestlist/trainlist02.txt; set"):
        read_ucf101(TargetConfig(reader="ucf101", root=tmp_path, split=2))


HMDB = {
    "sword_test_split1.txt": "Two_Towers_4_sword_f_cm_np1_le_med_0.avi 1 \nPirates_5_sword_u_nm_np1_fr_goo_4.avi 2 \n",
    "draw_sword_test_split1.txt": "X_(a)_draw_sword_f_cm_np1_le_med_0.avi 2 \nX_draw_sword_f_cm_np1_le_med_1.avi 0 \n",
    "draw_sword_test_split2.txt": "X_(a)_draw_sword_f_cm_np1_le_med_0.avi 1 \n",
}


@pytest.mark.parametrize("folder", ["splits", "."])
def test_read_hmdb51__reads_the_official_lists(tmp_path: Path, folder: str) -> None:
    write(tmp_path / folder, HMDB)
    lists = read_hmdb51(TargetConfig(reader="hmdb51", root=tmp_path, train="splits"))
    assert lists.taxonomy.names == ("draw_sword", "sword")
    assert [(e.path.relative_to(tmp_path), e.class_index, e.group) for e in (*lists.train, *lists.val)] == [
        (Path("sword/Two_Towers_4_sword_f_cm_np1_le_med_0.avi"), 1, "sword: Two_Towers_4"),  # 1: training
        (Path("draw_sword/X_(a)_draw_sword_f_cm_np1_le_med_0.avi"), 0, "draw_sword: X_(a)"),  # 2: testing
        (Path("sword/Pirates_5_sword_u_nm_np1_fr_goo_4.avi"), 1, "sword: Pirates_5"),
    ]  # 0 is unused


@pytest.mark.parametrize("line", ["name.avi 3", "name.avi", "2"])
def test_read_hmdb51__explains_a_bad_line(tmp_path: Path, line: str) -> None:
    write(tmp_path, HMDB | {"sword_test_split1.txt": line + "\n"})
    with pytest.raises(DataError, match=re.escape(f"sword_test_split1.txt:1: '{line}' is not `name 0`")):
        read_hmdb51(TargetConfig(reader="hmdb51", root=tmp_path))


def test_read_hmdb51__says_where_it_looked(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"no CLASS_test_split1.txt in .*train or .*; set target.train"):
        read_hmdb51(TargetConfig(reader="hmdb51", root=tmp_path))
