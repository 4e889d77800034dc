"""A released folder becomes sources, items, facts, and examples; a tiny student trains on them."""

import json
from pathlib import Path

import pytest

from omnisource import config
from omnisource.errors import DataError, WorkspaceError
from omnisource.media import open_video
from omnisource.pipeline import collecting, progress, recipes, released, stages
from omnisource.types import Format
from omnisource.workspace import Workspace
from tests import workspaces
from tests.released_world import NETWORK, copy_examples, workspace_on, write_file, write_list, write_videos

NAMES = ["googleimage_200", "insimage_200", "insvideo_200", "kinetics_raw_200"]
SLOWONLY = NETWORK | {"model": NETWORK["model"] | {"arch": "slowonly", "clip_len": 4, "frame_interval": 2}}


@pytest.fixture
def folder(facts: Path, tmp_path: Path) -> Path:
    return copy_examples(facts, tmp_path / "OmniSource")


@pytest.fixture
def workspace(folder: Path, tmp_path: Path) -> Workspace:
    return workspace_on(folder, tmp_path / "work")


def listed(workspace: Workspace, name: str) -> list[tuple]:
    """(file, class, start, end, kept, duplicate) of each row."""
    paths = {row["key"]: Path(row["path"]).name for row in workspace.table("items").read().to_pylist()}
    columns = ("class_index", "start_s", "end_s", "kept", "duplicate")
    rows = workspace.table(f"listed/{name}").read().to_pylist()
    return [(paths[row["key"]], *(row[column] for column in columns)) for row in rows]


def test_add__sources_items_and_facts(workspace: Workspace, folder: Path):
    added = released.add(workspace, folder)
    assert added.items == dict(zip(NAMES, (3, 1, 2, 2)))
    assert added.dropped == {}
    sources = {source.name: (source.format, source.path.name) for source in workspace.study().sources}
    assert sources == {
        "googleimage_200": (Format.IMAGE, "googleimage_200"),
        "insimage_200": (Format.IMAGE, "insimage_200"),
        "insvideo_200": (Format.TRIMMED, "insvideo_200"),
        "kinetics_raw_200": (Format.UNTRIMMED, "kinetics_raw_200_train"),
    }
    rows = workspace.table("items").read().to_pylist()
    classes = {Path(row["path"]).name: row["class_index"] for row in rows if row["source"] == "googleimage_200"}
    assert classes == {"000001.jpg": 0, "000002.jpg": 1, "000901.jpg": 0}
    assert listed(workspace, "googleimage_200") == [
        ("000001.jpg", 0, 0.0, 0.0, True, False),
        ("000002.jpg", 1, 0.0, 0.0, True, False),
        ("000901.jpg", 0, 0.0, 0.0, True, True),
    ]
    assert listed(workspace, "kinetics_raw_200") == [
        ("___dTOdxzXY", 1, 0.0, 10.0, True, False),
        ("___dTOdxzXY", 1, 10.0, 20.0, False, False),
        ("___dTOdxzXY", 1, 20.0, 30.0, True, False),
        ("_a-bCdEfGhI", 0, 0.0, 10.0, False, False),
        ("_a-bCdEfGhI", 0, 10.0, 20.0, False, False),
    ]


def test_add__counts_beside_those_of_the_release(workspace: Workspace, folder: Path, monkeypatch: pytest.MonkeyPatch):
    added = released.add(workspace, folder)
    different = {count.list: (count.expected, count.found) for count in added.differences}
    assert different["googleimage_200/googleimage_200.txt"] == (3_050_880, 3)
    assert "googleimage_200/tsn_8seg_googleimage_200_wodup.txt" not in different  # the release does not count it
    monkeypatch.setitem(released.released.EXPECTED, "googleimage_200.txt", 3)
    again = {count.list for count in released.add(workspace, folder).differences}
    assert again == set(different) - {"googleimage_200/googleimage_200.txt"}


def test_add__a_second_time_nothing_is_new(workspace: Workspace, folder: Path):
    released.add(workspace, folder)
    tables = ["items", *(f"listed/{name}" for name in NAMES)]
    before = [workspace.table(name).num_rows() for name in tables]
    assert set(released.add(workspace, folder).items.values()) == {0}
    assert [workspace.table(name).num_rows() for name in tables] == before
    assert len(workspace.study().sources) == 4


def test_add__goes_on_where_it_was_killed(workspace: Workspace, folder: Path, monkeypatch: pytest.MonkeyPatch):
    """Killed between two parts: what was written stays, the rest comes, nothing comes twice."""
    monkeypatch.setattr(released, "LINES_PER_CHUNK", 1)
    monkeypatch.setattr(collecting, "ROWS_PER_PART", 1)
    whole = workspace_on(folder, workspace.root.parent / "whole")
    released.add(whole, folder)
    original, calls = released._rows, []

    def killed(*arguments: object):
        calls.append(arguments)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return original(*arguments)

    monkeypatch.setattr(released, "_rows", killed)
    with pytest.raises(KeyboardInterrupt):
        released.add(workspace, folder)
    assert len(listed(workspace, "googleimage_200")) == 2
    monkeypatch.setattr(released, "_rows", original)
    released.add(workspace, folder)
    for name in NAMES:
        assert sorted(listed(workspace, name)) == sorted(listed(whole, name))


def test_add__missing_files_are_dropped_and_come_when_they_are_there(workspace: Workspace, folder: Path):
    picture = folder / "googleimage_200" / "001" / "00" / "000002.jpg"
    part = folder / "kinetics_raw_200_train" / "pref_" / "___dTOdxzXY" / "part_2.mp4"
    content = {path: path.read_bytes() for path in (picture, part)}
    for path in content:
        path.unlink()
    added = released.add(workspace, folder)
    assert added.dropped == {"missing_file": 1, "missing_part": 1}
    assert (added.items["googleimage_200"], added.items["kinetics_raw_200"]) == (2, 1)
    (detail,) = (
        row["detail"] for row in workspace.table("items").dropped().read().to_pylist() if "part_" in row["detail"]
    )
    assert detail.endswith("___dTOdxzXY lacks part_2.mp4 of 3 parts")
    assert released.add(workspace, folder).dropped == {}  # said once
    for path, held in content.items():
        path.write_bytes(held)
    added = released.add(workspace, folder)
    assert (added.items["googleimage_200"], added.items["kinetics_raw_200"]) == (1, 1)
    assert len(listed(workspace, "googleimage_200")) == 3
    assert len(listed(workspace, "kinetics_raw_200")) == 5


def test_add__a_source_without_media_is_named(workspace: Workspace, folder: Path):
    (folder / "insvideo_200").rename(folder / "elsewhere")
    added = released.add(workspace, folder)
    assert added.without_media == ["insvideo_200"]
    assert list(added.items) == ["googleimage_200", "insimage_200", "kinetics_raw_200"]


def test_add__no_list_at_all(workspace: Workspace, folder: Path, tmp_path: Path):
    with pytest.raises(
        DataError, match=r"annotations has no released list; looked in googleimage_200/, .*webimage_200/"
    ):
        released.add(workspace, tmp_path / "other")


def test_add__no_media_at_all(workspace: Workspace, folder: Path):
    for name in ("googleimage_200", "insimage_200", "insvideo_200", "kinetics_raw_200_train"):
        (folder / name).rename(folder / f"{name}.tar")
    with pytest.raises(
        DataError, match="has lists but no media; looked for googleimage_200/, .*kinetics_raw_200_train/"
    ):
        released.add(workspace, folder)


def test_add__a_bad_line_is_said_before_anything_is_written(workspace: Workspace, folder: Path):
    write_list(folder / "annotations", "insvideo_200/insvideo_200.txt", "000/a.mp4 0", "000/b.mp4 2")
    with pytest.raises(DataError, match="insvideo_200.txt:2: label 2 is out of range: the study knows labels 0 to 1"):
        released.add(workspace, folder)
    assert workspace.study().sources == ()
    assert workspace.table("items").num_rows() == 0


def test_add__other_lists_are_refused_until_redo(workspace: Workspace, folder: Path):
    released.add(workspace, folder)
    write_list(
        folder / "annotations", "insvideo_200/slowonly_8x8_insvideo_200_wodup.txt", "001/abseiling/BzYsP0HIvbt.mp4 1"
    )
    write_list(folder / "annotations", "insvideo_200/insvideo_200.txt", "000/airdrumming/B00arxogubl.mp4 0")
    with pytest.raises(WorkspaceError, match="'listed/insvideo_200' was made with insvideo_200.*_wodup.txt.*--redo"):
        released.add(workspace, folder)
    released.add(workspace, folder, redo=True)
    assert listed(workspace, "insvideo_200") == [
        ("BzYsP0HIvbt.mp4", 1, 0.0, 0.0, True, False),
        ("B00arxogubl.mp4", 0, 0.0, 0.0, False, False),
    ]


def test_add__a_repeated_content_is_one_item_and_the_kept_one(workspace: Workspace, folder: Path):
    kept = folder / "googleimage_200" / "000" / "00" / "000001.jpg"
    copy = folder / "googleimage_200" / "000" / "00" / "000000.jpg"
    copy.write_bytes(kept.read_bytes())
    lists = folder / "annotations" / "googleimage_200" / "googleimage_200.txt"
    lists.write_text("000/00/000000.jpg 0\n" + lists.read_text())  # stands before it
    added = released.add(workspace, folder)
    assert added.dropped == {"repeat": 1}
    assert [row[0] for row in listed(workspace, "googleimage_200")] == ["000001.jpg", "000002.jpg", "000901.jpg"]


def labelled(workspace: Workspace, folder: Path) -> list:
    released.add(workspace, folder)
    collecting.check(workspace)
    return recipes.label(workspace, "default")


def test_label__from_lists_to_examples_without_a_teacher(workspace: Workspace, folder: Path):
    funnel = {step.source: step for step in labelled(workspace, folder)}
    counts = {name: (step.valid, step.not_duplicate, step.confident, step.examples) for name, step in funnel.items()}
    assert counts == dict(zip(NAMES, ((3, 2, 2, 2), (1, 1, 1, 1), (2, 2, 2, 2), (2, 2, 1, 1))))
    examples, _ = recipes.auxiliary_examples(workspace, "default")
    found = {name: sorted((one.path.name, one.class_index) for one in examples[name]) for name in NAMES}
    # the samples of the released configurations (expected.json)
    assert found == {
        "googleimage_200": [("000001.jpg", 0), ("000002.jpg", 1)],
        "insimage_200": [("1J9tKWCNgV_0.jpg", 1)],
        "insvideo_200": [("B00arxogubl.mp4", 0), ("BzYsP0HIvbt.mp4", 1)],
        "kinetics_raw_200": [("___dTOdxzXY", 1)],
    }
    (video,) = examples["kinetics_raw_200"]
    with open_video(video.path) as opened:
        spans = [opened.span(segment.start_s, segment.end_s) for segment in video.segments]
    assert spans == [range(0, 100), range(200, 300)]  # parts 0 and 2 of 100 frames each


def test_label__a_source_without_lists_needs_another_recipe(workspace: Workspace, folder: Path, tmp_path: Path):
    released.add(workspace, folder)
    write_file(tmp_path / "more" / "0" / "a.jpg", "picture")
    collecting.register_source(workspace, config.SourceConfig(name="more", format="image", path=tmp_path / "more"))
    with pytest.raises(config.ConfigError, match="no released list speaks of more; name the sources"):
        recipes.label(workspace, "default")


def test_status__teachers_are_not_asked_for(workspace: Workspace, folder: Path):
    labelled(workspace, folder)
    workspaces.change(
        workspace, "networks.deep.model.arch=slowonly", "teachers={deep: {networks: [deep], formats: [trimmed]}}"
    )
    assert progress.networks_to_teach(workspace) == ["tsn"]
    said: list[str] = []
    options = stages.Options(recipes=("default",), progress=False)
    stages.run(workspace, options, said.append, start="score", stop="score")
    assert said == ["score: not needed; the recipes take the released lists' word"]
    workspaces.change(workspace, "recipes.own.label_source=teacher")
    assert progress.networks_to_teach(workspace) == ["deep", "tsn"]


@pytest.mark.parametrize("network", ["tsn", "slowonly"])
def test_run__a_student_trains_on_released_data(folder: Path, tmp_path: Path, network: str):
    workspace = workspace_on(
        folder,
        tmp_path / "work",
        networks={"tsn": NETWORK, "slowonly": SLOWONLY},
        student=network,
        train={"inflation": {"mode": "replicate"}},
    )
    released.add(workspace, folder)
    options = stages.Options(recipes=("default",), progress=False)
    assert stages.run(workspace, options, lambda _: None, start="check") == "done"
    assert workspace.runs() == [f"{network}-baseline", f"{network}-default"]
    dropped = json.loads(workspace.report_path(f"train.{network}-default").read_text())
    assert dropped["dropped"] == 0
    assert progress.status(workspace)["next"].startswith("omnisource compare")


def test_run__ones_own_teacher_scores_the_same_items(folder: Path, tmp_path: Path):
    workspace = workspace_on(folder, tmp_path / "work", recipes={"default": {"confidence": 0.0}})
    released.add(workspace, folder)
    options = stages.Options(recipes=("default",), progress=False)
    stages.run(workspace, options, lambda _: None, start="check", stop="label")
    rows = workspace.table("scores/tsn").read(["source", "start_s"]).to_pylist()
    starts = sorted(row["start_s"] for row in rows if row["source"] == "kinetics_raw_200")
    assert starts == sorted([*map(float, range(30)), *map(float, range(20))])  # one-second segments of 3 and 2 parts
    funnel = {step.source: (step.valid, step.not_duplicate) for step in recipes.saved_funnel(workspace, "default")}
    assert funnel["googleimage_200"] == (3, 2)  # the list's duplicate is out here too


def test_write_listed__a_stage_of_the_whole_job(workspace: Workspace, folder: Path):
    released.add(workspace, folder)
    write_file(folder / "googleimage_200" / "000" / "00" / "9.jpg", "picture")
    for name in NAMES:
        workspace.table(f"listed/{name}").clear()
    options = stages.Options(recipes=("default",), progress=False)
    stages.run(workspace, options, lambda _: None, start="add", stop="add")
    assert released.write_listed(workspace) == dict(zip(NAMES, (3, 1, 2, 5)))


def test_add__videos_that_were_never_cut(facts: Path, folder: Path, tmp_path: Path):
    raw = folder / "kinetics_raw_200_train" / "pref_"
    (raw / "whole.mp4").write_bytes((raw / "___dTOdxzXY" / "part_0.mp4").read_bytes())
    write_videos(
        folder / "annotations", "kinetics_raw_200/slowonly_8x8_kinetics_raw_200.json", ("pref_/whole", 1, 1, [0])
    )
    workspace = workspace_on(folder, tmp_path / "work")
    labelled(workspace, folder)
    (video,) = recipes.auxiliary_examples(workspace, "default")[0]["kinetics_raw_200"]
    assert video.path.name == "whole.mp4"
    assert [(segment.start_s, segment.end_s) for segment in video.segments] == [(0.0, 10.0)]
