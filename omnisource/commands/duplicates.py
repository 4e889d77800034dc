"""`duplicates`: which web data looks like labelled clips, as a list, a contact sheet, or verdicts from a file."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from omnisource.commands.options import HERE, AsJson, Redo, Where, print_json
from omnisource.commands.pair_lines import as_rows, line_of, print_pairs, suspected_pairs
from omnisource.workspace import Workspace

COPIES_SHOWN = 5
"""Of a group of near copies, for a person."""


def duplicates(
    workspace: Where = HERE,
    list_pairs: Annotated[bool, typer.Option("--list", help="List the most alike pairs instead of measuring.")] = False,
    contact_sheet: Annotated[
        Path | None,
        typer.Option(help="Write them side by side into this HTML file, and a list for verdicts beside it."),
    ] = None,
    verdicts: Annotated[
        Path | None, typer.Option(help="Record the verdicts of a CSV with the columns item, target, verdict.")
    ] = None,
    within_web: Annotated[
        bool,
        typer.Option("--within-web", help="Also look for near copies among the web data, and list them in groups."),
    ] = False,
    threshold: Annotated[float | None, typer.Option(help="Least similarity of suspects; default: as measured.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="How many pairs or groups to list or to show.")] = 60,
    redo: Redo = False,
    as_json: AsJson = False,
) -> None:
    """Compare web data with labelled clips, and say how many suspects are real duplicates.

    It measures what is new: features, whitening, the crop threshold, every alike pair. With --list, --contact-sheet or
    --verdicts it only reads what was measured, unless --redo asks to measure it anew.

    Example: `omnisource duplicates -w work --contact-sheet pairs.html`
    """
    opened = Workspace(workspace)
    told: dict[str, object] = {}
    if verdicts is not None:
        told |= _apply(opened, verdicts, as_json)
    only_reads = bool(list_pairs or contact_sheet or verdicts)
    if redo or not only_reads:
        told |= _measure(opened, redo, within_web, as_json)
    told |= _suspects(opened, threshold, limit, list_pairs, contact_sheet, as_json)
    if within_web:
        told |= _groups(opened, threshold, limit, as_json)
    if as_json:
        print_json(told)


def _measure(opened: Workspace, redo: bool, within_web: bool, as_json: bool) -> dict[str, object]:
    from omnisource.pipeline.duplicates import measure
    from omnisource.pipeline.similar_state import wants_web_copies
    from omnisource.pipeline.web_copies import measure_web_copies

    found = measure(opened, redo=redo)
    if not as_json:
        print(
            f"{found.web_frames} web frames against {found.target_frames} labelled frames, as {found.encoder} sees "
            f"them: {found.pairs} pairs from a similarity of {found.floor:.3f} on"
        )
        print(f"crop threshold {found.threshold:.3f}: {found.suspects} suspected items")
    if not (within_web or wants_web_copies(opened)):
        return {"measured": asdict(found)}
    copies = measure_web_copies(opened)
    if not as_json:
        print(f"within the web data: {copies.copies} of {copies.items} items are near copies of better ones")
    return {"measured": asdict(found), "within_web": asdict(copies)}


def _groups(opened: Workspace, threshold: float | None, limit: int, as_json: bool) -> dict[str, object]:
    """Groups of near copies within the web data, the best of each first."""
    from omnisource.clean.copy_groups import copy_groups

    line = line_of(opened, threshold)
    groups = copy_groups(opened, line, limit=limit)
    if not as_json:
        for group in groups:
            print(f"kept\t{group.path}")
            for path, similarity in group.copies[:COPIES_SHOWN]:
                print(f"{similarity:.3f}\t{path}")
            if (more := len(group.copies) - COPIES_SHOWN) > 0:
                print(f"and {more} more; --json lists them all")
        print(f"{len(groups)} groups shown, the largest first: near copies from a similarity of {line:.3f} on")
    copies = [[{"path": path, "similarity": similarity} for path, similarity in group.copies] for group in groups]
    return {"groups": [{"kept": str(group.path), "copies": found} for group, found in zip(groups, copies)]}


def _apply(opened: Workspace, verdicts: Path, as_json: bool) -> dict[str, object]:
    from omnisource.clean.verdict_lists import apply_verdicts

    applied = apply_verdicts(opened, verdicts)
    if not as_json:
        print(f"{len(applied.made)} new verdicts, {applied.known} known already, {applied.empty} lines without one")
    return {"verdicts": asdict(applied)}


def _suspects(
    opened: Workspace,
    threshold: float | None,
    limit: int,
    list_pairs: bool,
    contact_sheet: Path | None,
    as_json: bool,
) -> dict[str, object]:
    """What is known of the suspects; written or printed where that was asked for."""
    from omnisource.clean.pair_estimate import estimate
    from omnisource.clean.pair_filters import Order, PairFilter

    line, pairs = line_of(opened, threshold), suspected_pairs(opened)
    if pairs is None:
        if not as_json:
            print("no web frame is as alike to a labelled one as the floor asks for")
        return {"threshold": line, "suspected_pairs": 0, "estimate": None, "pairs": []}
    bands = pairs.bands(line)[0]
    expected = estimate(bands)
    suspected = sum(band.num_pairs for band in bands)
    found = []
    if list_pairs or contact_sheet:
        found = pairs.next(PairFilter(low=line, state=None), Order.SIMILAR, threshold=line, limit=limit)
    if contact_sheet is not None:
        _write_sheet(opened, contact_sheet, found, line, suspected, as_json)
    said = None if expected is None else asdict(expected) | _shares(expected)
    if not as_json:
        if list_pairs:
            print_pairs(found)
        print(_share_text(suspected, said))
    return {"threshold": line, "suspected_pairs": suspected, "estimate": said, "pairs": as_rows(found)}


def _write_sheet(opened: Workspace, path: Path, found: list, threshold: float, suspected: int, as_json: bool) -> None:
    from omnisource.clean.contact_sheet import contact_sheet, verdict_list
    from omnisource.files import write_atomically

    taxonomy = opened.taxonomy() if opened.taxonomy_path.is_file() else None
    note = (
        f"The {len(found)} most alike of {suspected} pairs of a web item and a labelled clip at a similarity of "
        f"{threshold:.3f} or more. Write duplicate or not_duplicate into the column verdict of "
        f"{path.with_suffix('.csv').name}, then: omnisource duplicates --verdicts {path.with_suffix('.csv').name}"
    )
    document = contact_sheet(found, taxonomy, title="Suspected duplicates", note=note)
    write_atomically(path, document)
    write_atomically(path.with_suffix(".csv"), verdict_list(found))
    if not as_json:
        print(f"{path}: {len(found)} pairs; {path.with_suffix('.csv')}: the same, for verdicts")


def _shares(expected: object) -> dict[str, float]:
    return {name: getattr(expected, name) for name in ("share", "share_low", "share_high")}


def _share_text(suspected: int, said: dict[str, float] | None) -> str:
    if said is None:
        return f"{suspected} suspected pairs; nobody has judged one by looking at it, so their share is not known"
    return (
        f"{suspected} suspected pairs, {said['judged']} judged; real duplicates: {said['share']:.1%} "
        f"({said['share_low']:.1%} to {said['share_high']:.1%} by Wilson's 95 % intervals)"
    )
