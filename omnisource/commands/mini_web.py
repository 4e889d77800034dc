"""`mini-web`: a small web on this machine, made of a generated world, to search and to download from (paper 3.3)."""

import shlex
import signal
from pathlib import Path
from typing import Annotated

import typer

from omnisource.workspace import Workspace


def mini_web(
    world: Annotated[Path, typer.Argument(help="Folder of a generated world, such as demo/world.")],
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port of 127.0.0.1; 0: one that is free.")] = 0,
    workspace: Annotated[
        Path | None, typer.Option("--workspace", "-w", help="A workspace that shall find it: sets its fetch.resolve.")
    ] = None,
) -> None:
    """Serve a small web with known traps until it is interrupted: searches, galleries, pictures, videos.

    Its host names exist only for a workspace that is told where they lead; no other program sees them.

    Example: `omnisource mini-web demo/world -w demo/workspace-web`
    """
    from omnisource.demo.web_study import searched_sources
    from omnisource.pipeline.mini_web import open_web, point_to

    web = open_web(world, port=port)
    if workspace is not None:
        point_to(Workspace(workspace), web.resolve)
        print(f"{workspace}: fetch.resolve leads to {web.address}")
    print(f"{len(web.plan.posts)} addresses at {len(web.plan.hosts)} hosts, served at {web.address}; Ctrl-C ends it")
    print("search them, from the workspace's folder, with:")
    for one in searched_sources():
        assert one.search is not None and one.search.endpoint is not None
        arguments = ["--name", one.name, "--format", str(one.format), "--engine", "page"]
        arguments += ["--endpoint", one.search.endpoint, "--text", one.search.text]
        if one.search.published_after and one.search.published_before:
            arguments += ["--after", str(one.search.published_after), "--before", str(one.search.published_before)]
            arguments += ["--set", f"result_cap={one.search.result_cap}"]
        print(shlex.join(["omnisource", "add-search", *arguments]), flush=True)
    for asked in (signal.SIGINT, signal.SIGTERM):  # a shell that starts it in the background has Ctrl-C ignored
        signal.signal(asked, signal.default_int_handler)
    try:
        web.serve_forever()
    except KeyboardInterrupt:
        print(f"{len(web.requests())} requests were answered, {len(web.media_requests())} of them for media")
