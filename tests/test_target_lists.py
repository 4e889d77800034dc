"""Class folders and path-label lists, right and wrong."""

import re
from pathlib import Path

import pytest

from omnisource.config import TargetConfig
from omnisource.errors import DataError
from omnisource.target_lists import Lists, is_clip_name, read_classes, read_folders, read_lines, read_path_label


def make_files(root: Path, *names: str) -> None:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"clip")


def labels(lists: Lists, split: str) -> list[tuple[str, int]]:
    return [(entry.path.name, entry.class_index) for entry in getattr(lists, split)]


def lists_config(root: Path, train: str, val: str = "v.mp4 0\n", classes: str | None = None) -> TargetConfig:
    (root / "train.txt").write_text(train, encoding="utf-8")
    (root / "val.txt").write_text(val, encoding="utf-8")
    if classes is not None:
        (root / "classes.txt").write_text(classes, encoding="utf-8")
    return TargetConfig(
        reader="path_label", root=root, train="train.txt", val="val.txt", classes="classes.txt" if classes else None
    )


def test_read_folders__sorts_classes_and_clips(tmp_path: Path) -> None:
    make_files(tmp_path, "train/yoyo/b.mp4", "train/yoyo/a.avi", "train/boxing/c", "val/yoyo/d.webm")
    lists = read_folders(TargetConfig(root=tmp_path))
    assert lists.taxonomy.names == ("boxing", "yoyo")
    assert labels(lists, "train") == [("c", 0), ("a.avi", 1), ("b.mp4", 1)]
    assert labels(lists, "val") == [("d.webm", 1)]


def test_read_folders__classes_file_sets_the_order(tmp_path: Path) -> None:
    make_files(tmp_path, "train/yoyo/b.mp4", "train/air_drumming/c.mp4", "val/yoyo/d.mp4")
    (tmp_path / "names.txt").write_text("yoyo\nair drumming\n")
    lists = read_folders(TargetConfig(root=tmp_path, classes="names.txt"))
    assert labels(lists, "train") == [("c.mp4", 1), ("b.mp4", 0)]  # air_drumming is "air drumming"


@pytest.mark.parametrize(
    ("name", "expected"),
    [("a.mp4", True), ("a", True), ("a.XYZ", True), (".DS_Store", False), ("a.json", False), ("a.mp4.PART", False)],
)
def test_is_clip_name__leaves_hidden_and_companion_files(name: str, expected: bool) -> None:
    assert is_clip_name(name) is expected


def test_read_folders__ignores_hidden_files_and_folders(tmp_path: Path) -> None:
    make_files(tmp_path, "train/a/x.mp4", "train/a/.x", "train/.cache/y", "train/README.md", "val/a/x.mp4")
    assert labels(read_folders(TargetConfig(root=tmp_path)), "train") == [("x.mp4", 0)]


@pytest.mark.parametrize(
    ("files", "message"),
    [
        (["val/a/x.mp4"], "train is not a folder; target.reader = folders reads train/CLASS/clip"),
        (["train/x.mp4", "val/a/x.mp4"], "x.mp4 lies in no class folder; move it to"),
        (["train/a/f/1.jpg", "val/a/x.mp4"], "train/a/f is a folder; clips lie directly in"),
        (["train/boxing/x.mp4", "val/boxin/x.mp4"], "val/boxin: unknown class 'boxin'; did you mean 'boxing'?"),
        (["train/.x", "val/a/x.mp4"], "train holds no class; give target.classes"),
        (["train/A_b/x", "train/a b/x", "val/a b/y"], "classes 'A_b' and 'a b' are the same name"),
    ],
)
def test_read_folders__explains_what_is_wrong(tmp_path: Path, files: list[str], message: str) -> None:
    make_files(tmp_path, *files)
    with pytest.raises(DataError, match=re.escape(message)):
        read_folders(TargetConfig(root=tmp_path))


def test_read_path_label__last_field_is_the_label(tmp_path: Path) -> None:
    config = lists_config(tmp_path, "my clips/a b.mp4 0\n\n  other/c.mp4\t1 \r\n", classes="x\ny\n")
    lists = read_path_label(config)
    assert [(e.path, e.class_index) for e in lists.train] == [
        (tmp_path / "my clips/a b.mp4", 0),
        (tmp_path / "other/c.mp4", 1),
    ]
    assert lists.train[1].where == f"{tmp_path / 'train.txt'}:3"  # the blank line counts


def test_read_path_label__absolute_path_wins(tmp_path: Path) -> None:
    lists = read_path_label(lists_config(tmp_path, "/elsewhere/a.mp4 0\n"))
    assert lists.train[0].path == Path("/elsewhere/a.mp4")


@pytest.mark.parametrize(
    ("train", "expected"),
    [
        ("v/boxing/a.mp4 1\nv/yoyo/b.mp4 0\nv/boxing/c.mp4 1\n", ("yoyo", "boxing")),  # one folder a class
        ("v/a.mp4 1\nv/b.mp4 0\n", ("0", "1")),  # one folder for both
        ("v/a.mp4 0\nw/b.mp4 0\nx/c.mp4 1\n", ("0", "1")),  # two folders for class 0
        ("a.mp4 0\n", None),  # the root itself: its name is that of the only class
    ],
)
def test_read_path_label__names_classes_by_their_folders(tmp_path: Path, train: str, expected: tuple | None) -> None:
    assert read_path_label(lists_config(tmp_path, train)).taxonomy.names == (expected or (tmp_path.name,))


@pytest.mark.parametrize(
    ("train", "val", "classes", "message"),
    [
        ("a.mp4 0\nb.mp4\n", "v 0\n", "x\n", "train.txt:2: 'b.mp4' does not end in a label; write `path label`"),
        ("a.mp4 0\nb.mp4 one\n", "v 0\n", "x\n", "train.txt:2: 'b.mp4 one' does not end in a label"),
        ("a.mp4 -1\n", "v 0\n", "x\n", "train.txt:1: 'a.mp4 -1' does not end in a label"),
        ("a.mp4 0\nb.mp4 2\n", "v 0\n", "x\ny\n", "train.txt:2: label 2 is out of range"),
        ("a.mp4 0\n", "v 0\nw 1\n", None, "val.txt:2: label 1 is out of range"),
        ("a.mp4 0\nb.mp4 900000000000\n", "v 0\n", None, "no line has the label 1, and there are labels up to 9"),
        ("a.mp4 0\n", "v 0\n", "x\nX\n", "classes 'x' and 'X' are the same name"),
        ("\n", "v 0\n", None, "train.txt holds no class"),
    ],
)
def test_read_path_label__explains_what_is_wrong(
    tmp_path: Path, train: str, val: str, classes: str | None, message: str
) -> None:
    with pytest.raises(DataError, match=re.escape(message)):
        read_path_label(lists_config(tmp_path, train, val, classes))


def test_read_path_label__finds_the_released_folders(facts: Path) -> None:
    examples = facts / "examples"
    config = TargetConfig(
        reader="path_label",
        root=examples / "media",
        train="../annotations/kinetics_200/k200_train.txt",
        val="../annotations/kinetics_200/k200_val.txt",
        classes="../class_files_guess/k200_actions.txt",
    )
    lists = read_path_label(config)
    assert lists.taxonomy.names == ("air drumming", "abseiling")
    assert [e.path for e in lists.train] == [
        examples / "media/kinetics_200_train/0074cdXclLU.mp4",
        examples / "media/kinetics_200_train/zzzlyL61Fyo.mp4",
    ]
    assert [e.path for e in lists.val] == [examples / "media/kinetics_200_val/01fAWEHzudA.mp4"]


def test_read_lines__skips_the_byte_order_mark(tmp_path: Path) -> None:
    (tmp_path / "list.txt").write_bytes(b"\xef\xbb\xbfa.mp4 0\r\n")
    assert read_lines(tmp_path / "list.txt") == [(f"{tmp_path}/list.txt:1", "a.mp4 0")]


def test_read_lines__explains_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="nolist.txt is not a file; set target.root"):
        read_lines(tmp_path / "nolist.txt")


def test_read_lines__explains_another_encoding(tmp_path: Path) -> None:
    (tmp_path / "list.txt").write_bytes(b"caf\xe9.mp4 0\n")
    with pytest.raises(DataError, match="list.txt is not UTF-8 text"):
        read_lines(tmp_path / "list.txt")


def test_read_classes__line_number_is_the_index(tmp_path: Path) -> None:
    (tmp_path / "classes.txt").write_text("zumba\n  air drumming \n")
    assert read_classes(tmp_path / "classes.txt").names == ("zumba", "air drumming")
