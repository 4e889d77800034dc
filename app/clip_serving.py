"""The route of pseudo clips: a picture of the workspace as a video, made when it is first asked for."""

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from app.serving import CACHED, UNKNOWN_WORKSPACE, missing, previews
from omnisource.errors import ConfigError, ItemError, WorkspaceError
from omnisource.pipeline.clip_previews import Inflation, clip_video


async def clip(request: Request) -> Response:
    """GET /api/clip/{workspace}/{token}?mode=&frames=&steps=&seed=&class=: H.264, in ranges."""
    asked = request.query_params
    try:
        wanted = Inflation(
            mode=asked.get("mode", ""),
            num_frames=int(asked.get("frames", "")),
            steps_per_frame=int(asked.get("steps", "")),
            seed=int(asked.get("seed", "0")),
            class_index=int(asked["class"]) if asked.get("class") else None,
        )
    except (ValueError, ConfigError):
        return missing("no such clip", status=400)
    try:
        shown = previews(request.path_params["workspace"])
    except WorkspaceError:
        return missing(UNKNOWN_WORKSPACE)
    try:
        path = await run_in_threadpool(clip_video, shown, request.path_params["token"], wanted)
    except ItemError as error:
        return missing(error.reason)
    except WorkspaceError:
        return missing("no_camera_motion")
    return FileResponse(path, media_type="video/mp4", headers=CACHED)


CLIP_ROUTES = [Route("/api/clip/{workspace}/{token}", clip)]
