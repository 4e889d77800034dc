"""Queries and tags as a CSV that a person edits, and what is wrong with it, line by line (paper 3.3)."""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from omnisource.collect.queries import BY_PERSON, TEXT_KINDS, Query, TextKind, shared_texts
from omnisource.errors import DataError, UnknownClassError
from omnisource.types import Taxonomy

COLUMNS = ("class", "kind", "text", "use", "rule", "also_for")
"""Of the CSV; the order of the lines is the rank. `use` may be left out, `rule` and `also_for` are not read."""

_NEEDED = COLUMNS[:3]
_WORDS = {"yes": True, "true": True, "1": True, "x": True, "": True, "no": False, "false": False, "0": False}
_MAX_CHARACTERS = 200
_MAX_FAULTS = 10


def write_csv(queries: Sequence[Query], taxonomy: Taxonomy) -> str:
    """Every text, used or not, with the other classes that have it."""
    lines = io.StringIO()
    writer = csv.DictWriter(lines, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(row | {"use": "yes" if row["use"] else "no"} for row in table_rows(queries, taxonomy))
    return lines.getvalue()


def table_rows(queries: Sequence[Query], taxonomy: Taxonomy) -> list[dict[str, object]]:
    """The same for a table on a screen: `use` is a bool."""
    shared = shared_texts(queries)
    rows: list[dict[str, object]] = []
    for query in queries:
        classes = shared.get((query.text_kind, query.text.casefold()), ())
        others = "; ".join(taxonomy.names[index] for index in classes if index != query.class_index)
        words = (taxonomy.names[query.class_index], query.text_kind, query.text, query.use, query.rule, others)
        rows.append(dict(zip(COLUMNS, words)))
    return rows


def parse_rows(rows: Iterable[Mapping[str, object]], taxonomy: Taxonomy, known: Iterable[Query] = ()) -> list[Query]:
    """Rows as `table_rows` gives them, edited on a screen; raises DataError that names the row of every mistake."""
    written = (
        {name: _cell_text(value) for name, value in row.items()} | {"use": "yes" if row.get("use") else "no"}
        for row in rows
    )
    return _parse(((f"row {number}", row) for number, row in enumerate(written, start=1)), taxonomy, known)


def read_csv(path: Path, taxonomy: Taxonomy, known: Iterable[Query] = ()) -> list[Query]:
    """The texts of a CSV, checked; what `known` has too keeps its rule, everything else is a person's.

    Raises DataError that names the line of every mistake.
    """
    try:
        return parse_csv(path.read_bytes(), taxonomy, known, where=str(path))
    except FileNotFoundError:
        raise DataError(f"{path} does not exist; `omnisource queries --export {path.name}` writes one") from None


def parse_csv(data: bytes, taxonomy: Taxonomy, known: Iterable[Query] = (), *, where: str) -> list[Query]:
    """As `read_csv`, of text that is in memory; `where` is its name in messages."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise DataError(f"{where} is not UTF-8 text; save it as UTF-8") from None
    reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    try:
        _check_columns(reader.fieldnames or (), where)
        rows = [(f"{where}:{reader.line_num}", row) for row in reader]
    except csv.Error as error:
        raise DataError(f"{where}:{reader.line_num + 1}: {error}; save it as CSV with commas") from None
    return _parse(rows, taxonomy, known)


def _parse(
    rows: Iterable[tuple[str, Mapping[str | None, str | None]]], taxonomy: Taxonomy, known: Iterable[Query]
) -> list[Query]:
    """Rows with their places as queries; what is no row at all is passed over."""
    rules = {(one.class_index, one.text_kind, one.text): one.rule for one in known}
    queries: list[Query] = []
    places: list[str] = []
    faults: list[str] = []
    for place, row in rows:
        if not any(row.get(column) for column in _NEEDED):
            continue
        try:
            queries.append(_query(row, taxonomy, rules))
            places.append(place)
        except (DataError, UnknownClassError) as error:
            faults.append(f"{place}: {error}")
    _raise(faults + find_faults(queries, taxonomy, places))
    return ranked(queries)


def check(queries: Sequence[Query], taxonomy: Taxonomy) -> None:
    """Raise DataError that names every text that cannot be searched, or stands for two classes."""
    places = [f"{taxonomy.names[one.class_index]}, {one.text_kind} {one.rank}" for one in queries]
    _raise(find_faults(queries, taxonomy, places))


def find_faults(queries: Sequence[Query], taxonomy: Taxonomy, places: Sequence[str]) -> list[str]:
    """What is wrong with texts, each with its place: empty, twice, a tag of several words, used for two classes."""
    faults: list[str] = []
    seen: dict[tuple[int, TextKind, str], str] = {}
    used: dict[tuple[TextKind, str], tuple[int, str]] = {}
    for query, place in zip(queries, places, strict=True):
        if fault := _fault_of(query):
            faults.append(f"{place}: {fault}")
            continue
        folded = query.text.casefold()
        if (first := seen.setdefault((query.class_index, query.text_kind, folded), place)) != place:
            faults.append(f"{place}: {query.text_kind} {query.text!r} is there already ({first}); remove one of them")
        elif query.use:
            owner, first = used.setdefault((query.text_kind, folded), (query.class_index, place))
            if owner != query.class_index:
                faults.append(
                    f"{place}: {query.text_kind} {query.text!r} is used for {taxonomy.names[owner]!r} too ({first}); "
                    "set use to no for one of them, or write another"
                )
    return faults


def ranked(queries: Iterable[Query]) -> list[Query]:
    """In order of class and kind; those of one class and kind keep their order, which is their rank."""
    ordered = sorted(queries, key=lambda one: (one.class_index, TEXT_KINDS.index(one.text_kind)))
    ranks: dict[tuple[int, TextKind], int] = {}
    done = []
    for one in ordered:
        rank = ranks[one.class_index, one.text_kind] = ranks.get((one.class_index, one.text_kind), 0) + 1
        done.append(replace(one, rank=rank))
    return done


def tidy(text: str, text_kind: TextKind) -> str:
    """As a person means it: without spaces around it, and a tag without its #."""
    text = " ".join(text.split())
    return text.lstrip("#").strip() if text_kind == "tag" else text


def _fault_of(query: Query) -> str | None:
    if not query.text:
        return f"the {query.text_kind} is empty; write what is searched, or remove the line"
    if len(query.text) > _MAX_CHARACTERS:
        return f"a {query.text_kind} of {len(query.text)} characters; at most {_MAX_CHARACTERS} can be searched"
    if not query.text.isprintable():
        return f"{query.text_kind} {query.text!r} has characters that cannot be typed; write it anew"
    if query.text_kind == "tag" and " " in query.text:
        return f"a tag is one word: write {query.text.replace(' ', '')!r} instead of {query.text!r}"
    return None


def _check_columns(found: Sequence[str], where: str) -> None:
    if missing := [column for column in _NEEDED if column not in found]:
        raise DataError(f"{where}: column {missing[0]!r} is missing; the columns are {', '.join(COLUMNS)}")
    if unknown := [column for column in found if column not in COLUMNS]:
        raise DataError(f"{where}: unknown column {unknown[0]!r}; the columns are {', '.join(COLUMNS)}")


def _query(
    row: Mapping[str | None, str | None], taxonomy: Taxonomy, rules: dict[tuple[int, TextKind, str], str]
) -> Query:
    class_index = taxonomy.index((row.get("class") or "").strip())
    kind = (row.get("kind") or "").strip()
    if kind not in TEXT_KINDS:
        raise DataError(f"kind {kind!r} is neither query nor tag")
    use = (row.get("use") or "").strip().casefold()
    if use not in _WORDS:
        raise DataError(f"use {use!r} is neither yes nor no")
    if None in row:
        raise DataError("more values than columns; put a text with a comma in quotes")
    text = tidy(row.get("text") or "", kind)
    rule = rules.get((class_index, kind, text), BY_PERSON)
    return Query(class_index=class_index, text_kind=kind, text=text, rank=1, rule=rule, use=_WORDS[use])


def _cell_text(value: object) -> str:
    """An empty cell of a table on a screen is None, or NaN."""
    return "" if value is None or value != value else str(value)


def _raise(faults: Sequence[str]) -> None:
    if not faults:
        return
    more = [f"and {len(faults) - _MAX_FAULTS} more"] if len(faults) > _MAX_FAULTS else []
    raise DataError("\n".join([*faults[:_MAX_FAULTS], *more]))
