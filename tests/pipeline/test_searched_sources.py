"""A searched source comes into the study, or does not."""

from pathlib import Path

import pytest

from omnisource import config
from omnisource.errors import ConfigError, DataError, WriterBusyError
from omnisource.pipeline.searched_sources import register_search
from omnisource.tables import sole_writer
from omnisource.types import Taxonomy
from omnisource.workspace import Workspace
from tests.loopback_site import source

PAGE = {"endpoint": "https://a.example/{query}"}


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    made = Workspace.create(tmp_path / "w", config.Study())
    made.save_taxonomy(Taxonomy(names=("beekeeping", "playing guitar")))
    return made


def test_register_search__is_written_down_once(workspace: Workspace) -> None:
    added = register_search(workspace, source("page", **PAGE))
    register_search(workspace, source("page", **PAGE))
    assert workspace.study().searched == (added.source,)
    assert added.notes == ()


def test_register_search__other_settings_need_replace_and_keep_their_place(workspace: Workspace) -> None:
    register_search(workspace, source("page", **PAGE))
    second = source("openverse").model_copy(update={"name": "second"})
    register_search(workspace, second)
    changed = source("page", **PAGE, max_requests=5)
    with pytest.raises(ConfigError, match="'found' is there already, searched by page .*; choose another --name, or"):
        register_search(workspace, changed)
    register_search(workspace, changed, replace=True)
    assert workspace.study().sources == (changed, second)


def test_register_search__a_folder_of_that_name_stays(workspace: Workspace) -> None:
    folder = config.parse(config.SourceConfig, {"name": "found", "format": "image", "path": "web"}, where="test")
    config.save_study(workspace.study().model_copy(update={"sources": (folder,)}), workspace.study_path)
    with pytest.raises(ConfigError, match="'found' is there already, as the folder web; choose another --name"):
        register_search(workspace, source("page", **PAGE), replace=True)
    assert workspace.study().sources == (folder,)


def test_register_search__a_reserved_name_is_refused(workspace: Workspace) -> None:
    with pytest.raises(ConfigError, match="may not be called 'target'"):
        register_search(workspace, source("page", **PAGE).model_copy(update={"name": "target"}))


def test_register_search__what_cannot_work_is_not_written(workspace: Workspace) -> None:
    before = workspace.study_path.read_bytes()
    (workspace.root / "list.csv").write_text("url,class\nhttps://a.example/1.jpg,knitting\n", encoding="utf-8")
    for refused, kind in (
        (source("bing", published_after="2013-01-01"), ConfigError),
        (source("urls", path="list.csv"), DataError),
        (source("crawl", path="none"), DataError),
    ):
        with pytest.raises(kind):
            register_search(workspace, refused)
    assert workspace.study_path.read_bytes() == before


def test_register_search__notes_what_a_list_holds_and_what_robots_txt_forbids(workspace: Workspace) -> None:
    (workspace.root / "list.csv").write_text("url,class\nhttps://a.example/1.jpg,beekeeping\n", encoding="utf-8")
    assert register_search(workspace, source("urls", path="list.csv")).notes == ("1 rows: 1 of 1 classes",)
    google = source("google").model_copy(update={"name": "google_image"})
    (note,) = register_search(workspace, google).notes
    assert note.startswith("robots.txt of google is asked before each search")
    assert "--set obey_robots=false" in note


def test_register_search__two_at_once_do_not_overwrite_each_other(workspace: Workspace) -> None:
    with sole_writer(workspace.root, what="study.yaml"), pytest.raises(WriterBusyError):
        register_search(workspace, source("page", **PAGE))
