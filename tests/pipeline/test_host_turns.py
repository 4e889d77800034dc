"""Hosts take turns, and none has more addresses in work than it may."""

from omnisource.pipeline.fetch_plan import Address
from omnisource.pipeline.host_turns import HostTurns
from omnisource.types import Format


def address(host: str, number: int) -> Address:
    return Address(
        url=f"http://{host}/{number}",
        host=host,
        source="web",
        format=Format.IMAGE,
        class_index=0,
        start_s=None,
        end_s=None,
        file=None,
        tried=0,
        key=None,
    )


def take_all(turns: HostTurns) -> list[str]:
    taken = []
    while (one := turns.take()) is not None:
        taken.append(one.url.removeprefix("http://"))
    return taken


def test_take__hosts_in_turn():
    turns = HostTurns([*(address("a", n) for n in range(3)), address("b", 0), address("c", 0)], most_per_host=9)
    assert take_all(turns) == ["a/0", "b/0", "c/0", "a/1", "a/2"]


def test_take__no_more_of_a_host_than_it_may():
    addresses = [address("a", n) for n in range(4)]
    turns = HostTurns(addresses, most_per_host=2)
    assert take_all(turns) == ["a/0", "a/1"]
    turns.done(addresses[0])
    assert take_all(turns) == ["a/2"]


def test_take__a_busy_host_does_not_hold_up_others():
    turns = HostTurns([address("a", 0), address("a", 1), address("b", 0), address("b", 1)], most_per_host=1)
    assert take_all(turns) == ["a/0", "b/0"]


def test_take__nothing_from_nothing():
    assert HostTurns([], most_per_host=1).take() is None
