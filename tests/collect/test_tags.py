"""Tags of class names, judged by hand."""

import pytest

from omnisource.collect.tags import make_tags


@pytest.mark.parametrize(
    ("name", "tags"),
    [
        ("beekeeping", "beekeeping beekeep keepingbee keepbee"),  # the paper's example: beekeep, keeping bee
        ("bee keeping", "beekeeping beekeep keepingbee keepbee"),
        ("air drumming", "airdrumming airdrum drummingair drumair"),
        ("abseiling", "abseiling abseil"),
        ("skydiving", "skydiving skydive divingsky divesky"),
        ("playing cards", "playingcards playcards cardplaying cardplay"),
        ("washing dishes", "washingdishes washdishes dishwashing dishwash"),
        ("blowing out candles", "blowingoutcandles blowoutcandles candleblowingout candleblowout"),
        ("making a cake", "makingacake makecake makingcake cakemaking"),
        ("bouncing on trampoline", "bouncingontrampoline bouncetrampoline bouncingtrampoline trampolinebouncing"),
        ("massaging person's head", "massagingpersonshead massagehead massaginghead headmassaging"),
        ("catching or throwing baseball", "catchingbaseball throwingbaseball catchbaseball throwbaseball"),
        ("canoeing or kayaking", "canoeing kayaking canoe kayak"),
        ("clean and jerk", "cleanandjerk"),
        ("rock scissors paper", "rockscissorspaper"),
        ("hammer throw", "hammerthrow"),
        ("pull ups", "pullups"),
        ("brush hair", "brushhair hairbrush"),
        ("swinging on something", "swingingonsomething swing swinging"),
        ("tai chi", "taichi"),
        ("Playing Guitar", "playingguitar playguitar guitarplaying guitarplay"),
        ("打太极", "打太极"),
    ],
)
def test_make_tags__permutes_and_stems(name: str, tags: str):
    assert [tag.text for tag in make_tags(name.split())] == tags.split()


@pytest.mark.parametrize(
    ("qualifier", "tags"),
    [
        ("soccer", "shootinggoal shootinggoalsoccer shootgoal goalshooting"),
        ("in game", "shootinggoal shootinggoalgame shootgoal goalshooting"),
        ("not in game", "shootinggoal shootgoal goalshooting goalshoot"),
    ],
)
def test_make_tags__brackets_tell_apart(qualifier: str, tags: str):
    assert [tag.text for tag in make_tags(["shooting", "goal"], qualifier.split())] == tags.split()


def test_make_tags__say_how_they_were_made():
    assert [tag.rule for tag in make_tags(["beekeeping"])] == [
        "joined words: beekeeping",
        "stem: beekeep",
        "word order: keeping bee",
        "word order and stem: keep bee",
    ]


def test_make_tags__of_no_letters_are_none():
    assert make_tags(["???"]) == []
