"""What crawlers write beside a file, in the form of each crawler."""

import json
import lzma
from pathlib import Path

import pytest

from omnisource.collect.sources import crawl_notes
from omnisource.collect.sources.crawl_notes import Note, note_of, read_dump, read_note
from omnisource.errors import ItemError
from tests.crawler_notes import GALLERY_DL, IMG2DATASET, INSTALOADER, VIDEO2DATASET


def _xz(document: object) -> bytes:
    return lzma.compress(json.dumps(document).encode())


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        (IMG2DATASET, Note(url="https://a.example/1.jpg", caption="beekeeping in spring")),
        (VIDEO2DATASET, Note(url="https://youtu.be/x", caption="bees")),
        (
            VIDEO2DATASET | {"clips": [[10.0, 20.5]]},
            Note(url="https://youtu.be/x", caption="bees", start_s=10.0, end_s=20.5),
        ),
        (
            VIDEO2DATASET | {"clips": [["00:01:10.000", "01:00:20.500"]]},
            Note(url="https://youtu.be/x", caption="bees", start_s=70.0, end_s=3620.5),
        ),
        (
            GALLERY_DL,
            Note(caption="Hive in spring bee honey", author="keeper", licence="Attribution License"),
        ),
        (
            {"category": "instagram", "tagname": "bees", "description": None, "username": "u", "post_url": "https://p"},
            Note(query="bees", author="u", page_url="https://p"),
        ),
        (VIDEO2DATASET | {"clips": [["1" * 5000 + ":00:00", "NaN"]]}, Note(url="https://youtu.be/x", caption="bees")),
        ({"some": "thing"}, Note()),
        ([1, 2], Note()),
    ],
)
def test_read_note__each_crawler(document: object, expected: Note) -> None:
    assert read_note(document) == expected


@pytest.mark.parametrize(
    ("index", "url"),
    [
        (None, "https://cdn.example/p.jpg"),
        (0, "https://cdn.example/p.jpg"),
        (1, "https://cdn.example/p.mp4"),
        (7, None),
    ],
)
def test_read_note__a_post_may_have_several_files(index: int | None, url: str | None) -> None:
    note = read_note(INSTALOADER, index)
    assert note.url == url
    assert (note.page_url, note.author) == ("https://www.instagram.com/p/CbA1/", "keeper")
    assert note.caption == "my #beekeeping"


@pytest.mark.parametrize(
    ("media", "note", "content", "url"),
    [
        ("000000012.jpg", "000000012.json", json.dumps(IMG2DATASET).encode(), "https://a.example/1.jpg"),
        ("flickr_1.jpg", "flickr_1.jpg.json", json.dumps(GALLERY_DL | {"url": "https://g"}).encode(), "https://g"),
        ("2020_UTC.jpg", "2020_UTC.json.xz", _xz(INSTALOADER), "https://cdn.example/p.jpg"),
        ("2020_UTC_2.mp4", "2020_UTC.json.xz", _xz(INSTALOADER), "https://cdn.example/p.mp4"),
        ("2020_UTC_2.mp4", "2020_UTC.json", json.dumps(INSTALOADER).encode(), "https://cdn.example/p.mp4"),
        ("a.jpg", "b.json", b"{}", None),  # of another file
    ],
)
def test_note_of__finds_what_lies_beside(
    tmp_path: Path, media: str, note: str, content: bytes, url: str | None
) -> None:
    (tmp_path / note).write_bytes(content)
    assert note_of(tmp_path / media).url == url


def test_note_of__a_text_alone_is_a_caption(tmp_path: Path) -> None:
    (tmp_path / "1.txt").write_text(" bees\n", encoding="utf-8")
    assert note_of(tmp_path / "1.jpg") == Note(caption="bees")


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("1.json", b"{not json", "bad_note: .* is not JSON"),
        ("1.json", b"\xff\xfe\x00", "bad_note"),
        ("1.json", b"[" * 100_000, "bad_note"),  # deeper than Python goes
        ("1.json.xz", b"no xz", "bad_note: .* cannot be read"),
        ("1.json.xz", lzma.compress(b" " * 3000), "bad_note: .* holds more than"),  # small, until it is unpacked
    ],
)
def test_note_of__bad_notes_are_bad_items(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, content: bytes, message: str
) -> None:
    if name.endswith(".xz"):
        monkeypatch.setattr(crawl_notes, "MAX_NOTE_BYTES", 2000)
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ItemError, match=message):
        note_of(tmp_path / "1.jpg")


def test_read_dump__only_files_of_a_list_of_messages(tmp_path: Path) -> None:
    file = tmp_path / "dump.json"
    page = [6, "https://g.example/page/2", {"category": "x"}]
    messages = [[2, {"category": "flickr"}], [3, "https://g.example/1.jpg", GALLERY_DL], page, [3, "ytdl:x", {}]]
    file.write_text(json.dumps(messages), encoding="utf-8")
    assert [note.url for note in read_dump(file)] == ["https://g.example/1.jpg"]
    file.write_text('{"count": 3}', encoding="utf-8")
    assert list(read_dump(file)) == []


def test_read_dump__what_is_too_large_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crawl_notes, "MAX_DUMP_BYTES", 10)
    file = tmp_path / "dump.json"
    file.write_text("[1, 2, 3, 4, 5]", encoding="utf-8")
    with pytest.raises(ItemError, match="too_large: .* has more than"):
        list(read_dump(file))
