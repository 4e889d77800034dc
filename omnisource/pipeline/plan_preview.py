"""What a search would ask, before it asks anybody: cells, requests, what is done already (paper 3.3)."""

from dataclasses import dataclass
from datetime import UTC, date, datetime

from omnisource.config import SourceConfig
from omnisource.pipeline.queries import current, used_texts
from omnisource.pipeline.search_plan import asked_cells, walk_of
from omnisource.types import Format
from omnisource.workspace import Workspace


@dataclass(frozen=True, kw_only=True, slots=True)
class SourcePlan:
    """The search of one source, as its settings and the last revision of the queries have it."""

    source: str
    """Its name."""
    engine: str
    """What is asked."""
    format: Format
    """What it gives."""
    text_kind: str
    """Query or tag."""
    num_texts: int
    """Texts that are searched."""
    num_windows: int
    """Date windows that each is asked in, before any is split; 1 without windows."""
    num_asked: int
    """Cells that were asked."""
    num_waiting: int
    """Cells that are to be asked still; splitting may add some."""
    requests: int
    """Result pages that were asked for."""
    max_requests: int
    """The budget."""

    @property
    def requests_left(self) -> int:
        """What is left of the budget."""
        return max(self.max_requests - self.requests, 0)


def preview(workspace: Workspace, *, today: date | None = None) -> list[SourcePlan]:
    """Every searched source, in the study's order; texts that nobody has accepted yet count as if they were."""
    queries = used_texts(current(workspace))
    return [_plan(workspace, one, queries, today or datetime.now(UTC).date()) for one in workspace.study().searched]


def _plan(
    workspace: Workspace, source: SourceConfig, queries: dict[str, list[tuple[int, str]]], today: date
) -> SourcePlan:
    assert source.search is not None
    before = asked_cells(workspace, source.name)
    texts = queries[source.search.text]
    unasked = walk_of(source, queries, (), today)
    walk = walk_of(source, queries, before, today)
    return SourcePlan(
        source=source.name,
        engine=source.search.engine,
        format=source.format,
        text_kind=source.search.text,
        num_texts=len(texts),
        num_windows=unasked.num_waiting // len(texts) if texts else 0,
        num_asked=len({result.cell for result in before}),
        num_waiting=walk.num_waiting,
        requests=sum(result.requests for result in before),
        max_requests=source.search.max_requests,
    )
