"""Spans of time and sizes, as a person reads them."""

import pytest

from app.train_words import size, span


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (0.25, "0.2 s"),
        (9.99, "10 s"),
        (42.0, "42 s"),
        (60.0, "1 min"),
        (3599.0, "59 min"),  # seconds beside minutes say nothing
        (3600.0, "1 h"),
        (7500.0, "2 h 5 min"),
        (90_000.0, "1 d 1 h"),
    ],
)
def test_span(seconds: float, expected: str):
    assert span(seconds) == expected


@pytest.mark.parametrize(
    ("num_bytes", "expected"),
    [(0, "0 B"), (1536, "1.5 KiB"), (7 << 20, "7 MiB"), (80 << 30, "80 GiB"), (2 << 40, "2 TiB")],
)
def test_size(num_bytes: int, expected: str):
    assert size(num_bytes) == expected
