"""Arrays that are whole or absent."""

from pathlib import Path

import numpy as np
import pytest

from omnisource.pipeline.array_files import save_arrays


def test_save_arrays__are_read_back_by_name(tmp_path: Path):
    save_arrays(tmp_path / "new" / "motion.npz", {"mean": np.arange(3.0), "names": np.array(["a", "b"], np.str_)})
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["motion.npz"]
    with np.load(tmp_path / "new" / "motion.npz", allow_pickle=False) as arrays:
        assert (arrays["mean"].tolist(), arrays["names"].tolist()) == ([0.0, 1.0, 2.0], ["a", "b"])


def test_save_arrays__what_needs_pickle_is_refused_and_changes_nothing(tmp_path: Path):
    save_arrays(tmp_path / "a.npz", {"one": np.ones(1)})
    with pytest.raises(ValueError, match="allow_pickle=False"):
        save_arrays(tmp_path / "a.npz", {"one": np.array([{}], dtype=object)})
    assert np.load(tmp_path / "a.npz")["one"].tolist() == [1.0]
