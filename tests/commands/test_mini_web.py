"""`mini-web` as a person meets it: a process that serves until it is interrupted."""

import http.client
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

from omnisource import config
from omnisource.workspace import Workspace
from tests import micro_world


def test_mini_web__serves_a_world_tells_a_workspace_where_and_ends_by_ctrl_c(world: Path, tmp_path: Path):
    workspace = Workspace.create(tmp_path / "w", config.override(micro_world.study(world), ["sources=[]"]))
    command = [sys.executable, "-m", "omnisource", "mini-web", str(world), "-w", str(workspace.root)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=os.environ | {"PYTHONUNBUFFERED": "1"})
    try:
        lines = []
        while not lines or "--name web_video" not in lines[-1]:
            lines.append(process.stdout.readline())
        address = re.search(r"served at (127\.0\.0\.1:\d+)", "".join(lines))[1]
        assert workspace.study().fetch.resolve["pictures.example"] == address
        connection = http.client.HTTPConnection(address, timeout=10)
        connection.request("GET", "/search?q=red%20right", headers={"Host": "pictures.example"})
        assert b"results" in connection.getresponse().read()
        connection.close()
    finally:
        process.send_signal(signal.SIGINT)
        rest, _ = process.communicate(timeout=30)
    assert "omnisource add-search --name web_image --format image --engine page" in "".join(lines)
    assert "1 requests were answered, 0 of them for media" in rest
    assert process.returncode == 0


def test_mini_web__a_folder_without_a_world_is_an_error(here, tmp_path: Path):
    result = here("mini-web", str(tmp_path))
    assert result.returncode == 1
    assert "holds no web/image" in result.stderr
