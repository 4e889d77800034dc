"""Errors: what a person reads, and what crosses a process boundary."""

import pickle

from omnisource.errors import ItemError, MissingExtraError


def test_item_error__keeps_reason_and_detail_across_processes():
    error = pickle.loads(pickle.dumps(ItemError("truncated", "half of the data")))
    assert (error.reason, error.detail, str(error)) == (
        "truncated",
        "half of the data",
        "truncated: half of the data",
    )


def test_missing_extra_error__names_the_extra():
    error = MissingExtraError("decord", extra="video", purpose="reading video with decord")
    assert (
        str(error) == "reading video with decord needs decord, which is not installed: pip install 'omnisource[video]'"
    )
