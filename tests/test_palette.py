from omnisource import palette


def test_colours__sources_keep_their_colours_when_others_come_after_them():
    few, more = palette.colours(["image", "clip"]), palette.colours(["image", "clip", "video"])
    assert few.items() <= more.items()
    assert len(set(more.values())) == 4  # and the target's


def test_colours__start_again_when_there_are_more_sources_than_colours():
    names = [f"source-{i}" for i in range(len(palette.SOURCES) + 1)]
    shown = palette.colours(names)
    assert shown[names[-1]] == shown[names[0]] == palette.SOURCES[0]
