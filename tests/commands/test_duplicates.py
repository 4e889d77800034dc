"""`duplicates` as a person meets it."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from omnisource.workspace import Workspace
from tests.commands.conftest import Answer
from tests.similar_tables import small_workspace
from tests.workspaces import key


@pytest.fixture(scope="module")
def measured(labelled: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy to measure in."""
    return Path(shutil.copytree(labelled, tmp_path_factory.mktemp("measured") / "w"))


@pytest.fixture
def root(tmp_path: Path) -> str:
    return str(small_workspace(tmp_path / "w").root)


def test_duplicates__lists_suspects_above_the_threshold(here: Callable[..., Answer], root: str):
    lines = here("duplicates", "-w", root, "--list").stdout.splitlines()
    # the threshold is 0.8: four pairs, most alike first
    assert [line.split("\t")[0] for line in lines[:-1]] == ["0.990", "0.950", "0.920", "0.830"]
    assert lines[0].split("\t")[1:4] == ["open", key(1).hex(), "/web/1.jpg"]
    assert lines[-1] == "4 suspected pairs; nobody has judged one by looking at it, so their share is not known"


def test_duplicates__a_contact_sheet_its_list_and_the_share(here: Callable[..., Answer], root: str, tmp_path: Path):
    sheet = tmp_path / "pairs.html"
    assert "4 pairs" in here("duplicates", "-w", root, "--contact-sheet", str(sheet)).stdout
    assert sheet.read_text().count("<li>") == 4
    listed = sheet.with_suffix(".csv")
    first, second, *others = listed.read_text().splitlines()[1:]
    header = listed.read_text().splitlines()[0]
    said = [first.replace(",,", ",duplicate,", 1), second, *others[:1]]
    said.append(others[1].replace(",,", ",not_duplicate,", 1))
    listed.write_text("\n".join([header, *said]))
    told = json.loads(here("duplicates", "-w", root, "--verdicts", str(listed), "--json").stdout)
    assert (len(told["verdicts"]["made"]), told["verdicts"]["empty"]) == (2, 2)
    # 0.99 is a duplicate, so 1's other pair is settled; 0.92 is open and borrows from the band above: it counts as one
    assert told["estimate"]["judged"] == 2
    assert told["estimate"]["share"] == pytest.approx(2 / 3)
    assert 0 < told["estimate"]["share_low"] < told["estimate"]["share"] <= told["estimate"]["share_high"] <= 1
    shown = here("duplicates", "-w", root, "--list").stdout.splitlines()[-1]
    assert shown.startswith("4 suspected pairs, 2 judged; real duplicates: 66.7% (")


def test_duplicates__another_threshold(here: Callable[..., Answer], root: str):
    told = json.loads(here("duplicates", "-w", root, "--list", "--threshold", "0.94", "--limit", "1", "--json").stdout)
    assert (told["threshold"], told["suspected_pairs"], len(told["pairs"])) == (0.94, 2, 1)
    assert told["pairs"][0]["key"] == key(1).hex()


def test_duplicates__measures_and_again_only_reads(here: Callable[..., Answer], measured: Path):
    told = json.loads(here("duplicates", "-w", str(measured), "--json").stdout)
    # 12 pictures, 6 clips of 1.5 s and 3 videos of 11 s; 24 labelled clips of 2 s at 4 frames a second
    assert (told["measured"]["web_frames"], told["measured"]["target_frames"]) == (12 + 6 + 3 * 11, 24 * 8)
    assert told["threshold"] == told["measured"]["threshold"]
    parts = {part: part.stat().st_mtime_ns for part in (measured / "tables").glob("features/*/*/part-*")}
    shown = here("duplicates", "-w", str(measured)).stdout
    assert "51 web frames against 192 labelled frames, as run-tsn-baseline sees them" in shown
    assert {part: part.stat().st_mtime_ns for part in (measured / "tables").glob("features/*/*/part-*")} == parts


def test_duplicates__before_anything_was_measured(here: Callable[..., Answer], root: str):
    (Workspace(Path(root)).table("similar").folder / "crop_threshold.json").unlink()
    result = here("duplicates", "-w", root, "--list")
    assert result.returncode == 1
    assert "has no measured crop threshold yet; `omnisource duplicates` measures it" in result.stderr


def test_duplicates__no_pair_at_all(here: Callable[..., Answer], root: str):
    (Workspace(Path(root)).table("similar").folder / "part-000000.parquet").unlink()
    result = here("duplicates", "-w", root, "--list")
    assert (result.returncode, result.stdout) == (
        0,
        "no web frame is as alike to a labelled one as the floor asks for\n",
    )


def test_duplicates__within_the_web_data(here: Callable[..., Answer], measured: Path, tmp_path: Path):
    shutil.copytree(measured, tmp_path / "w")
    told = json.loads(here("duplicates", "-w", str(tmp_path / "w"), "--within-web", "--json").stdout)
    assert (told["within_web"]["items"], told["within_web"]["web_frames"]) == (21, 51)
    assert told["within_web"]["copies"] == sum(len(group["copies"]) for group in told["groups"])
    first = max(told["groups"], key=lambda group: len(group["copies"]))
    shown = here("duplicates", "-w", str(tmp_path / "w"), "--within-web", "--list", "--limit", "1").stdout
    lines = shown.splitlines()
    assert lines[-1].startswith("1 groups shown, the largest first: near copies from a similarity of ")
    kept = next(number for number, line in enumerate(lines) if line.startswith("kept\t"))
    assert lines[kept] == f"kept\t{first['kept']}"
    copy = first["copies"][0]
    assert lines[kept + 1] == f"{copy['similarity']:.3f}\t{copy['path']}"
    more = len(first["copies"]) - 5
    assert (f"and {more} more; --json lists them all" in lines) == (more > 0)


def test_duplicates__a_redo_forgets_near_copies_too(here: Callable[..., Answer], measured: Path, tmp_path: Path):
    shutil.copytree(measured, tmp_path / "w")
    workspace = Workspace(tmp_path / "w")
    here("duplicates", "-w", str(workspace.root), "--within-web")
    assert workspace.table("alike").num_rows()
    shown = here("duplicates", "-w", str(workspace.root), "--redo", "--list", "--limit", "1").stdout
    assert "51 web frames against 192 labelled frames" in shown  # measured anew, though it only lists
    assert (workspace.table("alike").num_rows(), workspace.table("alike").parts()) == (0, [])
