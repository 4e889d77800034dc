"""Addresses and domains that a person names -> everything that a workspace has from them (paper 3.3)."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

import pyarrow as pa

from omnisource.catalog import Catalog, source
from omnisource.errors import WorkspaceError
from omnisource.files import write_atomically
from omnisource.pipeline.forgotten import FOLDER, host_of, same_url
from omnisource.workspace import Workspace

_HOST = r"rtrim(lower(regexp_extract(seen, '^\s*[a-zA-Z][a-zA-Z0-9+.-]*://(?:[^/?#@]*@)?([^/:?#]+)', 1)), '.')"


@dataclass(frozen=True, kw_only=True, slots=True)
class ToForget:
    """What is to be forgotten; grows by what an unfinished forgetting had found."""

    urls: tuple[str, ...]
    """Addresses that a person named."""
    domains: tuple[str, ...]
    """Domains that a person named; what lies below them is meant too."""
    addresses: tuple[str, ...]
    """Addresses in the tables that are meant, or that gave the same content as one that is."""
    contents: tuple[bytes, ...]
    """Keys of what came from them."""
    own: int
    """The same content in folders of one's own, which stays."""


def parse_url(text: str) -> str:
    """One spelling of an address; raises WorkspaceError for what is none."""
    if urlsplit(text.strip()).scheme.lower() not in ("http", "https") or not host_of(text):
        raise WorkspaceError(f"{text!r} is no address; write it as https://example.com/picture.jpg, or use --domain")
    return same_url(text)


def parse_domain(text: str) -> str:
    """A domain as DNS writes it; raises WorkspaceError for what is none."""
    name = host_of(f"//{text.strip().removeprefix('*.')}")
    if not name or any(sign in text for sign in "/@: "):
        raise WorkspaceError(f"{text!r} is no domain; write it as example.com, or use --url for an address")
    return name


def what_to_forget(workspace: Workspace, urls: Sequence[str], domains: Sequence[str]) -> ToForget:
    """Everything that came from some addresses and domains, and what an unfinished forgetting left.

    Meant are the addresses themselves, those that redirect to them, and media that their pages link to. A content that
    is known from another address as well goes with it. Raises WorkspaceError where nothing is named.
    """
    before = _unfinished(workspace)
    wanted_urls = tuple(dict.fromkeys([*before.urls, *(parse_url(url) for url in urls)]))
    wanted_domains = tuple(dict.fromkeys([*before.domains, *(parse_domain(domain) for domain in domains)]))
    if not (wanted_urls or wanted_domains):
        raise WorkspaceError("nothing is named that could be forgotten; give --url or --domain")
    catalog = Catalog(workspace)
    meant = {*before.addresses, *_meant(catalog, wanted_urls, wanted_domains)}
    contents, own = _contents(catalog, meant)
    contents |= set(before.contents)
    return ToForget(
        urls=wanted_urls,
        domains=wanted_domains,
        addresses=tuple(sorted(meant | _addresses_of(catalog, contents))),
        contents=tuple(sorted(contents)),
        own=own,
    )


def note_unfinished(workspace: Workspace, what: ToForget) -> None:
    """Write down what is about to be removed, so that a forgetting that is killed can be finished."""
    document = {"urls": what.urls, "domains": what.domains, "addresses": what.addresses}
    text = json.dumps(document | {"contents": [key.hex() for key in what.contents]})
    write_atomically(workspace.root / FOLDER / "unfinished.json", text)


def note_finished(workspace: Workspace) -> None:
    """Nothing is left to be removed."""
    (workspace.root / FOLDER / "unfinished.json").unlink(missing_ok=True)


def _unfinished(workspace: Workspace) -> ToForget:
    path = workspace.root / FOLDER / "unfinished.json"
    found = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    named = {name: tuple(found.get(name, ())) for name in ("urls", "domains", "addresses")}
    return ToForget(**named, contents=tuple(bytes.fromhex(key) for key in found.get("contents", ())), own=0)


def _meant(catalog: Catalog, urls: Iterable[str], domains: Iterable[str]) -> set[str]:
    """Addresses in the tables that are named, redirect to a named one, or are linked from a named page."""
    candidates, attempts, items = (source(catalog.workspace.table(n)) for n in ("candidates", "attempts", "items"))
    named, below = set(urls), [spelling for domain in domains for spelling in _spellings(domain)]
    hosts = [spelling for url in named for spelling in _spellings(host_of(url))]
    catalog.create("domains", pa.table({"name": pa.array(below, pa.string())}))
    catalog.create("hosts", pa.table({"name": pa.array(hosts, pa.string())}))
    found = catalog.table(
        f"""
        WITH said AS (
            SELECT url, url AS seen FROM {candidates} UNION SELECT url, page_url FROM {candidates}
            UNION SELECT url, url FROM {attempts} UNION SELECT url, final_url FROM {attempts}
            UNION SELECT url, url FROM {items}
        ), with_host AS (SELECT url, seen, {_HOST} AS host FROM said WHERE url IS NOT NULL AND seen IS NOT NULL)
        SELECT url, seen, true AS is_below FROM with_host
        SEMI JOIN domains ON host = name OR ends_with(host, '.' || name)
        UNION ALL SELECT url, seen, false FROM with_host SEMI JOIN hosts ON host = name
        """
    ).to_pylist()
    return {row["url"] for row in found if row["is_below"] or same_url(row["seen"]) in named}


def _contents(catalog: Catalog, addresses: Iterable[str]) -> tuple[set[bytes], int]:
    """Keys of what came from the addresses, and how many of them are in folders of one's own."""
    attempts, items = (source(catalog.workspace.table(name)) for name in ("attempts", "items"))
    catalog.create("meant", pa.table({"url": pa.array(sorted(addresses), pa.string())}))
    found = catalog.table(
        f"""
        WITH gave AS (
            SELECT key FROM {attempts} SEMI JOIN meant USING (url) WHERE key IS NOT NULL
            UNION SELECT key FROM {items} SEMI JOIN meant USING (url)
        )
        SELECT key, key IN (SELECT key FROM {items} WHERE url IS NULL) AS is_own FROM gave
        """
    ).to_pylist()
    return {row["key"] for row in found if not row["is_own"]}, sum(row["is_own"] for row in found)


def _addresses_of(catalog: Catalog, contents: Iterable[bytes]) -> set[str]:
    """Every address that gave one of the contents."""
    attempts, items = (source(catalog.workspace.table(name)) for name in ("attempts", "items"))
    catalog.create("contents", pa.table({"key": pa.array(sorted(contents), pa.binary())}))
    found = catalog.table(
        f"SELECT url FROM {attempts} SEMI JOIN contents USING (key)"
        f" UNION SELECT url FROM {items} SEMI JOIN contents USING (key)"
    )
    return {url for url in found["url"].to_pylist() if url is not None}


def _spellings(host: str) -> list[str]:
    """A host as DNS writes it, and as people do."""
    try:
        return list(dict.fromkeys([host, host.encode("ascii").decode("idna")]))
    except UnicodeError:  # it has no other
        return [host]
