"""Functions that do to a worker process what hostile files do to a decoder; workers import them by name."""

import os
import signal
import time

from omnisource.errors import ItemError


def act(order: str) -> str:
    """Do what the item says, or hand it back."""
    if order == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    if order == "segfault":
        os.kill(os.getpid(), signal.SIGSEGV)
    if order == "hang":
        time.sleep(60)
    if order == "allocate":
        bytearray(4 << 30)
    if order == "refuse":
        raise ItemError("unreadable", "as told")
    if order == "bug":
        raise RuntimeError("a bug")
    if order == "pid":
        return str(os.getpid())
    if order == "modules":
        import sys

        return str("torch" in sys.modules)
    return order
