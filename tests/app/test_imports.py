"""The first page comes in two seconds only while no page imports torch."""

import subprocess
import sys

import pytest

from omnisource.workspace import Workspace
from tests.app.conftest import REPOSITORY

OF_PAGES = sorted((REPOSITORY / "app" / "views").glob("*.py"))


def test_pages__need_no_torch(finished: Workspace):
    code = "\n".join(
        [
            "import sys",
            "from streamlit.testing.v1 import AppTest",
            f"for view in {[path.name for path in OF_PAGES]!r}:",
            "    page = AppTest.from_file('app/ui.py', default_timeout=60)",
            f"    page.query_params['workspace'] = {str(finished.root)!r}",
            "    page.switch_page(f'views/{view}').run()",
            "    assert not page.exception, view",
            "    assert 'torch' not in sys.modules, view",
            "page.switch_page('views/train.py')",
            "page.query_params['train_view'] = 'New run'",
            "assert not page.run().exception",
            "assert 'torch' not in sys.modules, 'the form of a run'",
        ]
    )
    result = subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr


@pytest.mark.parametrize("path", OF_PAGES, ids=lambda path: path.stem)
def test_views__have_a_mirrored_test(path):
    assert (REPOSITORY / "tests" / "app" / f"test_{path.stem}.py").is_file()
