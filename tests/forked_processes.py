"""`omnisource` as a process of its own, forked from one that has imported it: its start costs no second of imports."""

import contextlib
import importlib
import multiprocessing
import os
import signal
import sys
from collections.abc import Mapping
from multiprocessing.process import BaseProcess

CONTEXT = multiprocessing.get_context("forkserver")
CONTEXT.set_forkserver_preload(["omnisource.__main__", "omnisource.pipeline.stages"])


def start(*arguments: str, settings: Mapping[str, object] | None = None) -> BaseProcess:
    """The command line as the head of a process group; `settings` are constants of modules that it sets differently."""
    process = CONTEXT.Process(target=_omnisource, args=(arguments, dict(settings or {})))
    process.start()
    return process


def status_of(process: BaseProcess) -> int | None:
    """Wait for the end; 0 where it went well."""
    process.join()
    return process.exitcode


def kill(process: BaseProcess) -> bool:
    """Kill a process and all that it started; whether it was still running."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.kill()  # it may not have had the time to head a group
    return status_of(process) == -signal.SIGKILL


def _omnisource(arguments: tuple[str, ...], settings: dict[str, object]) -> None:
    os.setsid()
    for place, value in settings.items():
        module, _, name = place.rpartition(".")
        setattr(importlib.import_module(module), name, value)
    from omnisource.__main__ import main

    sys.argv = ["omnisource", *arguments]
    with open(os.devnull, "w") as nowhere, contextlib.redirect_stdout(nowhere):
        main()
