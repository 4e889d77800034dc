"""What the mini-web planted, beside what a crawl has found of it (paper 3.3)."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from omnisource.catalog import Catalog, source
from omnisource.demo.mini_web import PRIVATE_PLACES
from omnisource.demo.mini_web_plan import MiniWebPlan, Trap
from omnisource.demo.truth import Truth
from omnisource.workspace import Workspace


@dataclass(frozen=True, kw_only=True, slots=True)
class Planted:
    """One kind of trap."""

    kind: str
    """What it is."""
    seen_as: str
    """How the tables of the workspace call it."""
    planted: int
    """How many there are."""
    found: int
    """How many the crawl met, and dealt with as such."""

    @property
    def is_right(self) -> bool:
        """Whether all were met, and nothing else was taken for one."""
        return self.planted == self.found


_PRIVATE = ", ".join(f"'{urlsplit(place).hostname}'" for place in PRIVATE_PLACES)
_SEEN: Mapping[Trap, tuple[str, str]] = {  # how it is called, and the condition on its attempts
    Trap.BUSY: ("too_many_requests", "reason = 'too_many_requests'"),
    Trap.REDIRECT: ("ok, from elsewhere", "reason = 'ok' AND final_url <> url"),
    Trap.ROBOTS: ("robots_refused", "reason = 'robots_refused'"),
    Trap.NOAI: ("opted_out", "reason = 'opted_out' AND contains(detail, 'X-Robots-Tag')"),
    Trap.TDM: ("opted_out", "reason = 'opted_out' AND contains(detail, 'tdm-reservation')"),
    Trap.MISSING: ("not_found", "reason = 'not_found'"),
    Trap.SLOW: ("too_slow", "reason = 'too_slow'"),
    Trap.TRUNCATED: ("truncated", "reason = 'truncated'"),
    Trap.PRIVATE: ("private_address", f"reason = 'private_address' AND host IN ({_PRIVATE})"),
    Trap.LOOPBACK: ("private_address", f"reason = 'private_address' AND host NOT IN ({_PRIVATE})"),
    Trap.PAGE: ("wrong_type", "reason = 'wrong_type'"),
    Trap.EMPTY: ("empty_file", "reason = 'empty_file'"),
    Trap.DOWN: ("forbidden, then host_left_alone", "reason IN ('forbidden', 'host_left_alone')"),
}
_WORDS = {
    Trap.BUSY: "asks to come back later, once",
    Trap.REDIRECT: "moved to another host",
    Trap.TWICE: "the bytes of another address",
    Trap.ROBOTS: "forbidden by robots.txt",
    Trap.NOAI: "opted out by X-Robots-Tag",
    Trap.TDM: "opted out by tdm-reservation",
    Trap.MISSING: "not there",
    Trap.SLOW: "drips and never ends",
    Trap.TRUNCATED: "cut off half-way",
    Trap.PRIVATE: "leads to a private address",
    Trap.LOOPBACK: "leads to this machine",
    Trap.PAGE: "an HTML page",
    Trap.EMPTY: "no byte",
    Trap.DOWN: "at a host that refuses everything",
}


def compare_planted(workspace: Workspace, plan: MiniWebPlan, truth: Truth | None = None) -> list[Planted]:
    """One row per kind of trap, in the order in which they are met; with the truth, broken files too."""
    catalog = Catalog(workspace)
    attempts = source(workspace.table("attempts"))
    found = {
        trap: int(catalog.value(f"SELECT count(DISTINCT url) FROM {attempts} WHERE {condition}"))
        for trap, (_, condition) in _SEEN.items()
    }
    found[Trap.TWICE] = catalog.dropped_by_reason("items").get("repeat", 0)
    seen_as = {trap: name for trap, (name, _) in _SEEN.items()} | {Trap.TWICE: "repeat"}
    rows = [
        Planted(kind=_WORDS[trap], seen_as=seen_as[trap], planted=count, found=found[trap])
        for trap, count in plan.planted().items()
    ]
    if truth is not None:
        rows.append(_broken(catalog, plan, truth))
    return rows


def _broken(catalog: Catalog, plan: MiniWebPlan, truth: Truth) -> Planted:
    """Files that look like media until they are decoded."""
    contents = plan.contents()
    got = {name for key, name in plan.files_by_key().items() if key in contents}
    dropped = catalog.dropped_by_reason("validity")
    return Planted(
        kind="media that cannot be used",
        seen_as=", ".join(sorted(dropped)) or "dropped by check",
        planted=sum(item.broken for name, item in truth.items.items() if name in got),
        found=sum(dropped.values()),
    )
