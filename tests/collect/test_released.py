"""What the released lists say of each item of a source."""

import json
import re
from pathlib import Path

import pytest

from omnisource.collect.released import SOURCES, count_lists, read_source, scan_lists
from omnisource.config import SourceConfig
from omnisource.errors import DataError
from omnisource.types import Format, Taxonomy
from tests.released_world import copy_examples, write_file, write_list, write_videos

CLASSES = Taxonomy(names=("air drumming", "abseiling"))
GOOGLE, RAW = "googleimage_200", "kinetics_raw_200"


def source_of(root: Path, name: str) -> SourceConfig:
    (one,) = (known for known in SOURCES if known.name == name)
    return SourceConfig(name=name, format=one.format, path=root / one.media, lists=root / "annotations")


def facts_of(root: Path, name: str) -> list[tuple]:
    """(path, class, kept, duplicate) of pictures and clips."""
    source = source_of(root, name)
    return [
        (str(item.path.relative_to(source.path)), item.class_index, item.kept, item.duplicate)
        for item in read_source(source, CLASSES)
    ]


@pytest.fixture
def released(facts: Path, tmp_path: Path) -> Path:
    return copy_examples(facts, tmp_path / "OmniSource")


def test_read_source__reads_what_the_released_code_reads(released: Path, facts: Path):
    """expected.json: number of samples, first file and its label of each dataset of the released configurations."""
    expected = json.loads((facts / "examples" / "expected.json").read_text())
    datasets = expected["tsn_r50_1x1x8_100e_minikinetics_omnisource_rgb"]
    datasets += expected["tsn_r50_1x1x8_100e_minikinetics_googleimage_rgb"]
    seen = set()
    for dataset in datasets:
        folder = Path(dataset["released_ann_file"]).parent.name
        names = {"webimage_200": (GOOGLE, "insimage_200"), "kinetics_200": ()}.get(folder, (folder,))
        items = [item for name in names for item in read_source(source_of(released, name), CLASSES)]
        used = [item for item in items if item.kept and not item.duplicate]
        used = [item for item in used if item.num_parts is None or item.positives]
        if not names:
            continue
        seen.add(folder)
        first = dataset["first_record"]
        assert len(used) == dataset["samples"]
        assert used[0].path == released / Path(first.get("filename", first.get("video_dir"))).relative_to("media")
        assert used[0].class_index == first["label"]
        if used[0].num_parts is not None:
            assert (used[0].num_parts, list(used[0].positives)) == (first["num_clips"], first["positive_clip_inds"])
    assert seen == {GOOGLE, "webimage_200", "insvideo_200", RAW}


def test_read_source__kept_first_then_the_rest(released: Path):
    assert facts_of(released, GOOGLE) == [
        ("000/00/000001.jpg", 0, True, False),
        ("001/00/000002.jpg", 1, True, False),
        ("000/00/000901.jpg", 0, True, True),
    ]


def test_read_source__the_union_alone_serves_both_image_sources(released: Path):
    for name in (GOOGLE, "insimage_200"):
        for path in (released / "annotations" / name).iterdir():
            path.unlink()
    assert facts_of(released, GOOGLE) == [("000/00/000001.jpg", 0, True, False), ("001/00/000002.jpg", 1, True, False)]
    assert facts_of(released, "insimage_200") == [("001/abseiling/1J9tKWCNgV_0.jpg", 1, True, False)]


@pytest.mark.parametrize(
    ("lists", "expected"),
    [
        ({"": "abc"}, {"a": (False, False), "b": (False, False), "c": (False, False)}),
        ({"": "abc", "kept": "ab"}, {"a": (True, False), "b": (True, False), "c": (False, False)}),
        ({"kept": "ab", "wodup": "a"}, {"a": (True, False), "b": (True, True)}),  # the rest are the duplicates
        ({"kept": "ab", "duplicate": "b"}, {"a": (True, False), "b": (True, True)}),
        ({"duplicate": "b", "wodup": "a"}, {"a": (True, False), "b": (True, True)}),
        ({"duplicate": "a", "wodup": "a"}, {"a": (True, True)}),  # they contradict each other: safe
    ],
)
def test_read_source__what_several_lists_say_together(tmp_path: Path, lists: dict, expected: dict):
    names = {"": f"{GOOGLE}.txt", "kept": f"t_{GOOGLE}.txt"}
    for kind, items in lists.items():
        name = names.get(kind, f"t_{GOOGLE}_{kind}.txt")
        write_list(tmp_path / "annotations", f"{GOOGLE}/{name}", *(f"{item} 0" for item in items))
    assert {path: (kept, duplicate) for path, _, kept, duplicate in facts_of(tmp_path, GOOGLE)} == expected


def test_read_source__videos(released: Path):
    first, second = read_source(source_of(released, RAW), CLASSES)
    assert (first.num_parts, first.positives, first.class_index, first.teacher) == (3, (0, 2), 1, "slowonly_8x8")
    assert (second.num_parts, second.positives) == (2, ())


def test_read_source__videos_that_are_only_crawled_have_no_positives(tmp_path: Path):
    write_videos(tmp_path / "annotations", f"{RAW}/{RAW}.json", ("a", 0, 3, [1]), ("b", 1, 2, []))
    write_videos(tmp_path / "annotations", f"{RAW}/slow_{RAW}.json", ("a", 0, 3, [2]))
    found = [(item.path.name, item.kept, item.positives) for item in read_source(source_of(tmp_path, RAW), CLASSES)]
    assert found == [("a", True, (2,)), ("b", False, ())]


def test_read_source__a_video_that_was_never_cut_is_one_file(tmp_path: Path):
    write_videos(tmp_path / "annotations", f"{RAW}/slow_{RAW}.json", ("pref_/a", 0, 3, [1]), ("pref_/b.c", 0, 3, [1]))
    whole = write_file(tmp_path / "kinetics_raw_200_train" / "pref_" / "a.mkv", "video")
    (tmp_path / "kinetics_raw_200_train" / "pref_" / "b.c").mkdir()
    assert [(f.path.name, f.num_parts) for f in scan_lists(source_of(tmp_path, RAW), CLASSES)] == [
        (whole.name, None),
        ("b.c", 3),
    ]


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        (("a.jpg 2",), ":1: label 2 is out of range: the study knows labels 0 to 1"),
        (("a.jpg 0", "b.jpg 200"), ":2: label 200 is out of range"),
    ],
)
def test_labels_out_of_range_are_named(tmp_path: Path, lines: tuple, words: str):
    path = write_list(tmp_path / "annotations", f"{GOOGLE}/{GOOGLE}.txt", *lines)
    with pytest.raises(DataError, match=re.escape(f"{path}{words}")):
        list(read_source(source_of(tmp_path, GOOGLE), CLASSES))
    with pytest.raises(DataError, match=re.escape(f"{path}{words}")):
        count_lists(tmp_path / "annotations", 2)


def test_read_source__two_labels_for_one_path(tmp_path: Path):
    write_list(tmp_path / "annotations", f"{GOOGLE}/t_{GOOGLE}.txt", "a.jpg 0")
    crawled = write_list(tmp_path / "annotations", f"{GOOGLE}/{GOOGLE}.txt", "b.jpg 0", "a.jpg 1")
    with pytest.raises(DataError, match=f"{crawled.name}:2: a.jpg has label 1 here, 0 in another list"):
        list(read_source(source_of(tmp_path, GOOGLE), CLASSES))


def test_read_source__other_parts_of_one_video(tmp_path: Path):
    write_videos(tmp_path / "annotations", f"{RAW}/t_{RAW}.json", ("a", 0, 3, [1]))
    write_list(tmp_path / "annotations", f"{RAW}/t_{RAW}_wodup.txt", "a 0 3 2")
    with pytest.raises(DataError, match="other parts of a than at"):
        list(read_source(source_of(tmp_path, RAW), CLASSES))


def test_read_source__links_that_lead_out(tmp_path: Path):
    outside = write_file(tmp_path / "outside" / "a.jpg", "secret")
    media = tmp_path / GOOGLE
    media.mkdir()
    (media / "a.jpg").symlink_to(outside)
    (media / "folder").symlink_to(outside.parent)
    for name in ("a.jpg", "folder/a.jpg"):
        write_list(tmp_path / "annotations", f"{GOOGLE}/{GOOGLE}.txt", f"{name} 0")
        with pytest.raises(DataError, match=f"{name} is a link that leads out of"):
            list(read_source(source_of(tmp_path, GOOGLE), CLASSES))


def test_read_source__without_a_list(tmp_path: Path):
    with pytest.raises(DataError, match=f"no list of it in .*{GOOGLE} or .*webimage_200; such a list is called"):
        list(read_source(source_of(tmp_path, GOOGLE), CLASSES))


def test_scan_lists__some_files_may_be_missing_but_not_all(tmp_path: Path):
    write_list(tmp_path / "annotations", f"{GOOGLE}/{GOOGLE}.txt", "a.jpg 0", "b.jpg 1")
    with pytest.raises(DataError, match="none of the files that its lists in .* name is in .*googleimage_200; unpack"):
        scan_lists(source_of(tmp_path, GOOGLE), CLASSES)
    write_file(tmp_path / GOOGLE / "b.jpg", "picture")
    found = [(file.path.name, file.class_index) for file in scan_lists(source_of(tmp_path, GOOGLE), CLASSES)]
    assert found == [("a.jpg", 0), ("b.jpg", 1)]


def test_count_lists__beside_what_the_release_says(released: Path):
    counts, unread = count_lists(released / "annotations", 2)
    found = {count.list: (count.expected, count.found) for count in counts}
    assert found["kinetics_200/k200_train.txt"] == (76030, 2)
    assert found["kinetics_200/k200_val.txt"] == (4838, 1)
    assert found["googleimage_200/googleimage_200.txt"] == (3050880, 3)
    assert found["googleimage_200/tsn_8seg_googleimage_200.txt"] == (1188695, 2)
    assert found["googleimage_200/tsn_8seg_googleimage_200_duplicate.txt"] == (967, 1)
    assert found["googleimage_200/tsn_8seg_googleimage_200_wodup.txt"] == (None, 2)
    assert found["webimage_200/tsn_8seg_webimage_200_wodup.txt"] == (None, 3)
    assert found["kinetics_raw_200/slowonly_8x8_kinetics_raw_200.json"] == (76027, 2)
    assert unread == ["kinetics_raw_200/rawvideo_text_form.txt"]


def test_sources__formats():
    assert [(one.name, one.format) for one in SOURCES] == [
        ("googleimage_200", Format.IMAGE),
        ("insimage_200", Format.IMAGE),
        ("insvideo_200", Format.TRIMMED),
        ("kinetics_raw_200", Format.UNTRIMMED),
    ]
