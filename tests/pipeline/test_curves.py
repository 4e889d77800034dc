"""Curves of a run, read without reading all of it."""

import json
from pathlib import Path

import numpy as np
import pytest

from omnisource.pipeline.curves import read_curves


def write(run: Path, lines: list[dict], *, tail: str = "") -> Path:
    run.mkdir(exist_ok=True)
    (run / "metrics.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines) + tail)
    return run


def test_read_curves__short_runs_are_read_whole(tmp_path: Path):
    lines = [
        {"update": 1, "loss/target": 4.0, "loss/web": 2.0, "lr": 0.1},
        {"update": 2, "loss/target": 3.0, "lr": 0.1},  # the last batch left nothing for web
        {"update": 3, "loss/target": 2.0, "loss/web": 1.0, "lr": None, "val/top1": 0.5},
    ]
    curves = read_curves(write(tmp_path / "r", lines, tail='{"update": 4, "lo'))
    assert curves.update.tolist() == [1, 2, 3]  # half a line is left alone
    assert curves.sources("loss/") == ["target", "web"]
    np.testing.assert_array_equal(curves.values["loss/web"], [2.0, np.nan, 1.0])
    np.testing.assert_array_equal(curves.values["lr"], [0.1, 0.1, np.nan])
    updates, top1 = curves.validations["top1"]
    assert (updates.tolist(), top1.tolist()) == ([3], [0.5])


def test_read_curves__is_thinned_to_means(tmp_path: Path):
    lines = [{"update": number, "loss": float(number)} for number in range(1, 9)]
    curves = read_curves(write(tmp_path / "r", lines), num_points=4)
    assert curves.values["loss"].tolist() == [1.5, 3.5, 5.5, 7.5]  # of 1 and 2, of 3 and 4, ...


@pytest.mark.parametrize("text", [None, "", '{"update": 1'])
def test_read_curves__nothing_to_read(tmp_path: Path, text: str | None):
    if text is not None:
        (tmp_path / "metrics.jsonl").write_text(text)
    curves = read_curves(tmp_path)
    assert (len(curves.update), curves.num_lines, curves.sources("loss/")) == (0, 0, [])


def test_read_curves__long_runs_are_sampled_evenly_with_every_validation(tmp_path: Path):
    lines = [{"update": n, "loss": 1.0 / n, "lr": n / 10} for n in range(1, 5001)]
    for n in (1000, 3333, 5000):
        lines[n - 1]["val/top1"] = n / 5000
    run = write(tmp_path / "r", lines)
    curves = read_curves(run, num_points=20, whole_bytes=1000)
    assert len(curves.update) == 20
    assert (np.diff(curves.update) > 0).all()
    np.testing.assert_allclose(curves.values["lr"], curves.update / 10)  # whole lines, each once
    assert curves.update[0] < 200 and curves.update[-1] > 4800
    assert curves.validations["top1"][0].tolist() == [1000, 3333, 5000]


def test_read_curves__a_window_inside_one_long_line_gives_nothing(tmp_path: Path):
    lines = [{"update": n, "loss": 1.0, **{f"loss/{k}": 0.5 for k in range(400)}} for n in range(1, 30)]
    curves = read_curves(write(tmp_path / "r", lines), num_points=50, whole_bytes=10)
    assert set(curves.update.tolist()) <= set(range(1, 30))


def test_read_curves__long_runs_cost_no_more_than_short_ones(tmp_path: Path):
    line = json.dumps({"update": 1, **{f"{what}/source_{n}": 1.234567 for n in range(4) for what in ("loss", "top1")}})
    (tmp_path / "metrics.jsonl").write_text((line + "\n") * 300_000)  # 60 MB
    curves = read_curves(tmp_path)
    assert len(curves.update) == 1000
    assert curves.num_lines < 25_000


def test_read_curves__what_a_crash_left_unreadable_is_skipped(tmp_path: Path):
    (tmp_path / "metrics.jsonl").write_bytes(
        b'{"update": 1, "lr": 0.5}\n' + bytes(40) + b'\n{"update": 3, "lr": 0.1}\n'
    )
    assert read_curves(tmp_path).update.tolist() == [1, 3]
