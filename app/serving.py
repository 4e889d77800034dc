"""The app's own route for media: thumbnails, frames and videos, with Range requests, only of a workspace's tables."""

import io
import math
import mimetypes
from functools import lru_cache
from pathlib import Path

from PIL import Image
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.routing import Route

from app.workspaces import opened
from omnisource.errors import ItemError, WorkspaceError
from omnisource.media import probe_image
from omnisource.previews import Previews
from omnisource.types import Format

CACHED = {
    "Cache-Control": "private, max-age=86400",  # a token names one content for ever
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; sandbox",  # a picture from the web may be an SVG with a script
}
FRAME_SIDES_PX = (64, 1080)
"""The least and the largest short side of a frame that can be asked for."""
UNKNOWN_WORKSPACE = "unknown_workspace"


@lru_cache(maxsize=32)
def previews(name: str) -> Previews:
    """The media of an opened workspace, by its name in links."""
    return Previews(opened(name))


async def thumbnail(request: Request) -> Response:
    """GET /api/thumbnail/{workspace}/{token}: WebP."""
    return await _answer(request, "thumbnail")


async def media(request: Request) -> Response:
    """GET /api/media/{workspace}/{token}: the picture, or a video that plays, in ranges."""
    return await _answer(request, "media")


async def frame(request: Request) -> Response:
    """GET /api/frame/{workspace}/{token}?t=SECONDS&side=PIXELS: the frame shown at a time, or the picture, as WebP."""
    name, token = request.path_params["workspace"], request.path_params["token"]
    try:
        time_s, side_px = float(request.query_params.get("t", 0)), int(request.query_params.get("side", 360))
    except ValueError:
        time_s, side_px = math.nan, 0
    if not math.isfinite(time_s) or time_s < 0:
        return missing("t is no time in seconds, or side no number of pixels", status=400)
    side_px = min(max(side_px, FRAME_SIDES_PX[0]), FRAME_SIDES_PX[1])
    try:
        encoded = await run_in_threadpool(_frame, name, token, time_s, side_px)
    except ItemError as error:
        return missing(error.reason)
    except WorkspaceError:
        return missing(UNKNOWN_WORKSPACE)
    return Response(encoded, media_type="image/webp", headers=CACHED)


@lru_cache(maxsize=256)
def _frame(name: str, token: str, time_s: float, side_px: int) -> bytes:
    """An encoded frame; the last ones are kept, since seeking in a long video costs a second."""
    picture = previews(name).picture(token, short_side_px=side_px, time_s=time_s)
    encoded = io.BytesIO()
    Image.fromarray(picture).save(encoded, "WEBP", quality=88, method=2)
    return encoded.getvalue()


def missing(reason: str, *, status: int = 404) -> Response:
    """Why there is nothing to show, as a short word that is not kept."""
    return PlainTextResponse(reason, status_code=status, headers={"Cache-Control": "no-store"})


async def _answer(request: Request, what: str) -> Response:
    name, token = request.path_params["workspace"], request.path_params["token"]
    try:
        path = await run_in_threadpool(_find, name, token, what)
    except ItemError as error:
        return missing(error.reason)
    except WorkspaceError:
        return missing(UNKNOWN_WORKSPACE)
    kind = mimetypes.guess_type(path.name)[0] or ""
    is_media = kind.startswith(("image/", "video/"))  # a picture may be called page.html; by that no browser may go
    return FileResponse(path, media_type=kind if is_media else "application/octet-stream", headers=CACHED)


def _find(name: str, token: str, what: str) -> Path:
    shown = previews(name)
    if what == "thumbnail":
        return shown.thumbnail(token)
    path, item_format = shown.locate(token)
    if item_format is not Format.IMAGE:
        return shown.video(token)
    probe_image(path, max_megapixels=math.inf)  # a name may lead to what is no picture
    return path


ROUTES = [
    Route("/api/thumbnail/{workspace}/{token}", thumbnail),
    Route("/api/frame/{workspace}/{token}", frame),
    Route("/api/media/{workspace}/{token}", media),
]
