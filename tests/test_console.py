"""What is printed has the numbers, fits 80 columns, and takes nobody's names for markup."""

import io
from pathlib import Path

import pytest
from rich.console import Console

from omnisource import console
from omnisource.collect.released import ListCount
from omnisource.doctor import Finding
from omnisource.evaluate.comparison import Comparison
from omnisource.evaluate.metrics import Metrics
from omnisource.label.pseudo import Funnel
from omnisource.pipeline import progress
from omnisource.pipeline.comparing import ClassChange, PairChange, ProcedureResult, RunComparison
from omnisource.pipeline.predicting import Answers, Guess, Prediction, Span, Unreadable
from omnisource.pipeline.released import Added
from omnisource.workspace import Workspace
from tests.workspaces import workspace_with


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    """What a terminal of 80 columns shows."""
    screen = io.StringIO()
    monkeypatch.setattr(console, "console", Console(width=80, file=screen))
    return screen


def rows(shown: io.StringIO) -> list[list[str]]:
    """The words of each line, without the table's frame."""
    lines = shown.getvalue().splitlines()
    assert max(map(len, lines)) <= 80
    assert "…" not in shown.getvalue()
    return ["".join(" " if c in "│┃" else c for c in line).split() for line in lines]


def metrics(top1: float) -> Metrics:
    return Metrics(
        top1=top1, top1_low=0.0, top1_high=1.0, top5=1.0, mean_class_accuracy=0.333, mean_ap=0.5, num_examples=123456
    )


def test_print_results__every_number_and_the_change_against_the_networks_baseline(shown: io.StringIO):
    console.print_results({"slowonly-baseline": metrics(0.5), "slowonly-omnisource": metrics(0.625)})
    numbers = ["0%-100%", "100.0%", "33.3%", "0.500", "123456"]
    assert ["slowonly-baseline", "50.0%", *numbers] in rows(shown)
    assert ["slowonly-omnisource", "62.5%", *numbers, "+12.5%"] in rows(shown)


def test_print_results__names_with_dashes_find_their_own_baseline(shown: io.StringIO):
    runs = {"tsn-baseline": 0.1, "tsn-big-baseline": 0.5, "tsn-big-my-web": 0.4, "tsn-web": 0.2, "new-web": 0.9}
    console.print_results({run: metrics(top1) for run, top1 in runs.items()})
    changes = {row[0]: row[-1] for row in rows(shown) if row and row[0] in runs}
    assert changes == {
        "tsn-baseline": "123456",  # baselines have no change
        "tsn-big-baseline": "123456",
        "tsn-big-my-web": "-10.0%",
        "tsn-web": "+10.0%",
        "new-web": "123456",  # its baseline is not evaluated
    }


def test_print_results__a_long_name_is_folded_and_the_numbers_stay(shown: io.StringIO):
    console.print_results({"a-network-with-a-very-long-name-omnisource": metrics(0.5)})
    assert "50.0%" in [row[1] for row in rows(shown) if len(row) > 4]


def test_print_results__says_what_the_runs_of_a_procedure_are(shown: io.StringIO):
    console.print_results({"tsn-baseline": metrics(0.5)})
    assert "RUN.pretrain" not in shown.getvalue()
    console.print_results({"tsn-baseline": metrics(0.5), "tsn-web.finetune": metrics(0.625)})
    assert "RUN.pretrain: on a recipe's web examples alone; RUN.finetune: from there" in shown.getvalue()
    assert [row[-1] for row in rows(shown) if row and row[0] == "tsn-web.finetune"] == ["+12.5%"]


def procedure(name: str, *, network: str = "tsn", recipe: str | None = "web", count: int | None = 7) -> ProcedureResult:
    return ProcedureResult(
        procedure=name,
        network=network,
        recipe=recipe,
        run="run",
        num_web_examples=count,
        top1=0.625,
        top5=0.875,
        top1_change=0.125,
        top5_change=-0.0625,
        p_value=0.5,
    )


def test_print_procedures__every_number_beside_the_labelled_clips_alone(shown: io.StringIO):
    found = [
        procedure("labelled_alone", recipe=None, count=0),
        procedure("webly_supervised_pretraining"),
        procedure("semi_supervised_pretraining", recipe="[red]", count=None),
        procedure("joint", count=3_500_000),
    ]
    console.print_procedures(found)
    words = [" ".join(row) for row in rows(shown)]
    assert "tsn: the procedures of Table 1" in words
    assert "labelled clips alone 0 62.5% 87.5%" in words
    assert any("web 7 62.5% +12.5% 0.5 87.5% -6.2%" in line for line in words)
    assert any("[red] changed 62.5%" in line for line in words)  # the recipe yields other examples by now
    assert any("3500000" in line for line in words)
    assert "not evaluated" not in shown.getvalue()


def test_print_procedures__one_table_a_network_and_what_is_not_there_yet(shown: io.StringIO):
    found = [procedure("labelled_alone", network=name, recipe=None, count=0) for name in ("tsn", "slowonly")]
    console.print_procedures([found[0], procedure("joint"), found[1]])
    tsn, _, slowonly = shown.getvalue().partition("slowonly: the procedures of Table 1")
    assert "joint (OmniSource): not evaluated" not in tsn
    assert "joint (OmniSource): not evaluated yet; `omnisource train -r RECIPE`" in slowonly
    command = "`omnisource train --procedure pretrain_finetune -r RECIPE`"
    assert command in " ".join(tsn.split()) and command in " ".join(slowonly.split())


def test_print_funnel__one_row_per_source(shown: io.StringIO):
    funnel = Funnel(
        source="web", valid=15_000_000, not_duplicate=14, confident=13, labelled=12, reviewed=11, examples=10
    )
    console.print_funnel("strict", [funnel])
    assert ["Recipe", "strict"] in rows(shown)
    assert ["web", "15000000", "14", "13", "12", "11", "10"] in rows(shown)


OVERALL = Comparison(
    num_examples=8,
    top1_change=0.25,
    top1_change_low=-0.116,
    top1_change_high=0.516,
    num_gained=2,
    num_lost=0,
    p_value=0.5,
)


def comparison(*, classes: int = 2, name: str = "class") -> RunComparison:
    return RunComparison(
        baseline="tsn-baseline",
        student="tsn-web",
        overall=OVERALL,
        improved=(PairChange(a="boxing", b="[red]yoyo", change=-0.375),),
        worsened=(PairChange(a="boxing", b="kick", change=0.25),),
        classes=tuple(ClassChange(class_name=f"{name}{n}", baseline=0.5, student=0.75) for n in range(classes)),
    )


def test_print_comparison__overall_pairs_and_classes(shown: io.StringIO):
    console.print_comparison(comparison())
    text = " ".join(shown.getvalue().split())
    assert "tsn-web against tsn-baseline: top-1 +25.0% on 8 clips (2 gained, 0 lost, p = 0.5)" in text
    assert ["better", "boxing", "[red]yoyo", "-0.375"] in rows(shown)  # the name as it is
    assert ["worse", "boxing", "kick", "+0.250"] in rows(shown)
    assert ["class1", "50.0%", "75.0%", "+25.0%"] in rows(shown)


def test_print_comparison__of_many_classes_only_the_first_and_last_five(shown: io.StringIO):
    console.print_comparison(comparison(classes=20))
    assert [row[0] for row in rows(shown) if row and row[0].startswith("class") and len(row[0]) > 5] == [
        *("class0", "class1", "class2", "class3", "class4"),
        *("class15", "class16", "class17", "class18", "class19"),
    ]


def test_print_comparison__markup_in_class_names_is_text(shown: io.StringIO):
    console.print_comparison(comparison(name="[bold]x"))
    assert "[bold]x1" in shown.getvalue()


def test_print_status__a_line_per_stage_and_what_is_next(shown: io.StringIO, tmp_path: Path):
    scored = [{"number": 1, "top": 0, "confidence": 0.9}]
    workspace: Workspace = workspace_with(tmp_path / "[red]w", scored=scored, invalid=[2])
    console.print_status(progress.status(workspace))
    printed = rows(shown)
    assert ["target", "0", "labelled", "clips"] in printed
    assert ["add", "2", "items"] in printed
    assert ["check", "2", "checked;", "dropped:", "none"] in printed
    assert ["teach", "tsn", "new"] in printed
    assert ["motion", "not", "fitted"] in printed
    assert ["label", "no", "recipe", "applied"] in printed
    assert printed[-1] == ["next:", "omnisource", "run", "--to", "target"]
    assert "[red]w" in "".join(shown.getvalue().split())


def test_print_released__lists_beside_what_the_release_counts(shown: io.StringIO):
    name = "kinetics_raw_200/slowonly_8x8_kinetics_raw_200.json"
    counts = [ListCount(list=name, expected=76027, found=76000), ListCount(list="[a].txt", expected=None, found=2)]
    console.print_released(
        Added(
            items={"googleimage_200": 1188000},
            dropped={"missing_file": 7, "repeat": 2},
            lists=counts,
            unread=["a/[b].txt"],
            without_media=["insvideo_200"],
        )
    )
    printed = rows(shown)
    assert ["googleimage_200:", "1188000", "new", "items"] in printed
    assert ["left", "out:", "missing_file", "7,", "repeat", "2"] in printed
    assert any(line[-3:] == ["76027", "76000", "-27"] for line in printed)
    assert ["[a].txt", "2"] in printed
    assert ["not", "read:", "a/[b].txt:", "its", "name", "is", "no", "list's"] in printed
    assert ["left", "out:", "insvideo_200", "has", "lists,", "but", "no", "folder", "of", "media"] in printed


def test_print_findings__state_what_and_remedy(shown: io.StringIO):
    finding = Finding(name="OpenCV", state="broken", detail="two [wheels]", remedy="pip install 'omnisource[video]'")
    console.print_findings([finding, Finding(name="torch", state="ok", detail="2.6")])
    assert ["broken", "OpenCV", "two", "[wheels]"] in rows(shown)
    assert ["->", "pip", "install", "'omnisource[video]'"] in rows(shown)
    assert ["ok", "torch", "2.6"] in rows(shown)


def test_print_grades__precision_and_recall_in_per_cent(shown: io.StringIO):
    console.print_grades([{"stage": "check", "source": "all", "precision": 0.995, "recall": 1.0, "num_items": 200}])
    assert ["check", "all", "99.5%", "100.0%", "200"] in rows(shown)


def prediction(path: str, *classes: tuple[str | None, float], duration_s: float | None = None, timeline=()):
    top = tuple(Guess(class_index=i, class_name=name, confidence=c) for i, (name, c) in enumerate(classes))
    return Prediction(path=Path(path), duration_s=duration_s, top=top, timeline=timeline)


def span(start_s: float, end_s: float, name: str, confidence: float) -> Span:
    return Span(start_s=start_s, end_s=end_s, class_index=0, class_name=name, confidence=confidence, num_segments=1)


def test_print_answers__classes_timelines_and_what_could_not_be_read(shown: io.StringIO):
    timeline = (span(0.0, 61.0, "[kick]", 0.9), span(61.0, 75.25, "yoyo", 0.5))
    answers = Answers(
        predictions=(
            prediction("a.jpg", ("yoyo", 0.75), ("[kick]", 0.25)),
            prediction("long.mp4", (None, 0.5), duration_s=75.25, timeline=timeline),
        ),
        unreadable=(Unreadable(path=Path("b.mp4"), reason="missing_file", detail="b.mp4: No such file"),),
    )
    console.print_answers(answers)
    said = rows(shown)
    assert ["a.jpg", "yoyo", "75.0%"] in said
    assert ["[kick]", "25.0%"] in said
    assert ["long.mp4", "class", "0", "50.0%"] in said  # no names
    assert ["long.mp4,", "1:15.2"] in said
    assert ["0:00.0", "-", "1:01.0", "[kick]", "90.0%"] in said
    assert ["1:01.0", "-", "1:15.2", "yoyo", "50.0%"] in said
    assert ["b.mp4", "missing_file", "No", "such", "file"] in said


def test_print_answers__nothing_could_be_read(shown: io.StringIO):
    left = Unreadable(path=Path("b.mp4"), reason="missing_file", detail="b.mp4: No such file")
    console.print_answers(Answers(predictions=(), unreadable=(left,)))
    assert "What they show" not in shown.getvalue()
