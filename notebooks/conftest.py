"""`pytest` executes every notebook here (nbmake); the first one builds the small demo that all of them open."""

import pytest

BUILDING_TOO_S = 1200


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.suffix == ".ipynb":
            item.add_marker(pytest.mark.timeout(BUILDING_TOO_S))
