"""What a failed attempt says, and that it says it in other processes too."""

import copy

from omnisource.collect.fetch_error import FetchError, NotThisTime


def test_fetch_error__crosses_process_boundaries() -> None:
    error = FetchError("too_many_requests", "media.test", retry=True, pause_s=2.0)
    error.host, error.status, error.elapsed_s = "media.test", 429, 1.5
    same = copy.copy(error)  # as pickle does it
    assert vars(same) == vars(error)
    assert str(same) == "too_many_requests: media.test"


def test_not_this_time__may_be_tried_by_a_later_run_only() -> None:
    error = NotThisTime("host_left_alone")
    assert (error.retry, error.pause_s) == (True, None)
