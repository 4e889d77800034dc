"""What the command line prints: tables that fit a terminal."""

from collections.abc import Mapping, Sequence

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from omnisource.doctor import Finding
from omnisource.evaluate.metrics import Metrics
from omnisource.label.pseudo import Funnel
from omnisource.pipeline.comparing import PairChange, ProcedureResult, RunComparison
from omnisource.pipeline.predicting import Answers, Guess, Prediction, Span
from omnisource.pipeline.released import Added
from omnisource.pipeline.result_tables import PROCEDURES
from omnisource.pipeline.run_names import BASELINE, PHASES, baseline_name

console = Console()

_HOW_TO_TRAIN = {
    "webly_supervised_pretraining": "`omnisource train --procedure pretrain_finetune -r RECIPE`, where RECIPE has "
    "label_source: query and confidence: 0",
    "semi_supervised_pretraining": "`omnisource train --procedure pretrain_finetune -r RECIPE`",
    "joint": "`omnisource train -r RECIPE`",
}


def print_results(results: Mapping[str, Metrics]) -> None:
    """One row per run, with its change against the baseline of the same network."""
    table = Table(title="Validation results", title_justify="left", box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    table.add_column("run", overflow="fold")
    for column in ("top-1", "95 %", "top-5", "class\nmean", "mAP", "clips", "change"):
        table.add_column(column, justify="right", no_wrap=True)
    for run, measured in results.items():
        baseline = _baseline_of(run, results)
        change = "" if baseline is None else f"{measured.top1 - baseline.top1:+.1%}"
        table.add_row(
            escape(run),
            f"{measured.top1:.1%}",
            f"{measured.top1_low:.0%}-{measured.top1_high:.0%}",
            f"{measured.top5:.1%}",
            f"{measured.mean_class_accuracy:.1%}",
            f"{measured.mean_ap:.3f}",
            str(measured.num_examples),
            change,
        )
    console.print(table)
    if any(run.endswith(tuple(f".{phase}" for phase in PHASES)) for run in results):
        console.print("RUN.pretrain: on a recipe's web examples alone; RUN.finetune: from there on the labelled clips")


def print_released(added: Added) -> None:
    """What was added of a released folder, and how long its lists are beside what its README says."""
    for name, count in added.items.items():
        console.print(f"{name}: {count} new items")
    left_out = ", ".join(f"{reason} {count}" for reason, count in added.dropped.items())
    console.print(f"left out: {left_out or 'nothing'}")
    table = Table(title="Lists", title_justify="left", box=box.SIMPLE_HEAD)
    table.add_column("list", overflow="fold")
    for column in ("expected", "found", "difference"):
        table.add_column(column, justify="right")
    for count in added.lists:
        expected = "" if count.expected is None else str(count.expected)
        difference = f"{count.found - count.expected:+d}" if count in added.differences else ""
        table.add_row(escape(count.list), expected, str(count.found), difference)
    console.print(table)
    for name in added.unread:
        console.print(f"not read: {escape(name)}: its name is no list's")
    for name in added.without_media:
        console.print(f"left out: {escape(name)} has lists, but no folder of media")


def print_funnel(recipe: str, funnel: Sequence[Funnel]) -> None:
    """What each step of a recipe leaves of every source."""
    steps = ("valid", "not_duplicate", "confident", "labelled", "reviewed", "examples")
    table = Table(title=f"Recipe {escape(recipe)}", title_justify="left")
    table.add_column("source", overflow="fold")
    for step in steps:
        table.add_column(step.replace("_", " "), justify="right")
    for row in funnel:
        table.add_row(escape(row.source), *(str(getattr(row, step)) for step in steps))
    console.print(table)


def print_comparison(result: RunComparison) -> None:
    """Overall change, the pairs that are confused less or more (Eq. 3), and the classes that changed most."""
    overall = result.overall
    console.print(
        f"[bold]{escape(result.student)}[/] against [bold]{escape(result.baseline)}[/]: "
        f"top-1 {overall.top1_change:+.1%} on {overall.num_examples} clips "
        f"({overall.num_gained} gained, {overall.num_lost} lost, p = {overall.p_value:.2g})"
    )
    table = Table(title="Change of confusion scores (Eq. 3)", title_justify="left")
    for column in ("", "class", "class", "change"):
        table.add_column(column, justify="right" if column == "change" else "left")
    for word, pairs in (("better", result.improved), ("worse", result.worsened)):
        for pair in pairs:
            table.add_row(*_pair(word, pair))
    console.print(table)
    table = Table(title="Accuracy of the classes that changed most", title_justify="left")
    for column in ("class", "baseline", "student", "change"):
        table.add_column(column, justify="left" if column == "class" else "right")
    classes = result.classes if len(result.classes) <= 10 else result.classes[:5] + result.classes[-5:]
    for row in classes:
        change = f"{row.student - row.baseline:+.1%}"
        table.add_row(escape(row.class_name), f"{row.baseline:.1%}", f"{row.student:.1%}", change)
    console.print(table)


def print_procedures(rows: Sequence[ProcedureResult]) -> None:
    """One table per network: every procedure beside the labelled clips alone, and what was not trained yet."""
    for network in dict.fromkeys(row.network for row in rows):
        title = f"{escape(network)}: the procedures of Table 1"
        table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, show_edge=False, padding=0)
        table.add_column("procedure", no_wrap=True)
        table.add_column("recipe", overflow="fold")
        for column in ("web\nexamples", "top-1", "change", "p", "top-5", "change"):
            table.add_column(column, justify="right", no_wrap=True)
        mine = [row for row in rows if row.network == network]
        for row in mine:
            table.add_row(PROCEDURES[row.procedure], escape(row.recipe or ""), *_procedure_numbers(row))
        console.print(table)
        measured = {row.procedure for row in mine}
        for name, command in _HOW_TO_TRAIN.items():
            if name not in measured:
                console.print(f"{PROCEDURES[name]}: not evaluated yet; {command}")
    console.print("pre-training: web examples (as found: by query, unfiltered), then the labelled clips")


def print_status(found: Mapping[str, object]) -> None:
    """One line per stage, and what to do next."""
    table = Table(title=escape(str(found["workspace"])), title_justify="left", show_header=False)
    table.add_column("stage")
    table.add_column("state", overflow="fold")
    rows = {
        "target": f"{found['target']} labelled clips",
        "search": f"{found['candidates']} addresses found" if found["cells"] else "nothing was searched",
        "fetch": _listed(found["fetched"]) or "nothing was fetched",
        "add": f"{found['items']} items",
        "check": f"{found['checked']} checked; dropped: {_listed(found['dropped']) or 'none'}",
        "teach": _listed(found["taught"]),
        "score": _listed(found["scored"]),
        "motion": "fitted" if found["camera_motion"] else "not fitted",
        "similar": f"{found['similar']} pairs of frames look alike",
        "label": ", ".join(name for name, funnel in found["recipes"].items() if funnel) or "no recipe applied",
        "train": _listed(found["runs"]),
        "evaluate": ", ".join(f"{run} {row['top1']:.1%}" for run, row in found["results"].items()),
    }
    for stage, state in rows.items():
        table.add_row(stage, escape(state))
    console.print(table)
    console.print(f"next: [bold]{escape(str(found['next']))}[/]")


def print_findings(findings: Sequence[Finding]) -> None:
    """One row per check, with what to do."""
    colours = {"ok": "green", "missing": "yellow", "broken": "red"}
    table = Table(show_header=False)
    for finding in findings:
        state = f"[{colours[finding.state]}]{finding.state}[/]"
        what = escape(finding.detail) + (f"\n-> {escape(finding.remedy)}" if finding.remedy else "")
        table.add_row(state, escape(finding.name), what)
    console.print(table)


def print_grades(grades: Sequence[Mapping[str, object]]) -> None:
    """Precision and recall of each stage against a generated world's truth."""
    table = Table(title="Stages against the known truth", title_justify="left")
    for column in ("stage", "source", "precision", "recall", "items"):
        table.add_column(column, justify="left" if column in ("stage", "source") else "right")
    for row in grades:
        shares = [f"{row[name]:.1%}" for name in ("precision", "recall")]
        table.add_row(escape(str(row["stage"])), escape(str(row["source"])), *shares, str(row["num_items"]))
    console.print(table)


def _procedure_numbers(row: ProcedureResult) -> list[str]:
    web = "changed" if row.num_web_examples is None else str(row.num_web_examples)
    if row.recipe is None:
        return [web, f"{row.top1:.1%}", "", "", f"{row.top5:.1%}", ""]
    changes = f"{row.top1_change:+.1%}", f"{row.top5_change:+.1%}"
    return [web, f"{row.top1:.1%}", changes[0], f"{row.p_value:.1g}", f"{row.top5:.1%}", changes[1]]


def print_answers(answers: Answers) -> None:
    """The most probable classes of each file, the timelines of long videos, and what could not be read."""
    if answers.predictions:
        table = _answer_table("What they show", "file")
        for prediction in answers.predictions:
            for row, guess in enumerate(prediction.top):
                path = "" if row else escape(str(prediction.path))
                is_last = row + 1 == len(prediction.top)
                table.add_row(path, _class_of(guess), f"{guess.confidence:.1%}", end_section=is_last)
        console.print(table)
    for prediction in answers.predictions:
        if prediction.timeline:
            _print_timeline(prediction)
    if answers.unreadable:
        table = Table(title="Could not be read", title_justify="left", box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
        for column in ("file", "reason", "detail"):
            table.add_column(column, overflow="fold")
        for left in answers.unreadable:
            detail = left.detail.removeprefix(str(left.path)).lstrip(": ")  # the file stands beside it
            table.add_row(escape(str(left.path)), left.reason, escape(detail))
        console.print(table)


def _print_timeline(prediction: Prediction) -> None:
    console.print(f"[bold]{escape(str(prediction.path))}[/], {_clock(prediction.duration_s or 0.0)}", highlight=False)
    table = _answer_table(None, "from - to")
    for span in prediction.timeline:
        table.add_row(f"{_clock(span.start_s)} - {_clock(span.end_s)}", _class_of(span), f"{span.confidence:.1%}")
    console.print(table)


def _answer_table(title: str | None, first_column: str) -> Table:
    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    table.add_column(first_column, overflow="fold")
    table.add_column("class", overflow="fold")
    table.add_column("confidence", justify="right", no_wrap=True)
    return table


def _class_of(said: Guess | Span) -> str:
    return f"class {said.class_index}" if said.class_name is None else escape(said.class_name)


def _clock(time_s: float) -> str:
    """Minutes and seconds: 1:05.2."""
    tenths = round(time_s * 10)
    return f"{tenths // 600}:{tenths % 600 / 10:04.1f}"


def _baseline_of(run: str, results: Mapping[str, Metrics]) -> Metrics | None:
    """Of the longest network whose name the run's starts with, since names may hold dashes; a baseline has none."""
    if run.endswith(f"-{BASELINE}"):
        return None
    parts = run.split("-")
    names = [baseline_name("-".join(parts[:end])) for end in range(len(parts) - 1, 0, -1)]
    return next((results[name] for name in names if name in results), None)


def _pair(word: str, pair: PairChange) -> tuple[str, str, str, str]:
    return word, escape(pair.a), escape(pair.b), f"{pair.change:+.3f}"


def _listed(values: object) -> str:
    assert isinstance(values, Mapping)
    return ", ".join(f"{name} {value}" for name, value in values.items())
