"""A function in two processes that train together: what torchrun does, without its own seconds and two more imports."""

import multiprocessing
import os
import socket
from collections.abc import Callable

import cv2
import torch

PATIENCE_S = 120
CONTEXT = multiprocessing.get_context("spawn" if torch.cuda.is_available() else "fork")
"""A forked copy has torch already; autograd cannot be forked once it has threads of its own, one for each GPU."""


def in_two_processes(function: Callable[..., object], *arguments: object) -> None:
    """Call it in both, which find each other as processes of torchrun do; fails where one of them does."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    processes = [CONTEXT.Process(target=_as_rank, args=(rank, port, function, arguments)) for rank in range(2)]
    for process in processes:
        process.start()
    try:
        for process in processes:
            process.join(PATIENCE_S)
        assert [process.exitcode for process in processes] == [0, 0]  # their tracebacks are on stderr
    finally:
        for process in processes:
            process.kill()
            process.join()


def _as_rank(rank: int, port: int, function: Callable[..., object], arguments: tuple[object, ...]) -> None:
    one_thread()
    os.environ |= {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port), "TORCHELASTIC_RUN_ID": "test"}
    os.environ |= {"RANK": str(rank), "LOCAL_RANK": str(rank), "GROUP_RANK": "0"}
    os.environ |= {"WORLD_SIZE": "2", "LOCAL_WORLD_SIZE": "2"}
    function(*arguments)


def one_thread() -> None:
    """In a forked copy, which has none of the threads that its parent's pools count on."""
    torch.set_num_threads(1)
    cv2.setNumThreads(0)
