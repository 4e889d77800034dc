"""Decode hostile files in processes that may crash, hang or run out of memory, at the cost of one file each.

FFmpeg and image libraries meet bytes that nobody vetted (paper 3.3). Each worker process has a wall-time limit per item
and a memory limit; one that dies or hangs is replaced, and only its item is lost, with a reason.
"""

import contextlib
import importlib
import multiprocessing
import signal
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Generic, TypeVar

from omnisource.errors import ItemError, OmniSourceError

In = TypeVar("In")
Out = TypeVar("Out")

_AHEAD_PER_WORKER = 4
"""Items in flight or waiting to be handed out; bounds memory while one slow item holds up the order."""
_ITEMS_PER_PROCESS = 500
"""A worker is replaced after this many items: FFmpeg bindings lose 4-9 MB per thousand files."""
_START_LIMIT_S = 120.0
_GRACE_S = 2.0
"""Time that an idle worker has to leave before it is killed."""
_HEAVY = ("av", "numpy", "PIL.Image")
"""Loaded before the memory limit is set and before the first item's clock starts."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """What one item may cost."""

    timeout_s: float
    """Wall time of one item."""
    memory_mib: int
    """Memory of a worker beyond what its libraries take; not enforced on Windows and macOS."""
    items_per_process: int = _ITEMS_PER_PROCESS
    """Items after which a worker is replaced."""


class DecoderPool(Generic[In, Out]):
    """Worker processes for one picklable function; a context manager that leaves no process behind."""

    def __init__(self, function: Callable[[In], Out], limits: Limits, num_workers: int) -> None:
        """Starts no process yet."""
        self._function, self._limits = function, limits
        self._num_workers = num_workers
        self._workers: list[_Worker] = []

    def __enter__(self) -> "DecoderPool[In, Out]":
        self._workers = [_Worker(self._function, self._limits) for _ in range(self._num_workers)]
        return self

    def __exit__(self, *_: object) -> None:
        for worker in self._workers:
            worker.stop()
        self._workers = []

    def each(self, items: Iterable[In]) -> Iterator[tuple[In, Out | ItemError]]:
        """Each item with its result or its error: lazy, in order, with bounded look-ahead.

        Errors other than ItemError are bugs: the run stops with OmniSourceError, the worker's traceback is on stderr.
        """
        source = enumerate(items)
        outcomes: dict[int, Out | ItemError] = {}
        ahead: deque[tuple[int, In]] = deque()
        exhausted = False
        while ahead or not exhausted:
            for worker in [w for w in self._workers if w.number is None]:
                if exhausted or len(ahead) >= _AHEAD_PER_WORKER * self._num_workers:
                    break
                entry = next(source, None)
                if entry is None:
                    exhausted = True
                    break
                ahead.append(entry)
                self._replace_if_spent(worker).give(*entry)
            if any(w.number is not None for w in self._workers):
                self._collect(outcomes)
            while ahead and ahead[0][0] in outcomes:
                number, item = ahead.popleft()
                yield item, outcomes.pop(number)

    def _collect(self, outcomes: dict[int, Out | ItemError]) -> None:
        """Wait for the first worker that is done, dead or late."""
        busy = [w for w in self._workers if w.number is not None]
        first_deadline = min(w.deadline for w in busy)
        wait([handle for w in busy for handle in w.handles], timeout=max(0.0, first_deadline - time.monotonic()))
        for worker in busy:
            outcome = worker.outcome()
            if outcome is not None:
                outcomes[worker.number] = outcome[0]
                worker.number = None
                if worker.lost:
                    self._replace(worker)

    def _replace_if_spent(self, worker: "_Worker") -> "_Worker":
        if worker.num_items < self._limits.items_per_process:
            return worker
        worker.stop()
        return self._replace(worker)

    def _replace(self, worker: "_Worker") -> "_Worker":
        fresh = _Worker(self._function, self._limits)
        self._workers[self._workers.index(worker)] = fresh
        return fresh


class _Worker:
    """One process and the item that it holds."""

    def __init__(self, function: Callable, limits: Limits) -> None:
        # spawn: a forked copy of a process with threads (progress bars, BLAS) may inherit a held lock
        context = multiprocessing.get_context("spawn")
        self._connection, theirs = context.Pipe()
        arguments = (theirs, function, limits.memory_mib)
        self._process: BaseProcess = context.Process(target=_serve, args=arguments, daemon=True)
        self._process.start()
        theirs.close()
        self._limits = limits
        self._ready = False
        self.number: int | None = None
        """Position of the item in hand; None when idle."""
        self._item: object = None
        self.num_items = 0
        self.lost = False
        """The process is gone."""
        self.deadline = time.monotonic() + _START_LIMIT_S

    @property
    def handles(self) -> list[Connection | int]:
        return [self._connection, self._process.sentinel]

    def give(self, number: int, item: object) -> None:
        """Hand over an item; its clock starts once the process has loaded its libraries."""
        self.number, self._item = number, item
        self.num_items += 1
        with contextlib.suppress(BrokenPipeError):  # it died idle: `outcome` will see it
            self._connection.send(item)
        if self._ready:
            self.deadline = time.monotonic() + self._limits.timeout_s

    def outcome(self) -> tuple[object] | None:
        """The result or ItemError of the item in hand, in a tuple; None while it is at work."""
        try:
            while self._connection.poll():
                message = self._connection.recv()
                if self._ready:
                    return (message,)
                self._ready = True
                self.deadline = time.monotonic() + self._limits.timeout_s
        except (EOFError, ConnectionResetError):
            return (self._died(),)
        if not self._process.is_alive():
            return (self._died(),)
        if time.monotonic() < self.deadline:
            return None
        if not self._ready:
            raise OmniSourceError(f"a decoder process did not start within {_START_LIMIT_S:g} s")
        self._kill()
        return (ItemError("timeout", f"decoding took more than {self._limits.timeout_s:g} s"),)

    def stop(self) -> None:
        """End an idle process kindly, a busy one at once."""
        if self.number is None and not self.lost:
            self._connection.close()
            self._process.join(_GRACE_S)
        self._kill()

    def _died(self) -> ItemError:
        self._process.join()
        code = self._process.exitcode
        self._kill()
        if code == 1 or not self._ready:
            raise OmniSourceError(f"a decoder process failed at {self._item!r}; its traceback is on stderr")
        return ItemError("decoder_crashed", f"the decoder ended with {_name_of(code)}")

    def _kill(self) -> None:
        self.lost = True
        self._process.kill()
        self._process.join()
        self._connection.close()


def _serve(connection: Connection, function: Callable, memory_mib: int) -> None:
    """Run in the worker: load the libraries, limit the memory, answer items until the parent hangs up."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle
    for name in _HEAVY:
        importlib.import_module(name)
    _limit_memory(memory_mib)
    try:
        connection.send(None)  # ready
    except BrokenPipeError:  # the parent had nothing to do and is gone already
        return
    while True:
        try:
            item = connection.recv()
        except (EOFError, ConnectionResetError):
            return
        try:
            answer = function(item)
        except ItemError as error:
            answer = error
        except MemoryError:
            answer = ItemError("out_of_memory", f"decoding takes more than {memory_mib} MiB")
        connection.send(answer)


def _limit_memory(memory_mib: int) -> None:
    try:
        import resource
    except ImportError:  # Windows
        return
    try:
        with open("/proc/self/statm") as statm:
            pages = int(statm.read().split()[0])
    except FileNotFoundError:  # macOS has no such file and does not enforce the limit
        return
    limit = pages * resource.getpagesize() + memory_mib * 2**20
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


def _name_of(exit_code: int | None) -> str:
    if exit_code is not None and exit_code < 0:
        return signal.Signals(-exit_code).name
    return f"exit code {exit_code}"
