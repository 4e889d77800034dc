"""The first page comes in two seconds only while no page imports torch."""

import subprocess
import sys

import pytest

from tests.app.conftest import REPOSITORY

MODULES = sorted(
    ".".join(path.relative_to(REPOSITORY).with_suffix("").parts)
    for path in (REPOSITORY / "app").rglob("*.py")
    if "views" not in path.parts and path.name not in ("__init__.py", "ui.py")
)
OF_PAGES = sorted((REPOSITORY / "app" / "views").glob("*.py"))


def test_app__imports_no_torch():
    pages = [f"import runpy, ast; exec(compile(_imports({str(path)!r}), 'page', 'exec'))" for path in OF_PAGES]
    code = "\n".join(
        [
            "import ast, importlib, sys",
            "def _imports(path):",
            "    tree = ast.parse(open(path).read())",
            "    tree.body = [node for node in tree.body if isinstance(node, (ast.Import, ast.ImportFrom))]",
            "    return tree",
            f"for name in {MODULES!r}: importlib.import_module(name)",
            *pages,
            "print('torch' in sys.modules)",
        ]
    )
    answer = subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stderr
    assert answer.stdout.split()[-1] == "False"


@pytest.mark.parametrize("path", OF_PAGES, ids=lambda path: path.stem)
def test_views__have_a_mirrored_test(path):
    assert (REPOSITORY / "tests" / "app" / f"test_{path.stem}.py").is_file()
