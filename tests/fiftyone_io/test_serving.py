"""The App on this machine, and the plugin where it looks for it."""

from pathlib import Path

import fiftyone as fo
import fiftyone.operators as foo
import pytest

from omnisource.errors import OmniSourceError, WorkspaceError
from omnisource.fiftyone_io.serving import dataset_url, install_plugin, launch
from omnisource.workspace import Workspace

pytestmark = pytest.mark.usefixtures("database")


def test_install_plugin__operators_are_there_and_an_old_copy_is_renewed():
    folder = install_plugin()
    assert folder == Path(fo.config.plugins_dir) / "omnisource"
    assert foo.operator_exists("@omnisource/curation/keep")
    assert foo.operator_exists("@omnisource/curation/confidence_threshold")
    (folder / "fiftyone.yml").write_text("name: old", encoding="utf-8")
    install_plugin()
    assert "@omnisource/curation" in (folder / "fiftyone.yml").read_text(encoding="utf-8")


def test_launch__nothing_was_pushed(workspace: Workspace):
    with pytest.raises(WorkspaceError, match="is in FiftyOne; collect web data first, then `omnisource"):
        launch(workspace, port=5199)


def test_launch__a_server_that_does_not_come_up(pushed: Workspace, monkeypatch: pytest.MonkeyPatch):
    tries: list[dict[str, object]] = []

    def never(dataset: fo.Dataset, **settings: object) -> None:
        tries.append(settings)
        raise fo.core.service.ServiceListenTimeout("app", 5199)

    monkeypatch.setattr(fo, "launch_app", never)  # FiftyOne itself waits a minute for each
    with pytest.raises(OmniSourceError, match="does not answer on port 5199; the machine may be busy: try again, or"):
        launch(pushed, port=5199)
    assert [one["address"] for one in tries] == ["127.0.0.1"] * 3
    assert not (pushed.root / "fiftyone" / "serving.json").exists()


def test_dataset_url__as_a_link():
    assert dataset_url("my work-images", port=5151) == "http://127.0.0.1:5151/datasets/my%20work-images"
