"""The mini-web's pages: searches with date windows and a cap, tag pages, robots.txt (paper 3.3)."""

import html
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from http import HTTPStatus
from urllib.parse import urlencode

from omnisource.demo.mini_web_plan import CLIPS, GALLERY, PICTURES, VIDEOS, MiniWebPlan, Post, letters_of, tags_of
from omnisource.types import Format

RESULTS_ON_A_PAGE = 8
RESULT_CAP = 16
"""Results that the picture search gives for one query, however many it has: engines do so too."""
ENDPOINTS = {
    PICTURES: f"http://{PICTURES}/search?q={{query}}&page={{page}}&after={{after}}&before={{before}}",
    CLIPS: f"http://{CLIPS}/tags/{{query}}?page={{page}}",
    VIDEOS: f"http://{VIDEOS}/find?q={{query}}&page={{page}}",
    GALLERY: f"http://{GALLERY}/tags/{{query}}?page={{page}}",
}
"""How each site is searched, as `search.endpoint` of a source has it."""
_LICENCE = "https://creativecommons.org/publicdomain/zero/1.0/"
_FORMATS = {PICTURES: Format.IMAGE, GALLERY: Format.IMAGE, CLIPS: Format.TRIMMED, VIDEOS: Format.UNTRIMMED}


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """What a request is answered with."""

    status: int = HTTPStatus.OK
    """HTTP status."""
    body: bytes = b""
    """All of it, as Content-Length promises."""
    content_type: str = "text/plain"
    """Without parameters."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """Others."""
    sent: int | None = None
    """Bytes of the body after which the connection is cut; None: all are sent."""
    drips: bool = False
    """Whether the body comes byte by byte, and never ends."""


def robots_txt(host: str) -> Answer:
    """What a host forbids to crawlers: the gallery its private folder; others have no such file."""
    if host != GALLERY:
        return Answer(status=HTTPStatus.NOT_FOUND)
    return Answer(body=b"User-agent: *\nDisallow: /private/\n")


def listing(plan: MiniWebPlan, host: str, path: str, query: Mapping[str, str]) -> Answer:
    """A page of results of a site that can be searched; 404 for what is none of its pages."""
    folder, _, tag = path.removeprefix("/").partition("/")
    if host == PICTURES and folder == "search":
        window = _day(query.get("after")) or date.min, _day(query.get("before")) or date.max
        found = _found(plan, host, query.get("q", ""), by_tag=False)
        found = [post for post in found if window[0] <= post.published < window[1]][:RESULT_CAP]
    elif host == VIDEOS and folder == "find":
        found = _found(plan, host, query.get("q", ""), by_tag=False)
    elif host in (CLIPS, GALLERY) and folder == "tags" and tag:
        found = _found(plan, host, tag, by_tag=True)
    else:
        return Answer(status=HTTPStatus.NOT_FOUND, body=b"no such page")
    return Answer(body=_page(host, path, query, found, _page_number(query)).encode(), content_type="text/html")


def _found(plan: MiniWebPlan, host: str, text: str, *, by_tag: bool) -> list[Post]:
    """Posts of the classes that a query or a tag speaks of; the gallery knows only its own."""
    classes = {post.class_name for post in plan.posts}
    wanted = letters_of(text)
    meant = {name for name in classes if (wanted in tags_of(name) if by_tag else wanted == letters_of(name))}
    return [
        post
        for post in plan.posts
        if post.class_name in meant and post.format is _FORMATS[host] and (host != GALLERY or post.host == GALLERY)
    ]


def _page(host: str, path: str, query: Mapping[str, str], found: list[Post], number: int) -> str:
    """HTML of one page of results, with a link to the next one where there is one."""
    first = (number - 1) * RESULTS_ON_A_PAGE
    lines = [
        f'<li><a href="{html.escape(post.url)}" title="{html.escape(post.class_name)}">{post.path}</a>'
        f' <time datetime="{post.published}">{post.published}</time></li>'
        for post in found[first : first + RESULTS_ON_A_PAGE]
    ]
    if first + RESULTS_ON_A_PAGE < len(found):
        more = urlencode({**query, "page": number + 1})
        lines.append(f'<a rel="next" href="http://{host}{html.escape(path)}?{html.escape(more)}">next</a>')
    title = f"{len(found)} results" if found else "nothing was found"
    return (
        f"<!DOCTYPE html>\n<html><head><title>{title}</title></head>\n<body><h1>{title}</h1>\n<ul>\n"
        + "\n".join(lines)
        + f'\n</ul><a rel="license" href="{_LICENCE}">licence</a></body></html>\n'
    )


def _page_number(query: Mapping[str, str]) -> int:
    """The page that is asked for; the first for anything else, as lenient sites do."""
    try:
        return max(int(query.get("page", "1")), 1)
    except ValueError:
        return 1


def _day(text: str | None) -> date | None:
    """A day as 2019-12-31; None for anything else, as lenient sites do."""
    try:
        return date.fromisoformat(text or "")
    except ValueError:
        return None
