"""Why an address could not be fetched, in words that can be counted (paper 3.3).

Reasons: bad_address, private_address, unknown_host, unreachable, bad_certificate (before the request);
robots_refused, robots_unreachable, host_left_alone, retry_later, stopped, forgotten (left alone out of politeness);
opted_out, not_found, forbidden, too_many_requests, busy (503), server_error (other 5xx), http_error (other statuses),
too_many_redirects, bad_redirect, bad_response (the answer); timeout, too_slow, truncated, too_large, empty_file,
bad_encoding, wrong_type (the body); unsupported_site, stopped_by_engine, not_fetched (yt-dlp on a page of videos).
"""

import functools

from omnisource.errors import ItemError


class FetchError(ItemError):
    """One address that was not fetched; counts as one attempt."""

    def __init__(self, reason: str, detail: str = "", *, retry: bool = False, pause_s: float | None = None) -> None:
        """`retry`: a later run may try again; `pause_s`: so may this one, after so many seconds."""
        super().__init__(reason, detail)
        self.retry = retry
        self.pause_s = pause_s
        self.host = ""
        """The host that was asked last; `web` fills it in, since it followed the redirects."""
        self.status: int | None = None
        """Of the last answer; None where there was none."""
        self.elapsed_s = 0.0
        """Since the attempt began, the wait for the host's turn included."""

    def __reduce__(self):  # crosses process boundaries
        found = {"host": self.host, "status": self.status, "elapsed_s": self.elapsed_s}
        return functools.partial(FetchError, retry=self.retry, pause_s=self.pause_s), (self.reason, self.detail), found


class NotThisTime(FetchError):
    """Nobody was asked, or the host is away: it says nothing about the address, and a later run tries again."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(reason, detail, retry=True)
