"""A site on loopback that answers as a test tells it, asked by the pages that searches really ask with."""

import threading
from collections.abc import Iterator

import pytest

from omnisource.collect.pages import WebPages
from omnisource.collect.web import Web
from omnisource.collect_config import FetchConfig
from omnisource.types import Taxonomy
from tests.loopback_site import Site


@pytest.fixture
def site() -> Iterator[Site]:
    with Site() as running:
        threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield running
        running.shutdown()


@pytest.fixture
def limits(site: Site) -> FetchConfig:
    """site.test is the site on loopback."""
    place = f"127.0.0.1:{site.server_port}"
    return FetchConfig(
        requests_per_second=500,
        burst=50,
        timeout_s=5,
        max_attempts=1,
        resolve={"site.test": place, "www.youtube.com": place},
    )


@pytest.fixture
def pages(limits: FetchConfig) -> Iterator[WebPages]:
    web = Web(limits)
    yield WebPages(web)
    web.close()


@pytest.fixture
def taxonomy() -> Taxonomy:
    return Taxonomy(names=("beekeeping", "playing guitar", "playing bass guitar"))
