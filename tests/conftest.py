"""What every test may ask for: the real data, the measured facts, a generator."""

import os
from pathlib import Path

import numpy as np
import pytest

# before anything imports torch: its threads wait in a busy loop, and tests run on every core already
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
os.environ.setdefault("OMP_NUM_THREADS", "1")

REPOSITORY = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Folder of real videos and images, from OMNISOURCE_REAL_DATA."""
    folder = os.environ.get("OMNISOURCE_REAL_DATA")
    if not folder:
        pytest.skip("OMNISOURCE_REAL_DATA is unset: it names the folder of real videos and images")
    return Path(folder)


@pytest.fixture(scope="session")
def facts() -> Path:
    """Folder of measured vectors of the released code, from OMNISOURCE_FACTS or beside the repository."""
    folder = Path(os.environ.get("OMNISOURCE_FACTS", REPOSITORY.parent / "shared" / "facts"))
    if not folder.is_dir():
        pytest.skip("OMNISOURCE_FACTS is unset and ../shared/facts is absent: it names the folder of test vectors")
    return folder


@pytest.fixture
def rng() -> np.random.Generator:
    """A seeded generator."""
    return np.random.default_rng(0)
