"""Settings of any model: checked, written, explained."""

from pathlib import Path

import pytest

from omnisource.errors import ConfigError
from omnisource.settings import StageConfig, load, parse, save, to_yaml


class Inner(StageConfig):
    """Settings inside settings."""

    depth: int = 1


class Outer(StageConfig):
    """Settings of a test."""

    name: str = "a"
    inner: Inner = Inner()
    by_name: dict[str, Inner] = {}


def test_to_yaml__every_setting_with_its_default():
    assert to_yaml(Outer()) == "name: a\ninner:\n  depth: 1\nby_name: {}\n"


def test_save__is_read_back(tmp_path: Path):
    settings = Outer(name="é", by_name={"x": Inner(depth=3)})
    save(settings, tmp_path / "s.yaml")
    assert load(Outer, tmp_path / "s.yaml") == settings


def test_load__an_empty_file_is_all_defaults(tmp_path: Path):
    (tmp_path / "s.yaml").write_text("")
    assert load(Outer, tmp_path / "s.yaml") == Outer()


def test_load__is_read_anew_when_the_file_was_changed(tmp_path: Path):
    path = tmp_path / "s.yaml"
    path.write_text("name: a")
    assert load(Outer, path) is load(Outer, path)  # the same words are understood once
    path.write_text("name: b")
    assert load(Outer, path).name == "b"
    path.write_text("nam: c")
    with pytest.raises(ConfigError, match="did you mean 'name'"):
        load(Outer, path)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"nam": "x"}, "here: unknown setting 'nam'; did you mean 'name'?"),
        ({"inner": {"dept": 1}}, "here: unknown setting 'inner.dept'; did you mean 'depth'?"),
        ({"by_name": {"k": {"dept": 1}}}, "here: unknown setting 'by_name.k.dept'; did you mean 'depth'?"),
        ({"zzz": 1}, "here: unknown setting 'zzz'; known: name, inner, by_name"),
        ({"inner": {"depth": "deep"}}, "here: inner.depth = 'deep': Input should be a valid integer"),
        (
            {"nam": 1, "zzz": 2},  # every mistake at once
            "here: unknown setting 'nam'; did you mean 'name'?; unknown setting 'zzz'; known: name, inner, by_name",
        ),
    ],
)
def test_parse__mistakes_name_the_key_the_value_and_what_is_known(values: dict, message: str):
    with pytest.raises(ConfigError) as error:
        parse(Outer, values, where="here")
    assert str(error.value).startswith(message)


@pytest.mark.parametrize(("content", "message"), [(b"a: [", "is not YAML"), (b"\xff\xfe\x00", "is not YAML")])
def test_load__no_yaml(tmp_path: Path, content: bytes, message: str):
    (tmp_path / "s.yaml").write_bytes(content)
    with pytest.raises(ConfigError, match=message):
        load(Outer, tmp_path / "s.yaml")
