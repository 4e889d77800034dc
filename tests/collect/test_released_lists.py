"""Lines of the released lists, and what is wrong with those that are none."""

import re
from pathlib import Path

import pytest

from omnisource.collect.released_lists import ListFile, find_lists, read_list
from omnisource.errors import DataError
from tests.released_world import write_list, write_videos

GOOGLE, RAW = "googleimage_200", "kinetics_raw_200"


def read(path: Path, *, untrimmed: bool = False, prefix: str = "") -> list[tuple]:
    lines = read_list(ListFile(path=path, kind="kept", teacher="t", prefix=prefix), untrimmed=untrimmed)
    return [(line.path, line.label, line.num_parts, line.positives) for line in lines]


def test_find_lists__names_tell_teacher_and_kind(tmp_path: Path):
    names = ("googleimage_200", "tsn_8seg_googleimage_200", "tsn_8seg_googleimage_200_duplicate")
    for name in (*names, "tsn_8seg_googleimage_200_wodup"):
        write_list(tmp_path, f"{GOOGLE}/{name}.txt", "a.jpg 0")
    write_list(tmp_path, f"{GOOGLE}/readme.txt", "hello")
    write_list(tmp_path, f"{GOOGLE}/tsn_8seg_insimage_200.txt", "a.jpg 0")  # of another source
    lists, unread = find_lists(tmp_path, GOOGLE, GOOGLE)
    assert [(one.kind, one.teacher) for one in lists] == [
        ("wodup", "tsn_8seg"),
        ("kept", "tsn_8seg"),
        ("duplicate", "tsn_8seg"),
        ("crawled", None),
    ]
    assert unread == [f"{GOOGLE}/readme.txt", f"{GOOGLE}/tsn_8seg_insimage_200.txt"]


def test_find_lists__names_of_the_release(facts: Path):
    annotations = facts / "examples" / "annotations"
    (raw,) = find_lists(annotations, RAW, RAW)[0]
    assert (raw.kind, raw.teacher) == ("kept", "slowonly_8x8")
    (union,) = find_lists(annotations, "webimage_200", GOOGLE)[0]
    assert (union.kind, union.teacher, union.prefix) == ("wodup", "tsn_8seg", "googleimage_200/")


def test_find_lists__two_teachers(tmp_path: Path):
    for teacher in ("tsn_8seg", "slowonly_8x8"):
        write_list(tmp_path, f"{GOOGLE}/{teacher}_{GOOGLE}.txt", "a.jpg 0")
    with pytest.raises(DataError, match="lists of several teachers: slowonly_8x8, tsn_8seg; leave those of one"):
        find_lists(tmp_path, GOOGLE, GOOGLE)


def test_read_list__any_white_space_and_empty_lines(tmp_path: Path):
    path = write_list(tmp_path, "a/x.txt", "\ufeff000/00/1.jpg 0", "", "  001/2.jpg\t17  ", "   ")
    assert read(path) == [("000/00/1.jpg", 0, None, ()), ("001/2.jpg", 17, None, ())]


def test_read_list__the_union_names_the_folder_too(tmp_path: Path):
    path = write_list(tmp_path, "a/x.txt", "googleimage_200/a.jpg 0", "insimage_200/b/c.jpg 1")
    assert read(path, prefix="insimage_200/") == [("b/c.jpg", 1, None, ())]


def test_read_list__videos_as_text_and_as_json(tmp_path: Path):
    text = write_list(tmp_path, "a/x.txt", "pref_/___dTOdxzXY 1 3 0 2", "pref_/_a-bCdEfGhI 0 2")
    videos = ("pref_/___dTOdxzXY", 1, 3, [2, 0]), ("pref_/_a-bCdEfGhI", 0, 2, [])
    as_json = write_videos(tmp_path, "a/x.json", *videos)
    expected = [("pref_/___dTOdxzXY", 1, 3, (0, 2)), ("pref_/_a-bCdEfGhI", 0, 2, ())]
    assert read(text, untrimmed=True) == read(as_json, untrimmed=True) == expected


def test_read_list__json_of_files(tmp_path: Path):
    path = write_list(tmp_path, "a/x.json", '[{"filename": "a b.jpg", "label": [7]}]')
    assert read(path) == [("a b.jpg", 7, None, ())]


@pytest.mark.parametrize(
    ("line", "untrimmed", "words"),
    [
        ("a.jpg", False, "'a.jpg' is not `path label`"),
        ("my picture.jpg 0", False, "'my picture.jpg 0' is not `path label`"),  # the released code splits at spaces
        ("a.jpg 0 1", False, "is not `path label`"),
        ("a.jpg -1", False, "is not `path label`"),
        ("a.jpg zero", False, "is not `path label`"),
        ("video 1", True, "'video 1' is not `video_dir label num_clips [part ...]`"),
        ("video 1 3 x", True, "is not `video_dir label num_clips"),
        ("video 1 3 3", True, "part 3 of video cannot be positive: it has 3 parts, from 0"),
        ("/etc/passwd 0", False, "'/etc/passwd' leads out of the released folder"),
        ("a/../../b.jpg 0", False, "leads out of the released folder"),
        ("../video 1 3", True, "leads out of the released folder"),
    ],
)
def test_read_list__bad_lines_are_named(tmp_path: Path, line: str, untrimmed: bool, words: str):
    path = write_list(tmp_path, "a/x.txt", "video 0 1" if untrimmed else "good.jpg 0", line)
    with pytest.raises(DataError, match=rf"{re.escape(str(path))}:2: .*{re.escape(words)}"):
        read(path, untrimmed=untrimmed)


GOOD = '{"video_dir": "a", "label": 1, "num_clips": 3, "positive_clip_inds": [0]}'


@pytest.mark.parametrize(
    ("text", "untrimmed", "words"),
    [
        ("{", True, "is not JSON"),
        ('{"a": 1}', True, "is not a list of objects"),
        (f'[{GOOD}, {{"video_dir": "b", "label": [1], "num_clips": 1, "positive_clip_inds": []}}]', True, "entry 1"),
        (f'[{GOOD}, {{"video_dir": "b", "label": true, "num_clips": 1, "positive_clip_inds": []}}]', True, "entry 1"),
        (f"[{GOOD}, {GOOD.replace('[0]', '[3]')}]", True, "entry 1: part 3 of a cannot be positive"),
        (f"[{GOOD}, {GOOD.replace('[0]', '[-1]')}]", True, "entry 1"),
        ('[{"filename": "a.jpg", "label": 7}]', False, "entry 0: .* a label in a list of one"),
    ],
)
def test_read_list__bad_json_is_named(tmp_path: Path, text: str, untrimmed: bool, words: str):
    path = write_list(tmp_path, "a/x.json", text)
    with pytest.raises(DataError, match=f"x.json.*{words}"):
        read(path, untrimmed=untrimmed)


def test_read_list__not_text(tmp_path: Path):
    path = tmp_path / "x.txt"
    path.write_bytes(b"\xff\xfe a 0")
    with pytest.raises(DataError, match="x.txt is not UTF-8 text"):
        read(path)
