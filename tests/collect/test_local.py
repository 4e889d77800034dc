"""Local folders of web data: which files, which class, and what is refused."""

import re
from itertools import islice
from pathlib import Path

import pytest

from omnisource.collect.local import MAX_PROBLEMS_SHOWN, scan_folder
from omnisource.config import SourceConfig
from omnisource.errors import DataError
from omnisource.types import Format, Taxonomy

TAXONOMY = Taxonomy(names=("air drumming", "abseiling", "boxing"))


def make_files(root: Path, *names: str) -> None:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(b"media")


def scan(root: Path, taxonomy: Taxonomy = TAXONOMY, classes: Path | None = None) -> list[tuple[str, int]]:
    source = SourceConfig(name="web", format=Format.IMAGE, path=root, classes=classes)
    return [(str(found.path.relative_to(root)), found.class_index) for found in scan_folder(source, taxonomy)]


def scan_csv(root: Path, text: str | bytes) -> list[tuple[str, int]]:
    (root / "list.csv").write_bytes(text if isinstance(text, bytes) else text.encode())
    return scan(root, classes=root / "list.csv")


def nearest_only(error: DataError) -> list[str]:
    """Lines of the message, each with the first of the suggested classes only."""
    return [re.sub(r"(did you mean '[^']*').*", r"\1", line) for line in str(error).splitlines()]


@pytest.mark.parametrize(
    ("file", "class_index"),
    [
        ("boxing/a.jpg", 2),
        ("Air_Drumming/a", 0),  # case, underscore, no ending
        ("air-drumming/a.xyz", 0),  # hyphen, odd ending
        ("000/00/000001.jpg", 0),  # released layout: index, then a sub-folder
        ("crawl/2020/abseiling/deep/er/a.jpg", 1),  # the first level that is a class, at any depth
        ("2/a.jpg", 2),  # as wide as the largest index, 2
        ("pictures/a b c/abseiling/x y.jpg", 1),  # spaces in paths
    ],
)
def test_scan_folder__class_comes_from_the_first_class_level(tmp_path: Path, file: str, class_index: int) -> None:
    make_files(tmp_path, file)
    assert scan(tmp_path) == [(file, class_index)]


@pytest.mark.parametrize(("folder", "class_index"), [("007", 7), ("7", None), ("200", None), ("0007", 7)])
def test_scan_folder__an_index_is_padded_to_the_largest(tmp_path: Path, folder: str, class_index: int | None) -> None:
    two_hundred = Taxonomy(names=tuple(f"class {chr(97 + i // 26)}{chr(97 + i % 26)}" for i in range(200)))
    make_files(tmp_path, f"{folder}/a.jpg")
    if class_index is None:
        with pytest.raises(DataError, match=f"{folder}/: unknown class '{folder}'"):
            scan(tmp_path, two_hundred)
    else:
        assert scan(tmp_path, two_hundred) == [(f"{folder}/a.jpg", class_index)]


def test_scan_folder__a_name_wins_over_an_index(tmp_path: Path) -> None:
    make_files(tmp_path, "0/a.jpg")
    assert scan(tmp_path, Taxonomy(names=("1", "0"))) == [("0/a.jpg", 1)]


def test_scan_folder__a_tag_may_be_called_like_another_class(tmp_path: Path) -> None:
    make_files(tmp_path, "001/boxing/a.jpg", "001/abseil/b.jpg")  # one of two: 001 is an index, as released
    assert scan(tmp_path) == [("001/abseil/b.jpg", 1), ("001/boxing/a.jpg", 1)]


def test_scan_folder__a_number_above_folders_of_other_classes_is_not_guessed(tmp_path: Path) -> None:
    make_files(tmp_path, "000/boxing/a.jpg", "000/abseiling/b.jpg")  # 000 would be air drumming
    with pytest.raises(DataError, match="000/ may be class index 0 or a plain number"):
        scan(tmp_path)


def test_scan_folder__is_sorted(tmp_path: Path) -> None:
    make_files(tmp_path, "boxing/b", "boxing/a/z", "boxing/a/y", "boxing/c", "abseiling/d")
    assert [name for name, _ in scan(tmp_path)] == ["abseiling/d", "boxing/b", "boxing/c", "boxing/a/y", "boxing/a/z"]


def test_scan_folder__ignores_hidden_and_partial_files(tmp_path: Path) -> None:
    make_files(tmp_path, "boxing/a.jpg", "boxing/.b.jpg", "boxing/c.mp4.partial", ".cache/d.jpg", ".e")
    assert scan(tmp_path) == [("boxing/a.jpg", 2)]


def test_scan_folder__ignores_empty_folders_of_unknown_classes(tmp_path: Path) -> None:
    make_files(tmp_path, "boxing/a.jpg")
    (tmp_path / "nothing").mkdir()
    assert scan(tmp_path) == [("boxing/a.jpg", 2)]


def test_scan_folder__reports_all_unknown_folders_at_once(tmp_path: Path) -> None:
    make_files(tmp_path, "boxing/a.jpg", "boxin/b.jpg", "tags/abseil/c.jpg", "abseilin/quux/d.jpg", "e.jpg")
    with pytest.raises(DataError) as caught:
        scan(tmp_path)
    assert nearest_only(caught.value) == [
        f"{tmp_path}:",
        "  files lie directly in the source's folder, in no class folder",
        "  abseilin/quux/: unknown class 'abseilin'; did you mean 'abseiling'",  # the level nearest to a class
        "  boxin/: unknown class 'boxin'; did you mean 'boxing'",
        "  tags/abseil/: unknown class 'abseil'; did you mean 'abseiling'",
        "rename or remove these folders, or give `classes`, a CSV with the columns path,class",
    ]


def test_scan_folder__reports_at_the_call(tmp_path: Path) -> None:
    make_files(tmp_path, "boxing/a.jpg", "qqq/b.jpg")
    with pytest.raises(DataError, match="qqq/: unknown class 'qqq'"):
        scan_folder(SourceConfig(name="web", format=Format.IMAGE, path=tmp_path), TAXONOMY)  # nothing is drawn from it


def test_scan_folder__shows_the_first_of_many_problems(tmp_path: Path) -> None:
    make_files(tmp_path, *(f"qqq{i}/a.jpg" for i in range(MAX_PROBLEMS_SHOWN + 5)))
    with pytest.raises(DataError, match=r"\n  and 5 more\nrename"):
        scan(tmp_path)


@pytest.mark.parametrize("folders", [[], ["boxing"]])
def test_scan_folder__explains_an_empty_source(tmp_path: Path, folders: list[str]) -> None:
    for folder in folders:
        (tmp_path / folder).mkdir()
    with pytest.raises(DataError, match="source web: .* holds no file; put files into folders called like the classes"):
        scan(tmp_path)


def test_scan_folder__explains_a_missing_folder(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="source web: .*nowhere is not a folder; set its `path`"):
        scan(tmp_path / "nowhere")


def test_scan_folder__reads_lazily(tmp_path: Path) -> None:
    make_files(tmp_path, "abseiling/a.jpg", "boxing/b.jpg")
    found = scan_folder(SourceConfig(name="web", format=Format.IMAGE, path=tmp_path), TAXONOMY)
    assert [f.path.name for f in islice(found, 1)] == ["a.jpg"]
    make_files(tmp_path, "boxing/a.jpg")  # boxing has not been listed yet
    assert [f.path.name for f in found] == ["a.jpg", "b.jpg"]


def test_scan_folder__follows_links_that_stay_inside(tmp_path: Path) -> None:
    make_files(tmp_path, "boxing/pool/a.jpg")
    (tmp_path / "abseiling").mkdir()
    (tmp_path / "abseiling/b.jpg").symlink_to(tmp_path / "boxing/pool/a.jpg")
    (tmp_path / "air drumming").symlink_to(tmp_path / "boxing/pool")
    assert scan(tmp_path) == [("abseiling/b.jpg", 1), ("air drumming/a.jpg", 0), ("boxing/pool/a.jpg", 2)]


def test_scan_folder__does_not_run_in_circles(tmp_path: Path) -> None:
    make_files(tmp_path, "boxing/a.jpg", "abseiling/b.jpg")
    (tmp_path / "boxing/up").symlink_to(tmp_path / "boxing")
    (tmp_path / "boxing/over").symlink_to(tmp_path / "abseiling")
    (tmp_path / "abseiling/back").symlink_to(tmp_path / "boxing")
    (tmp_path / "loop").symlink_to(tmp_path)
    names = [name for name, _ in scan(tmp_path)]
    assert names == ["abseiling/b.jpg", "abseiling/back/a.jpg", "boxing/a.jpg", "boxing/over/b.jpg"]


@pytest.mark.parametrize("link", ["boxing/link.jpg", "boxing/tag", "boxing"])
def test_scan_folder__refuses_links_that_leave_the_folder(tmp_path: Path, link: str) -> None:
    make_files(tmp_path, "outside/a.jpg", "web/abseiling/b.jpg")
    (tmp_path / "web" / link).parent.mkdir(exist_ok=True)
    target = tmp_path / "outside" / ("a.jpg" if link.endswith("jpg") else "")
    (tmp_path / "web" / link).symlink_to(target)
    with pytest.raises(DataError, match=f"{re.escape(link)} is a link that leads out of .*web, to .*outside"):
        scan(tmp_path / "web")


def test_scan_folder__the_source_itself_may_be_a_link(tmp_path: Path) -> None:
    make_files(tmp_path, "disk/boxing/a.jpg")
    (tmp_path / "web").symlink_to(tmp_path / "disk")
    assert scan(tmp_path / "web") == [("boxing/a.jpg", 2)]


@pytest.mark.parametrize(
    "text",
    [
        "path,class\na.jpg,boxing\n",
        "path;class\na.jpg;2\n",  # delimiter, index
        "class\tpath\nBOXING\ta.jpg\n",  # order
        b"\xef\xbb\xbfpath,class\r\na.jpg,boxing\r\n",  # Excel: byte order mark, CR LF
        'url,"path", Class \n"http://h/?a,b","a.jpg",002\n',  # more columns, quotes
        "path|class\n\nsub/../a.jpg|boxing\n\n",  # blank lines; a path that stays inside
    ],
)
def test_scan_folder__reads_a_csv(tmp_path: Path, text: str | bytes) -> None:
    make_files(tmp_path, "a.jpg", "sub/b.jpg", "unlisted.jpg")
    (found,) = scan_csv(tmp_path, text)
    assert ((tmp_path / found[0]).resolve(), found[1]) == (tmp_path / "a.jpg", 2)


def test_scan_folder__yields_single_missing_files_of_a_csv(tmp_path: Path) -> None:
    make_files(tmp_path, "a.jpg")
    assert scan_csv(tmp_path, "path,class\ngone.jpg,0\na.jpg,2\n") == [("gone.jpg", 0), ("a.jpg", 2)]


def test_scan_folder__reports_all_bad_lines_at_once(tmp_path: Path) -> None:
    make_files(tmp_path, "a.jpg")
    text = "path,class\na.jpg,boxin\n../b.jpg,boxing\na.jpg,boxin\n/etc/passwd,1\na.jpg,3\na.jpg\na.jpg,boxing\n"
    with pytest.raises(DataError) as caught:
        scan_csv(tmp_path, text)
    assert nearest_only(caught.value) == [
        f"{tmp_path}/list.csv:",
        "  line 2: unknown class 'boxin'; did you mean 'boxing'",  # said once, though line 4 has it too
        f"  line 3: path '../b.jpg' leads out of {tmp_path}",
        f"  line 5: path '/etc/passwd' leads out of {tmp_path}",
        "  line 6: unknown class '3'",  # indices are 0, 1, 2
        "  line 7: path and class must both be filled in",
        "correct these lines",
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a.jpg,boxing\n", "list.csv:1: header 'a.jpg,boxing' lacks path or class; begin with the line `path,class`"),
        ("path,label\na.jpg,boxing\n", "list.csv:1: header 'path,label' lacks path or class"),
        ("", "list.csv:1: header '' lacks path or class"),
        ("path,class\n", "holds no file"),
        ("path,class\nx/a.jpg,boxing\n", "list.csv: none of its files is below"),
        (b"path,class\ncaf\xe9.jpg,boxing\n", "list.csv is not UTF-8 text"),
        ("path,class\na.jpg," + "x" * 200_000 + "\n", "list.csv is not a CSV file: field larger"),
    ],
)
def test_scan_folder__explains_a_bad_csv(tmp_path: Path, text: str | bytes, message: str) -> None:
    make_files(tmp_path, "a.jpg")
    with pytest.raises(DataError, match=re.escape(message)):
        scan_csv(tmp_path, text)


def test_scan_folder__explains_a_missing_csv(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="none.csv is not a file; set the source's `classes` to the CSV"):
        scan(tmp_path, classes=tmp_path / "none.csv")


def test_scan_folder__refuses_links_of_a_csv_that_leave_the_folder(tmp_path: Path) -> None:
    make_files(tmp_path, "outside.jpg", "web/a.jpg")
    (tmp_path / "web/b.jpg").symlink_to(tmp_path / "outside.jpg")
    with pytest.raises(DataError, match="list.csv:3: b.jpg is a link that leads out of"):
        scan_csv(tmp_path / "web", "path,class\na.jpg,0\nb.jpg,0\n")


def test_scan_folder__reads_the_released_layout(facts: Path) -> None:
    media, taxonomy = facts / "examples/media", Taxonomy(names=("air drumming", "abseiling"))
    assert scan(media / "googleimage_200", taxonomy) == [
        ("000/00/000001.jpg", 0),
        ("000/00/000901.jpg", 0),
        ("001/00/000002.jpg", 1),
    ]
    assert scan(media / "insvideo_200", taxonomy) == [
        ("000/airdrumming/B00arxogubl.mp4", 0),
        ("001/abseiling/BzYsP0HIvbt.mp4", 1),
    ]


@pytest.mark.real_data
def test_scan_folder__reads_the_real_folders(real_data: Path) -> None:
    taxonomy = Taxonomy(names=tuple((real_data / "classes.txt").read_text().split()))
    by_class = [0] * len(taxonomy)
    for _, class_index in scan(real_data / "images", taxonomy):
        by_class[class_index] += 1
    assert by_class == [199, 74, 64, 0, 0, 56, 200, 0]  # the table of its README
