"""Names of workspaces in the picker."""

from app.workspaces import labels


def test_labels__no_two_folders_share_a_name():
    # a choice is told by its name: with two called "work", the next rerun would open the other one
    paths = ["/a/work", "/b/work", "/c/x/w", "/d/x/w", "/z", "/"]
    assert list(labels(paths).values()) == ["a/work", "b/work", "c/x/w", "d/x/w", "z", "/"]
