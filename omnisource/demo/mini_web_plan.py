"""Files of a generated world -> the addresses of a small internet, with known traps among them (paper 3.3).

Planning is pure and seeded: what a crawler will meet, and how often, is known before the first request.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum
from pathlib import Path

import numpy as np

from omnisource import media_files
from omnisource.errors import DataError, ItemError
from omnisource.types import Format

PICTURES, CLIPS, VIDEOS, GALLERY = "pictures.example", "clips.example", "videos.example", "gallery.example"
"""Sites that can be searched."""
FIRST_DAY, LAST_DAY = date(2016, 1, 1), date(2020, 1, 1)
"""Everything was published from the first day on and before the last."""
_FOLDERS = {"image": Format.IMAGE, "clip": Format.TRIMMED, "video": Format.UNTRIMMED}
_PICTURE_HOSTS = ("photos.example", GALLERY, "art.example", "news.example", "cdn.example")


class Trap(StrEnum):
    """What is odd about an address; the first four give their file in the end."""

    NONE = "none"
    BUSY = "busy"
    """429 with Retry-After at the first request."""
    REDIRECT = "redirect"
    """Leads to the file, at another host."""
    TWICE = "twice"
    """The bytes of another address, found for another class."""
    ROBOTS = "robots"
    """In a folder that robots.txt forbids."""
    NOAI = "noai"
    """X-Robots-Tag: noai."""
    TDM = "tdm"
    """tdm-reservation: 1."""
    MISSING = "missing"
    """404."""
    SLOW = "slow"
    """A body that drips and never ends."""
    TRUNCATED = "truncated"
    """Half of the body that its header promises."""
    PRIVATE = "private"
    """Leads to a private address."""
    LOOPBACK = "loopback"
    """Leads to this very machine, by another name for it."""
    PAGE = "page"
    """An HTML page that is called a picture or a video."""
    EMPTY = "empty"
    """No byte."""
    DOWN = "down"
    """At a host that refuses everything."""


GIVEN = (Trap.NONE, Trap.BUSY, Trap.REDIRECT, Trap.TWICE)
NUM_DOWN = 10
"""Addresses at the host that refuses everything: more than a crawler should try."""
_HOSTS = {
    **{Trap.TWICE: "cdn.example", Trap.ROBOTS: GALLERY, Trap.NOAI: "art.example", Trap.TDM: "news.example"},
    **{Trap.MISSING: "photos.example", Trap.SLOW: "slow.example", Trap.TRUNCATED: "cdn.example"},
    **{Trap.PRIVATE: "short.example", Trap.LOOPBACK: "short.example", Trap.PAGE: "old.example"},
    **{Trap.EMPTY: "cdn.example", Trap.DOWN: "down.example"},
}


@dataclass(frozen=True, kw_only=True, slots=True)
class WebFile:
    """One file of the world's web/ folder."""

    path: str
    """Relative to the world, with forward slashes."""
    format: Format
    """By its folder."""
    class_name: str
    """The class that it is found for."""
    key: bytes
    """Hash of its content."""
    trap: Trap
    """PAGE or EMPTY where it is no media; else NONE."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Post:
    """One address of the mini-web, as its search pages list it."""

    host: str
    """Name of the site that has it."""
    path: str
    """Path of the address."""
    format: Format
    """What it is listed as."""
    class_name: str
    """The class whose searches find it."""
    published: date
    """When, as the search knows it."""
    trap: Trap
    """What is odd about it."""
    file: WebFile
    """Whose bytes it gives, begins to give, or pretends to have."""

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://{self.host}{self.path}"


@dataclass(frozen=True, kw_only=True, slots=True)
class MiniWebPlan:
    """Everything that the mini-web serves."""

    posts: tuple[Post, ...]
    """In the order in which a search lists them."""

    @property
    def hosts(self) -> list[str]:
        """Every host name that a crawler may meet."""
        return sorted({post.host for post in self.posts} | {PICTURES, CLIPS, VIDEOS, GALLERY} | set(_PICTURE_HOSTS))

    def planted(self) -> dict[Trap, int]:
        """How many addresses of each trap there are; of TWICE, how many give what another one gives."""
        counts = Counter(post.trap for post in self.posts)
        given = [post.file.key for post in self.posts if post.trap in GIVEN]
        counts[Trap.TWICE] = len(given) - len(set(given))
        return {trap: counts[trap] for trap in Trap if trap is not Trap.NONE}

    def contents(self) -> set[bytes]:
        """Contents that a crawler can get."""
        return {post.file.key for post in self.posts if post.trap in GIVEN}

    def files_by_key(self) -> Mapping[bytes, str]:
        """Path in the world of each content."""
        return {post.file.key: post.file.path for post in self.posts}


def scan_files(world: Path) -> list[WebFile]:
    """The files of world/web, sorted; raises DataError where there is none."""
    found = []
    for folder, file_format in _FOLDERS.items():
        for path in sorted((world / "web" / folder).rglob("*")):
            if path.is_file():
                name = path.relative_to(world).as_posix()
                found.append(
                    WebFile(
                        path=name,
                        format=file_format,
                        class_name=name.split("/")[2],
                        key=media_files.content_key(path),
                        trap=_trap_of(path),
                    )
                )
    if not found:
        raise DataError(f"{world} holds no web/image, web/clip or web/video; `omnisource demo --build-only` makes them")
    return found


def plan_mini_web(files: Sequence[WebFile], *, seed: int) -> MiniWebPlan:
    """Addresses for every file, and more of them that lead nowhere; the same files and seed give the same plan."""
    rng = np.random.default_rng([seed, 2])
    readable = [number for number, file in enumerate(files) if file.trap is Trap.NONE]
    detours = [trap for trap in (Trap.BUSY, Trap.REDIRECT) for _ in range(_amount(trap, rng))]
    odd = dict(zip(rng.permutation(readable).tolist(), detours))
    posts = [_post_of(file, odd.get(number, file.trap), rng) for number, file in enumerate(files)]
    posts += [_trapped(trap, files, rng) for trap in _HOSTS for _ in range(_amount(trap, rng))]
    shuffled = [posts[number] for number in rng.permutation(len(posts))]
    return MiniWebPlan(posts=tuple(_dated(shuffled)))


def tags_of(class_name: str) -> set[str]:
    """Tags that people give to what shows a class: its words joined in either order, and without their endings."""
    words = re.findall(r"[a-z0-9]+", class_name.lower())
    stems = [re.sub(r"(.)\1$", r"\1", word.removesuffix("ing")) if word.endswith("ing") else word for word in words]
    orders = [words, words[::-1], stems, stems[::-1]]
    return {"".join(order) for order in orders}


def letters_of(text: str) -> str:
    """What a search compares: small letters and digits, joined."""
    return "".join(re.findall(r"[a-z0-9]+", text.lower()))


def _trap_of(path: Path) -> Trap:
    try:
        media_files.refuse_what_is_no_media(path)
    except ItemError as error:
        return Trap.EMPTY if error.reason == "empty_file" else Trap.PAGE
    return Trap.NONE


def _post_of(file: WebFile, trap: Trap, rng: np.random.Generator) -> Post:
    """Where a file of the world is found."""
    sites = {Format.TRIMMED: CLIPS, Format.UNTRIMMED: VIDEOS}
    host = sites.get(file.format) or str(rng.choice(_PICTURE_HOSTS))
    return _post(host, file, trap, file.class_name, rng)


def _trapped(trap: Trap, files: Sequence[WebFile], rng: np.random.Generator) -> Post:
    """An address more, for the class of a file that is drawn; for TWICE, for the class after it."""
    readable = [file for file in files if file.trap is Trap.NONE]
    file = readable[int(rng.integers(len(readable)))]
    classes = sorted({one.class_name for one in files})
    found_for = classes[(classes.index(file.class_name) + (trap is Trap.TWICE)) % len(classes)]
    return _post(_HOSTS[trap], file, trap, found_for, rng)


def _post(host: str, file: WebFile, trap: Trap, class_name: str, rng: np.random.Generator) -> Post:
    folder = {Trap.ROBOTS: "private", Trap.REDIRECT: "go", Trap.PRIVATE: "go", Trap.LOOPBACK: "go"}.get(trap, "p")
    return Post(
        host=host,
        path=f"/{folder}/{rng.integers(2**48):012x}.{file.path.rpartition('.')[2]}",
        format=file.format,
        class_name=class_name,
        published=FIRST_DAY,
        trap=trap,
        file=file,
    )


def _amount(trap: Trap, rng: np.random.Generator) -> int:
    """Few enough that a host which is only odd is not taken for one that is down."""
    return NUM_DOWN if trap is Trap.DOWN else int(rng.integers(2, 5))


def _dated(posts: Iterable[Post]) -> list[Post]:
    """Dates spread evenly over the time that the search knows, for each format and class."""
    by_search: dict[tuple[Format, str], list[Post]] = {}
    for post in posts:
        by_search.setdefault((post.format, post.class_name), []).append(post)
    span_days = (LAST_DAY - FIRST_DAY).days
    dated = []
    for group in by_search.values():
        for number, post in enumerate(group):
            # by the golden ratio: any window holds its share of a group, and the listing is not in their order
            day = FIRST_DAY + timedelta(days=int(span_days * (number * 0.6180339887 % 1)))
            dated.append(replace(post, published=day))
    return dated
