"""Addresses and the contents that they gave -> rows of the table of items, each content once (paper 3.3)."""

from collections.abc import Iterable
from pathlib import Path

from omnisource.known_items import KnownFiles
from omnisource.pipeline.fetch_plan import IS_GONE, REPEATS, Address
from omnisource.report import Dropped


def stored(folder: Path, key: bytes) -> Path | None:
    """Where a content lies among the files that were downloaded; None where it was removed."""
    return next((folder / key.hex()[:2]).glob(f"{key.hex()}.*"), None)


def new_items(
    got: Iterable[tuple[Address, bytes]], folder: Path, known: KnownFiles
) -> tuple[list[dict[str, object]], list[Dropped]]:
    """Rows of the contents that are not known yet, in this order, and the addresses that gave a known one.

    The first address of a content gives it its class; what is said of the others begins with their address, by which
    a later run knows that they are dealt with.
    """
    wanted = list(got)
    holders = known.holders([key for _, key in wanted])
    rows: list[dict[str, object]] = []
    dropped: list[Dropped] = []
    for address, key in wanted:
        path = Path(address.file) if address.file is not None else stored(folder, key)
        if key in holders:
            detail = f"{address.url}{REPEATS}{holders[key]}"
            dropped.append(Dropped(path=path, key=None, reason="repeat", detail=detail))
        elif path is None:
            detail = f"{address.url}{IS_GONE}{folder}"
            dropped.append(Dropped(path=None, key=None, reason="missing_file", detail=detail))
        else:
            holders[key] = f"{address.url} ({path})"
            row = {"key": key, "path": str(path), "source": address.source, "format": str(address.format)}
            rows.append(row | {"class_index": address.class_index, "url": address.url})
    return rows, dropped
