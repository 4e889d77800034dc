"""FiftyOne as a person has it who just installed it: a database, plugins and settings of this process alone.

Import it before anything that imports FiftyOne, which reads these when it is imported. The database is named by its
address: left to itself, FiftyOne joins whichever database of this machine's user is running, with all their datasets.
"""

import atexit
import os
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path

from omnisource.doctor import find_mongod

HOME = Path(tempfile.mkdtemp(prefix="fiftyone-"))
STARTED_WITHIN_S = 120.0

with socket.socket() as _probe:
    _probe.bind(("127.0.0.1", 0))
    PORT = _probe.getsockname()[1]

os.environ |= {
    "FIFTYONE_DATABASE_URI": f"mongodb://127.0.0.1:{PORT}",
    "FIFTYONE_DATABASE_DIR": str(HOME / "database"),
    "FIFTYONE_PLUGINS_DIR": str(HOME / "plugins"),
    "FIFTYONE_DEFAULT_DATASET_DIR": str(HOME / "datasets"),
    "FIFTYONE_CONFIG_PATH": str(HOME / "config.json"),
    "FIFTYONE_DO_NOT_TRACK": "true",
    "FIFTYONE_DATABASE_VALIDATION": "false",
    "FIFTYONE_SHOW_PROGRESS_BARS": "false",
}
for _name in ("database", "plugins"):
    (HOME / _name).mkdir()

_started: list[subprocess.Popen] = []


def start_database() -> None:
    """Start mongod, once for this process; it ends with it."""
    if _started:
        return
    mongod = find_mongod()
    assert mongod is not None, "no mongod: `make setup` installs one"
    command = [str(mongod), "--dbpath", str(HOME / "database"), "--logpath", str(HOME / "mongod.log")]
    command += ["--bind_ip", "127.0.0.1", "--port", str(PORT), "--nounixsocket"]
    _started.append(subprocess.Popen(command, stdout=subprocess.DEVNULL))
    until = time.monotonic() + STARTED_WITHIN_S
    while True:
        with socket.socket() as caller:
            if caller.connect_ex(("127.0.0.1", PORT)) == 0:
                return
        assert _started[0].poll() is None and time.monotonic() < until, (HOME / "mongod.log").read_text()
        time.sleep(0.05)


@atexit.register
def _clear() -> None:
    for mongod in _started:
        mongod.terminate()
        mongod.wait(timeout=60)
    shutil.rmtree(HOME, ignore_errors=True)
