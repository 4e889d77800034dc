"""Processes that really die, hang or run out of memory cost their own item only."""

import importlib
import itertools
import multiprocessing
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from omnisource.clean.decoder_pool import DecoderPool, Limits
from omnisource.errors import ItemError, OmniSourceError

LIMITS = Limits(timeout_s=1.0, memory_mib=512)


@pytest.fixture
def act(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], str]:
    """A function that worker processes can import."""
    monkeypatch.syspath_prepend(str(Path(__file__).parent))
    return importlib.import_module("hostile_decoders").act


def outcomes_of(act: Callable[[str], str], orders: list[str], workers: int = 2, limits: Limits = LIMITS) -> list[str]:
    """Result, or reason of the error, of each item."""
    with DecoderPool(act, limits, workers) as pool:
        pairs = list(pool.each(orders))
    assert [item for item, _ in pairs] == orders
    return [o.reason if isinstance(o, ItemError) else o for _, o in pairs]


def test_each__a_hostile_item_costs_itself_only(act: Callable[[str], str]) -> None:
    orders = ["a", "kill", "b", "segfault", "hang", "c", "allocate", "refuse", "d"]
    with DecoderPool(act, LIMITS, 2) as pool:
        outcomes = [(item, str(outcome)) for item, outcome in pool.each(orders)]
    assert outcomes == [
        ("a", "a"),
        ("kill", "decoder_crashed: the decoder ended with SIGKILL"),
        ("b", "b"),
        ("segfault", "decoder_crashed: the decoder ended with SIGSEGV"),
        ("hang", "timeout: decoding took more than 1 s"),
        ("c", "c"),
        ("allocate", "out_of_memory: decoding takes more than 512 MiB"),
        ("refuse", "unreadable: as told"),
        ("d", "d"),
    ]
    assert multiprocessing.active_children() == []


def test_each__one_worker_survives_too(act: Callable[[str], str]) -> None:
    assert outcomes_of(act, ["kill", "a"], workers=1) == ["decoder_crashed", "a"]


def test_each__a_bug_stops_the_run_and_names_the_item(act: Callable[[str], str]) -> None:
    with pytest.raises(OmniSourceError, match="a decoder process failed at 'bug'; its traceback is on stderr"):
        outcomes_of(act, ["a", "bug", "b"])
    assert multiprocessing.active_children() == []


def test_each__order_is_kept_behind_a_slow_item(act: Callable[[str], str]) -> None:
    orders = ["hang", *(str(i) for i in range(20))]
    assert outcomes_of(act, orders) == ["timeout", *orders[1:]]


def test_each__looks_ahead_by_a_bounded_number(act: Callable[[str], str]) -> None:
    taken = 0

    def endless():
        nonlocal taken
        for i in itertools.count():
            taken += 1
            yield str(i)

    with DecoderPool(act, LIMITS, 2) as pool:
        outcomes = pool.each(endless())
        assert [next(outcomes)[1] for _ in range(3)] == ["0", "1", "2"]
    assert taken <= 3 + 8  # four per worker


def test_each__workers_are_replaced_after_some_items(act: Callable[[str], str]) -> None:
    limits = Limits(timeout_s=5.0, memory_mib=512, items_per_process=2)
    pids = outcomes_of(act, ["pid"] * 4, workers=1, limits=limits)
    assert pids[0] == pids[1] != pids[2] == pids[3]


def test_each__workers_do_not_load_torch(act: Callable[[str], str]) -> None:
    assert outcomes_of(act, ["modules"], workers=1) == ["False"]


def test_exit__kills_a_busy_worker_at_once(act: Callable[[str], str]) -> None:
    started = time.monotonic()
    with DecoderPool(act, Limits(timeout_s=50.0, memory_mib=512), 2) as pool:
        assert next(pool.each(iter(["a", "hang", "b", "c"])))[1] == "a"
    assert time.monotonic() - started < 20
    assert multiprocessing.active_children() == []


def test_each__nothing(act: Callable[[str], str]) -> None:
    assert outcomes_of(act, []) == []


def test_each__nothing_to_do_ends_without_a_word(act: Callable[[str], str], capfd: pytest.CaptureFixture[str]) -> None:
    assert outcomes_of(act, []) == []
    while multiprocessing.active_children():
        time.sleep(0.05)
    assert capfd.readouterr().err == ""
