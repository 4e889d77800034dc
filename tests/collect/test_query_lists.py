"""Queries as a CSV: what is written, what is read, and every mistake with its line."""

from pathlib import Path

import pytest

from omnisource.collect.queries import Query
from omnisource.collect.query_lists import check, parse_csv, parse_rows, ranked, read_csv, table_rows, tidy, write_csv
from omnisource.errors import DataError
from omnisource.types import Taxonomy

CLASSES = Taxonomy(names=("swimming", "dive, deep", "yoyo"))


def tag(class_index: int, text: str, *, rank: int = 1, use: bool = True, rule: str = "person") -> Query:
    return Query(class_index=class_index, text_kind="tag", text=text, rank=rank, rule=rule, use=use)


def test_write_csv__marks_what_other_classes_have():
    rows = [tag(0, "swim", rule="stem: swim"), tag(1, "Swim", use=False), tag(2, "yoyo")]
    assert write_csv(rows, CLASSES) == (
        "class,kind,text,use,rule,also_for\n"
        'swimming,tag,swim,yes,stem: swim,"dive, deep"\n'
        '"dive, deep",tag,Swim,no,person,swimming\n'
        "yoyo,tag,yoyo,yes,person,\n"
    )


def test_parse_csv__comes_back():
    rows = ranked([tag(0, "swim", rule="stem: swim"), tag(0, "swimmer"), tag(1, "Swim", use=False), tag(2, "yoyo")])
    assert parse_csv(write_csv(rows, CLASSES).encode(), CLASSES, rows, where="q.csv") == rows


def test_parse_csv__a_changed_text_is_a_persons():
    known = [tag(0, "swim", rule="stem: swim")]
    text = "class,kind,text\nswimming,tag,swim\nswimming,tag,#Swimmer\n\nSwimming,query,  at  sea \n"
    assert parse_csv(text.encode(), CLASSES, known, where="q.csv") == [
        Query(class_index=0, text_kind="query", text="at sea", rank=1, rule="person"),
        tag(0, "swim", rule="stem: swim"),
        tag(0, "Swimmer", rank=2),
    ]


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ("swiming,tag,swim,yes", "q.csv:2: unknown class 'swiming'; did you mean 'swimming'?"),
        ("swimming,hashtag,swim,yes", "q.csv:2: kind 'hashtag' is neither query nor tag"),
        ("swimming,tag,swim,perhaps", "q.csv:2: use 'perhaps' is neither yes nor no"),
        ("swimming,query,swim,yes,more", "q.csv:2: more values than columns; put a text with a comma in quotes"),
        ("swimming,tag,#,yes", "q.csv:2: the tag is empty; write what is searched, or remove the line"),
        ("swimming,tag,swim sea,yes", "q.csv:2: a tag is one word: write 'swimsea' instead of 'swim sea'"),
        (f"swimming,query,{'a' * 201},yes", "q.csv:2: a query of 201 characters; at most 200 can be searched"),
        ("swimming,query,a\x07b,yes", r"q.csv:2: query 'a\x07b' has characters that cannot be typed; write it anew"),
        (
            "swimming,tag,swim,yes\nyoyo,tag,y,yes\nswimming,tag,SWIM,no",
            "q.csv:4: tag 'SWIM' is there already (q.csv:2); remove one of them",
        ),
        (
            "swimming,tag,swim,yes\nyoyo,tag,swim,yes",
            "q.csv:3: tag 'swim' is used for 'swimming' too (q.csv:2); set use to no for one of them, or write another",
        ),
        (
            "nobody,tag,a,yes\nyoyo,tag,,yes",
            "q.csv:2: unknown class 'nobody'\nq.csv:3: the tag is empty; write what is searched, or remove the line",
        ),
        ('swimming,tag,"swim"x,yes', "q.csv:2: ',' expected after '\"'; save it as CSV with commas"),
    ],
)
def test_parse_csv__names_the_line_of_a_mistake(lines: str, message: str):
    with pytest.raises(DataError) as raised:
        parse_csv(f"class,kind,text,use\n{lines}\n".encode(), CLASSES, where="q.csv")
    assert str(raised.value) == message


@pytest.mark.parametrize(
    ("header", "message"),
    [
        (
            "class;kind;text",
            "q.csv: column 'class' is missing; the columns are class, kind, text, use, rule, also_for",
        ),
        (
            "class,kind,text,used",
            "q.csv: unknown column 'used'; the columns are class, kind, text, use, rule, also_for",
        ),
    ],
)
def test_parse_csv__names_a_wrong_column(header: str, message: str):
    with pytest.raises(DataError) as raised:
        parse_csv(header.encode() + b"\n", CLASSES, where="q.csv")
    assert str(raised.value) == message


def test_parse_csv__shows_ten_mistakes_and_counts_the_others():
    with pytest.raises(DataError) as raised:
        parse_csv(b"class,kind,text\n" + b"nobody,tag,a\n" * 13, CLASSES, where="q.csv")
    assert str(raised.value).splitlines()[9:] == ["q.csv:11: unknown class 'nobody'", "and 3 more"]


def test_read_csv__as_a_spreadsheet_saves_it(tmp_path: Path):
    path = tmp_path / "q.csv"
    path.write_bytes(b"\xef\xbb\xbfclass,kind,text\r\nyoyo,tag,yoyo\r\n")
    assert read_csv(path, CLASSES) == [tag(2, "yoyo")]


def test_read_csv__says_what_it_cannot_read(tmp_path: Path):
    path = tmp_path / "q.csv"
    with pytest.raises(DataError, match=r"q.csv does not exist; `omnisource queries --export q.csv` writes one"):
        read_csv(path, CLASSES)
    path.write_bytes(b"class,kind,text\nyoyo,query,caf\xe9\n")
    with pytest.raises(DataError, match="q.csv is not UTF-8 text; save it as UTF-8"):
        read_csv(path, CLASSES)


def test_table_rows__come_back_edited():
    rows = table_rows([tag(0, "swim", rule="stem: swim"), tag(1, "swim", use=False)], CLASSES)
    assert rows[1] == {
        **{"class": "dive, deep", "kind": "tag", "text": "swim", "use": False, "rule": "person"},
        **{"also_for": "swimming"},
    }
    rows[1] |= {"text": "#diving", "use": True}
    added = {"class": "yoyo", "kind": "tag", "text": "yoyo", "use": None, "rule": None, "also_for": None}
    known = [tag(0, "swim", rule="stem: swim")]
    assert parse_rows([*rows, added, dict.fromkeys(added)], CLASSES, known) == [
        tag(0, "swim", rule="stem: swim"),
        tag(1, "diving"),
        tag(2, "yoyo", use=False),
    ]


def test_parse_rows__names_the_row_of_a_mistake():
    rows = table_rows([tag(0, "swim")], CLASSES)
    with pytest.raises(DataError, match="row 2: unknown class ''"):
        parse_rows([*rows, {"class": float("nan"), "kind": "tag", "text": "a", "use": True}], CLASSES)
    with pytest.raises(DataError, match="row 2: kind '' is neither query nor tag"):
        parse_rows([*rows, {"class": "yoyo", "kind": None, "text": "a", "use": True}], CLASSES)


def test_check__names_class_and_rank():
    with pytest.raises(DataError) as raised:
        check([tag(0, "swim"), tag(2, "swim", rank=2)], CLASSES)
    assert str(raised.value) == (
        "yoyo, tag 2: tag 'swim' is used for 'swimming' too (swimming, tag 1); set use to no for one of them, "
        "or write another"
    )


def test_ranked__by_class_then_kind_then_as_given():
    query = Query(class_index=0, text_kind="query", text="swim", rank=7, rule="person")
    rows = ranked([tag(1, "d"), tag(0, "b"), tag(0, "a"), query])
    assert [(one.class_index, one.text_kind, one.text, one.rank) for one in rows] == [
        (0, "query", "swim", 1),
        (0, "tag", "b", 1),
        (0, "tag", "a", 2),
        (1, "tag", "d", 1),
    ]


@pytest.mark.parametrize(
    ("text", "kind", "expected"),
    [(" #yoyo ", "tag", "yoyo"), ("#1  song", "query", "#1 song"), ("#", "tag", "")],
)
def test_tidy__as_a_person_means_it(text: str, kind: str, expected: str):
    assert tidy(text, kind) == expected
