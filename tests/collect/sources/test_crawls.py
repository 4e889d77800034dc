"""Finished crawls: whole folders as each crawler leaves them."""

import io
import json
import lzma
import os
import tarfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from omnisource.collect.sources.crawls import Crawl, check_crawl
from omnisource.collect.sources.media_links import endings_of
from omnisource.errors import DataError
from omnisource.types import Format, Taxonomy
from tests.crawler_notes import GALLERY_DL, IMG2DATASET, INSTALOADER, VIDEO2DATASET
from tests.loopback_site import cell, found_by, source, urls_of

PICTURE = b"\xff\xd8\xff picture"


def _write(root: Path, files: Mapping[str, bytes | object]) -> Path:
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
    return root


def _crawl(tmp_path: Path, path: Path, taxonomy: Taxonomy, format: str = "image", max_bytes: int = 1000) -> Crawl:
    searched = source("crawl", format, path=str(path))
    return Crawl(searched, taxonomy, path, unpacked=tmp_path / "work", max_bytes=max_bytes)


def test_crawl__img2dataset_files(tmp_path: Path, taxonomy: Taxonomy) -> None:
    root = _write(
        tmp_path / "crawl",
        {
            "00000/000000000.jpg": PICTURE,
            "00000/000000000.json": IMG2DATASET,
            "00000/000000000.txt": b"beekeeping in spring",
            "00000/000000001.jpg": PICTURE,
            "00000/000000001.txt": b"knitting",
            "00000_stats.json": {"count": 2},
            "00000.parquet": b"PAR1",
        },
    )
    found = found_by(_crawl(tmp_path, root, taxonomy), cell())
    assert [one.candidate.url for one in found] == ["https://a.example/1.jpg"]
    assert found[0].file == str(root / "00000" / "000000000.jpg")
    assert found[0].title == "beekeeping in spring"


def test_crawl__webdataset_tars_are_unpacked_into_the_workspace(tmp_path: Path, taxonomy: Taxonomy) -> None:
    (tmp_path / "crawl").mkdir()
    clip = VIDEO2DATASET | {"caption": "playing guitar"}
    with tarfile.open(tmp_path / "crawl" / "00000.tar", "w") as archive:
        for name, content in (
            ("0_00.mp4", b"v0"),
            ("0_00.json", json.dumps(clip | {"clips": [[0.0, 10.0]]}).encode()),
            ("0_01.mp4", b"v1"),
            ("0_01.json", json.dumps(clip | {"clips": [[10.0, 20.0]]}).encode()),
            ("0_02.mp4", b"v" * 2000),
        ):
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    crawl = _crawl(tmp_path, tmp_path / "crawl", taxonomy, "trimmed")
    found = found_by(crawl, cell("playing guitar", class_index=1))
    assert [one.candidate.url for one in found] == ["https://youtu.be/x#t=0,10", "https://youtu.be/x#t=10,20"]
    assert [Path(one.file).read_bytes() for one in found] == [b"v0", b"v1"]
    assert all(one.start_s is None for one in found)  # they are cut already
    assert found[0].file == str(tmp_path / "work" / "shards" / "00000" / "0_00.mp4")
    assert crawl.left_out == {"too_large": 1}
    assert sorted(path.name for path in (tmp_path / "crawl").iterdir()) == ["00000.tar"]


def test_crawl__instaloader_folders_name_the_class(tmp_path: Path, taxonomy: Taxonomy) -> None:
    post = lzma.compress(json.dumps(INSTALOADER).encode())
    root = _write(
        tmp_path / "crawl",
        {
            "#playingguitar/2020_UTC_1.jpg": PICTURE,
            "#playingguitar/2020_UTC_2.mp4": b"video",
            "#playingguitar/2020_UTC_2.jpg": PICTURE,  # its cover
            "#playingguitar/2020_UTC.json.xz": post,
            "#playingguitar/2020_UTC.txt": b"my #beekeeping",
        },
    )
    found = found_by(_crawl(tmp_path, root, taxonomy), cell("playing guitar", class_index=1))
    assert [one.candidate.url for one in found] == ["https://cdn.example/p.jpg"]
    assert (found[0].author, found[0].page_url) == ("keeper", "https://www.instagram.com/p/CbA1/")
    clips = _crawl(tmp_path, root, taxonomy, "trimmed")
    assert urls_of(clips, cell("playing guitar", class_index=1)) == ["https://cdn.example/p.mp4"]


def test_crawl__gallery_dl_files_and_lists(tmp_path: Path, taxonomy: Taxonomy) -> None:
    described = GALLERY_DL | {"tags": ["beekeeping"]}
    dump = [[3, "https://g.example/2.jpg?x=1", described], [3, "https://g.example/3.mp4", described]]
    root = _write(
        tmp_path / "crawl",
        {"flickr/1.jpg": PICTURE, "flickr/1.jpg.json": described, "later.json": dump, "broken.json": b"{"},
    )
    crawl = _crawl(tmp_path, root, taxonomy)
    found = found_by(crawl, cell())
    file = root / "flickr" / "1.jpg"
    assert [(one.candidate.url, one.file) for one in found] == [
        ("https://g.example/2.jpg?x=1", None),  # still to be downloaded
        (file.as_uri(), str(file)),  # its address was not written down
    ]
    assert found[0].licence == "Attribution License"
    assert crawl.left_out == {"bad_note": 1}


def test_crawl__a_list_of_gallery_dl_may_be_all_there_is(tmp_path: Path, taxonomy: Taxonomy) -> None:
    described = {"category": "x", "search_tags": "Playing_Guitar"}
    _write(tmp_path, {"dump.json": [[3, "https://g.example/2.jpg", described]]})
    crawl = _crawl(tmp_path, tmp_path / "dump.json", taxonomy)
    assert urls_of(crawl, cell("playing guitar", class_index=1)) == ["https://g.example/2.jpg"]


def test_crawl__numbers_are_shards_and_links_do_not_lead_out(tmp_path: Path, taxonomy: Taxonomy) -> None:
    secret = _write(tmp_path / "elsewhere", {"secret.jpg": PICTURE}) / "secret.jpg"
    root = _write(tmp_path / "crawl", {"00/beekeeping/1.jpg": PICTURE, "00/1.jpg": PICTURE})
    (root / "00" / "beekeeping" / "2.jpg").symlink_to(secret)
    crawl = _crawl(tmp_path, root, taxonomy)
    assert [one.file for one in found_by(crawl, cell())] == [str(root / "00" / "beekeeping" / "1.jpg")]
    assert crawl.left_out == {"link_leads_out": 1}
    said = json.loads((tmp_path / "work" / "left_out.json").read_text(encoding="utf-8"))
    assert said["first_dropped"][0]["path"] == str(root / "00" / "beekeeping" / "2.jpg")
    assert (said["done"], said["dropped"]) == (2, 1)


def test_crawl__names_that_are_not_utf_8_are_left_out(tmp_path: Path, taxonomy: Taxonomy) -> None:
    root = _write(tmp_path / "crawl", {"beekeeping/1.jpg": PICTURE})
    for odd in (b"beekeeping/\xff.jpg", b"\xff.json"):
        (root / os.fsdecode(odd)).write_bytes(PICTURE)
    with tarfile.open(root / "0.tar", "w") as archive:
        archive.addfile(tarfile.TarInfo("\udcff.jpg"), io.BytesIO())
    crawl = _crawl(tmp_path, root, taxonomy)
    assert [one.file for one in found_by(crawl, cell())] == [str(root / "beekeeping" / "1.jpg")]
    assert crawl.left_out == {"bad_name": 2, "bad_note": 1}
    said = json.loads((tmp_path / "work" / "left_out.json").read_text(encoding="utf-8"))
    assert {Path(one["path"]).name for one in said["first_dropped"]} == {"?.jpg", "?.json"}


def test_crawl__half_a_surrogate_pair_in_a_note_is_no_end(tmp_path: Path, taxonomy: Taxonomy) -> None:
    note = {"url": "https://a.example/\ud83d.jpg", "caption": "beekeeping \ud83d"}  # as sites cut captions off
    root = _write(tmp_path / "crawl", {"0/1.jpg": PICTURE, "0/1.json": note})
    (found,) = found_by(_crawl(tmp_path, root, taxonomy), cell())
    assert (found.candidate.url, found.title) == ("https://a.example/?.jpg", "beekeeping ?")


def test_crawl__asking_again_reads_no_folder_again(tmp_path: Path, taxonomy: Taxonomy) -> None:
    root = _write(tmp_path / "crawl", {"beekeeping/1.jpg": PICTURE})
    crawl = _crawl(tmp_path, root, taxonomy)
    assert len(found_by(crawl, cell())) == 1
    _write(root, {"beekeeping/2.jpg": PICTURE})
    assert len(found_by(crawl, cell())) == 1
    assert len(found_by(_crawl(tmp_path, root, taxonomy), cell())) == 2  # another run does


def test_crawl__no_file_of_any_class_is_an_error(tmp_path: Path, taxonomy: Taxonomy) -> None:
    root = _write(tmp_path / "crawl", {"knitting/1.jpg": PICTURE})
    with pytest.raises(DataError, match="1 rows: 0 of 0 classes"):
        found_by(_crawl(tmp_path, root, taxonomy), cell())


@pytest.mark.parametrize(
    ("files", "path", "message"),
    [
        ({"a.tfrecord": b""}, "", "holds TFRecord shards, which are not read; crawl with --output_format webdataset"),
        ({"a.parquet": b""}, "", "holds no file that ends in .*, and no tar; .* engine urls for a list of addresses"),
        ({}, "none", "is no folder of a crawl, nor a list of `gallery-dl -j`"),
        ({"a.jpg": b""}, "a.jpg", "is no folder of a crawl"),
    ],
)
def test_check_crawl__says_what_can_be_read(tmp_path: Path, files: dict[str, bytes], path: str, message: str) -> None:
    root = _write(tmp_path, files)
    with pytest.raises(DataError, match=message):
        check_crawl(root / path, endings_of(Format.IMAGE))
