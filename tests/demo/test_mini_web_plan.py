"""The plan of the mini-web: every file has an address, traps are counted, nothing depends on anything but the seed."""

from collections import Counter
from pathlib import Path

import pytest

from omnisource.demo.mini_web_plan import (
    FIRST_DAY,
    GIVEN,
    LAST_DAY,
    NUM_DOWN,
    MiniWebPlan,
    Trap,
    WebFile,
    letters_of,
    plan_mini_web,
    scan_files,
    tags_of,
)
from omnisource.errors import DataError
from omnisource.types import Format


def file(number: int, *, class_name: str = "kick", trap: Trap = Trap.NONE, content: int | None = None) -> WebFile:
    name = f"web/image/{class_name}/{number:03d}.jpg"
    key = bytes([number if content is None else content]) * 16
    return WebFile(path=name, format=Format.IMAGE, class_name=class_name, key=key, trap=trap)


FILES = [file(number, class_name="kick" if number % 2 else "yoyo") for number in range(40)]
PLAN = plan_mini_web(FILES, seed=0)


def test_plan_mini_web__is_repeatable():
    assert plan_mini_web(FILES, seed=0) == PLAN
    assert plan_mini_web(FILES, seed=1) != PLAN


def test_plan_mini_web__every_file_is_given_by_one_address():
    own = [post.file.path for post in PLAN.posts if post.trap in (Trap.NONE, Trap.BUSY, Trap.REDIRECT)]
    assert sorted(own) == sorted(one.path for one in FILES)


def test_plan_mini_web__addresses_differ():
    assert len({post.url for post in PLAN.posts}) == len(PLAN.posts)


def test_plan_mini_web__every_trap_is_planted():
    planted = PLAN.planted()
    assert set(planted) == set(Trap) - {Trap.NONE}
    assert planted[Trap.DOWN] == NUM_DOWN
    assert all(2 <= planted[trap] <= 4 for trap in planted if trap is not Trap.DOWN)


def test_plan_mini_web__a_host_that_is_only_odd_fails_less_often_in_a_row_than_one_that_is_down():
    # opt-outs and slow bodies count against a host; each such trap has a host of its own, at most four addresses
    for trap in (Trap.NOAI, Trap.TDM, Trap.SLOW):
        hosts = Counter(post.host for post in PLAN.posts if post.trap is trap)
        assert len(hosts) == 1 and hosts.total() <= 4


def test_plan_mini_web__dates_fill_the_time_that_is_searched():
    days = sorted(post.published for post in PLAN.posts)
    assert days[0] >= FIRST_DAY
    assert days[-1] < LAST_DAY
    assert len(set(days)) > len(days) / 2


def test_planted__repeats_in_the_world_count_as_such():
    files = [*FILES, file(40, content=0), file(41, content=0)]  # two copies of the first file
    plan = plan_mini_web(files, seed=0)
    twice = [post for post in plan.posts if post.trap is Trap.TWICE]
    assert plan.planted()[Trap.TWICE] == len(twice) + 2


def test_planted__files_of_the_world_that_are_no_media_count_as_traps():
    files = [*FILES, file(40, trap=Trap.PAGE), file(41, trap=Trap.EMPTY)]
    plan = plan_mini_web(files, seed=0)
    own = [post for post in plan.posts if post.file.trap is not Trap.NONE]
    assert Counter(post.trap for post in own) == {Trap.PAGE: 1, Trap.EMPTY: 1}


def test_contents__are_those_of_the_given_files():
    assert PLAN.contents() == {one.key for one in FILES}
    without = MiniWebPlan(posts=tuple(post for post in PLAN.posts if post.trap not in GIVEN))
    assert without.contents() == set()


def test_files_by_key__name_the_world_s_files():
    assert PLAN.files_by_key()[FILES[3].key] == FILES[3].path


def test_twice__stands_for_another_class_than_its_file():
    twice = [post for post in PLAN.posts if post.trap is Trap.TWICE]
    assert twice
    assert all(post.class_name != post.file.class_name for post in twice)


def test_scan_files__formats_classes_and_what_is_no_media(tmp_path: Path):
    for name, content in {
        "web/image/kick/tag/a.jpg": b"\xff\xd8\xff\xe0" + bytes(50),
        "web/clip/yoyo/b.mp4": b"",
        "web/video/yoyo/c.mp4": b"<!DOCTYPE html><html></html>",
    }.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True)
        path.write_bytes(content)
    found = {(one.path, one.format, one.class_name, one.trap) for one in scan_files(tmp_path)}
    assert found == {
        ("web/image/kick/tag/a.jpg", Format.IMAGE, "kick", Trap.NONE),
        ("web/clip/yoyo/b.mp4", Format.TRIMMED, "yoyo", Trap.EMPTY),
        ("web/video/yoyo/c.mp4", Format.UNTRIMMED, "yoyo", Trap.PAGE),
    }


def test_scan_files__a_folder_without_a_world_is_refused(tmp_path: Path):
    with pytest.raises(DataError, match="holds no web/image, web/clip or web/video; `omnisource demo --build-only`"):
        scan_files(tmp_path)


@pytest.mark.parametrize(
    ("class_name", "tags"),
    [
        ("bouncing_ball", {"bouncingball", "ballbouncing", "bouncball", "ballbounc"}),
        ("red_right", {"redright", "rightred"}),
        ("running dog", {"runningdog", "dogrunning", "rundog", "dogrun"}),  # the doubled letter is one again
    ],
)
def test_tags_of__words_in_either_order_and_without_their_endings(class_name: str, tags: set[str]):
    assert tags_of(class_name) == tags


def test_letters_of__case_and_signs_make_no_difference():
    assert letters_of("Bouncing-Ball 2!") == "bouncingball2"
