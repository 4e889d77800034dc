"""What `models` prints, line by line."""

from pathlib import Path

import pytest

from omnisource.commands.model_tables import fetching, print_details, print_files, print_models, print_starts
from omnisource.models.released_models import find, find_recogniser


@pytest.fixture(autouse=True)
def narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")


def test_print_models__fits_a_narrow_terminal(capsys: pytest.CaptureFixture[str]):
    print_models([(find_recogniser("tsn-r50-3seg-ig1b-k400-omnisource"), None)])
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].strip() == "Recognisers of Kinetics-400"
    row = "tsn-r50-3seg-ig1b-k400-omnisource  3 snippets  ig1b    75.7   91.9  openmmlab"
    assert [line.rstrip() for line in lines if line.startswith("tsn")] == [row]


def test_print_models__one_table_per_dataset_and_no_number_where_none_was_published(
    capsys: pytest.CaptureFixture[str],
):
    names = ("slowonly-r50-8x8-k200-baseline", "tsn-bninception-3seg-ucf101")
    print_models([(find_recogniser(name), Path("file")) for name in names])
    shown = capsys.readouterr().out
    assert "Recognisers of Mini-Kinetics (200 classes)" in shown
    assert "Recognisers of UCF-101" in shown
    ucf = next(line for line in shown.splitlines() if line.startswith("tsn"))
    assert ucf.split() == ["tsn-bninception-3seg-ucf101", "3", "snippets", "imagenet", "86.4", "here"]


def test_print_starts__has_the_short_name_first(capsys: pytest.CaptureFixture[str]):
    print_starts([(find("ig65m"), None), (find("imagenet"), None)])
    first_words = [line.split()[0] for line in capsys.readouterr().out.splitlines() if line[:1].strip()]
    assert first_words.index("ig65m") + 1 == first_words.index("ircsn-r152-32x2-ig65m")


def test_print_files__says_what_to_type(capsys: pytest.CaptureFixture[str]):
    print_files([(find("kinetics_class2ind.txt"), None)])
    assert "`omnisource models NAME` shows one, `--fetch` downloads it" in capsys.readouterr().out


def test_print_details__addresses_are_never_broken(capsys: pytest.CaptureFixture[str]):
    url = "https://host/" + "a" * 120 + ".pth"
    print_details({"url": url, "here": False, "top1": 70.6, "notes": ["one", "two [x]"], "test": {"num_clips": 25}})
    assert [line.split(maxsplit=1) for line in capsys.readouterr().out.splitlines()] == [
        ["url", url],
        ["here", "no"],
        ["top1", "70.6"],
        ["notes", "one"],
        ["two", "[x]"],
        ["test", "num_clips 25"],
    ]


def test_fetching__is_silent_where_nobody_watches(capsys: pytest.CaptureFixture[str]):
    with fetching("ig1b") as progress:
        progress(1, None)
        progress(2, 10)
    assert capsys.readouterr().err == ""
