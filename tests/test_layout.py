"""The shape of the code (design: The tree): rings, owners of heavy libraries, mirrored tests, fast imports."""

import ast
import functools
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent

SETTINGS = (
    "settings",
    "config",
    "network_config",
    "clip_config",
    "collect_config",
    "features_config",
    "train_config",
)
MEDIA = ("media", "media_files", "image_reading", "video_parts", "video_probe", "video_readers", "video_streams")
BROWSING = ("filters", "recipe_sql", "browsing", "browsing_sql", "item_story")
TARGET = ("target", "target_lists", "target_official")

RINGS: list[dict[str, tuple[str, ...]]] = [  # ring -> part -> its modules or packages in omnisource/
    {"records": ("__init__", "types", "errors")},
    {
        "floor": (
            "files",
            *SETTINGS,
            "setting_fields",
            "workspace",
            "schemas",
            "tables",
            "examples",
            "catalog",
            "known_items",
            "kept_answers",
            "shares",
            "reviews",
            "report",
            "study_changes",
            *BROWSING,
            "palette",
            "previews",
            *MEDIA,
        )
    },
    {"models": ("models",), "transform": ("transform",)},
    {
        "target": TARGET,
        "collect": ("collect",),
        "clean": ("clean",),
        "label": ("label",),
        "train": ("train",),
        "evaluate": ("evaluate",),
        "demo": ("demo",),
    },
    {
        "outside": (
            "engine",
            "jobs",
            "job_supervisor",
            "pipeline",
            "figures",
            "fiftyone_io",  # shows every stage's tables, as the app does
            "fiftyone_plugin",
            "notebook",
            "presets",
            "commands",
            "doctor",
            "console",
            "__main__",
        )
    },
]
PLACE = {name: (ring, part) for ring, parts in enumerate(RINGS) for part, names in parts.items() for name in names}

OWNERS = {  # library -> the parts of omnisource/ that may import it; app/ is outside of it
    "streamlit": (),
    "plotly": ("figures", "notebook"),
    "fiftyone": ("fiftyone_io", "fiftyone_plugin"),
    "ray": ("engine.ray",),
    **dict.fromkeys(("icrawler", "yt_dlp", "requests", "httpx", "aiohttp", "urllib3"), ("collect",)),
    "urllib.request": ("collect", "models.downloads"),
    "av": (*MEDIA, "pipeline.predict_exported"),  # a copy of that script leaves the house
    "decord": MEDIA,
}

WITHOUT_TORCH = (
    *(*RINGS[0]["records"], *RINGS[1]["floor"], *TARGET),
    *("pipeline.outcomes", "collect", "clean.validity", "demo.world"),
    *("label.confidence_cube", "label.thresholds", "label.line_samples", "label.calibrate", "label.recipe_overlap"),
    *("pipeline.teachers", "pipeline.recipes", "pipeline.thresholding", "figures.thresholds"),
    *("pipeline.balancing", "pipeline.clip_previews", "pipeline.comparing", "pipeline.drafting", "pipeline.launching"),
    *("pipeline.reporting", "pipeline.ribbons", "pipeline.run_watch", "pipeline.stage_views", "pipeline.training_jobs"),
    *("pipeline.feature_search", "pipeline.web_behind", "figures.balance"),
)
LIGHT = ("__init__", "config", "workspace", "report")
HEAVY = ("torch", "streamlit", "fiftyone", "ray", "decord", "av", "cv2")

WORDS_WITHOUT_MEANING = {"util", "utils", "helper", "helpers", "manager", "base", "common", "misc"}
UNMIRRORED = {"__init__", "__main__"}  # nothing in them but imports; the command line is tested end to end


@functools.cache
def modules() -> list[str]:
    """Every module of omnisource that exists, without the package's name: "types", "train.mixup", "train.__init__"."""
    package = REPOSITORY / "omnisource"
    return sorted(".".join(path.relative_to(package).with_suffix("").parts) for path in package.rglob("*.py"))


def source_of(module: str) -> str:
    return (REPOSITORY / "omnisource" / (module.replace(".", "/") + ".py")).read_text(encoding="utf-8")


@functools.cache
def imports_of(source: str) -> set[str]:
    """Full names that a source imports anywhere, lazily or not; `from a import b` gives a.b."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            names.update(f"{'.' * node.level}{node.module or ''}.{alias.name}" for alias in node.names)
    return names


def is_within(name: str, prefix: str) -> bool:
    return name == prefix or name.startswith(prefix + ".")


def ring_faults(module: str, source: str) -> list[str]:
    """What a module imports from a ring outside of its own, or from another part of its ring."""
    ring, part = PLACE[module.split(".")[0]]
    faults = []
    for name in sorted(imports_of(source)):
        if name.startswith("."):
            faults.append(f"{name} is relative; write the full name")
        if not is_within(name, "omnisource") or (top := (name + ".").split(".")[1]) not in PLACE:
            continue  # another library, or a name of omnisource/__init__
        other_ring, other_part = PLACE[top]
        if other_ring > ring or (other_ring == ring and other_part != part):
            faults.append(f"{name} (ring {other_ring}, {other_part}) from ring {ring}, {part}")
    return faults


def owner_faults(module: str, source: str) -> list[str]:
    """Heavy libraries that a module imports and does not own."""
    imported = imports_of(source)
    return [
        library
        for library, owners in OWNERS.items()
        if any(is_within(name, library) for name in imported) and not any(is_within(module, o) for o in owners)
    ]


def loaded_by(names: list[str]) -> set[str]:
    """Which of the heavy libraries a fresh interpreter holds after importing modules of omnisource."""
    full = ["omnisource." + name if name != "__init__" else "omnisource" for name in names]
    code = f"import sys, {', '.join(full)}\nprint(*(set({HEAVY!r}) & set(sys.modules)))"
    result = subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, check=True, capture_output=True, text=True)
    return set(result.stdout.split())


def test_rings__every_module_has_a_place() -> None:
    without = [module for module in modules() if module.split(".")[0] not in PLACE]
    assert without == [], "in no ring: add them to RINGS, or move them"


def test_rings__imports_go_inwards() -> None:
    placed = [module for module in modules() if module.split(".")[0] in PLACE]
    assert {module: faults for module in placed if (faults := ring_faults(module, source_of(module)))} == {}


@pytest.mark.parametrize("module", RINGS[0]["records"])
def test_rings__records_need_only_numpy(module: str) -> None:
    roots = {name.split(".")[0] for name in imports_of(source_of(module))}
    assert roots <= {*sys.stdlib_module_names, "numpy", "omnisource"}


@pytest.mark.parametrize(
    ("module", "source", "num_faults"),
    [
        ("types", "from omnisource.errors import ItemError", 0),
        ("types", "from omnisource.config import Study", 1),  # outwards
        ("train.loop", "from omnisource.train.mixup import mix\nimport torch", 0),
        ("train.loop", "def f():\n    from omnisource import evaluate", 1),  # another part of ring 3, though lazily
        ("collect.local", "import omnisource.target_lists", 1),
        ("target", "from omnisource.target_lists import Entry", 0),  # the same part
        ("models.zoo", "from omnisource.transform.views import Box", 1),
        ("pipeline.stages", "from omnisource import evaluate, train, __version__", 0),
        ("report", "from .config import Study", 1),
    ],
)
def test_ring_faults__sees_what_it_should(module: str, source: str, num_faults: int) -> None:
    assert len(ring_faults(module, source)) == num_faults


def test_owners__heavy_libraries_have_one_owner() -> None:
    assert {module: faults for module in modules() if (faults := owner_faults(module, source_of(module)))} == {}


@pytest.mark.parametrize(
    ("module", "source", "expected"),
    [
        ("video_readers", "def f():\n    import decord", []),
        ("clean.validity", "import av.container", ["av"]),
        ("models.clip", "from urllib.request import urlopen", ["urllib.request"]),
        ("collect.download", "import urllib.request", []),
        ("engine.local", "import ray", ["ray"]),
        ("catalog", "import raymond, urllib.parse", []),
    ],
)
def test_owner_faults__sees_what_it_should(module: str, source: str, expected: list[str]) -> None:
    assert owner_faults(module, source) == expected


def test_imports__nothing_imports_what_stands_outside() -> None:
    outside = ("app", "notebooks", "benchmarks", "tests")
    imported = [(module, name) for module in modules() for name in imports_of(source_of(module))]
    assert [pair for pair in imported if any(is_within(pair[1], one) for one in outside)] == []


def test_imports__first_page_is_light() -> None:
    assert loaded_by([name for name in LIGHT if name in modules()]) == set()


def test_imports__torch_stays_where_networks_are() -> None:
    without = [module for module in modules() if any(is_within(module, prefix) for prefix in WITHOUT_TORCH)]
    names = [module.removesuffix(".__init__") for module in without]
    assert "torch" not in loaded_by(names)


def test_names__say_what_a_module_is_for() -> None:
    assert [m for m in modules() if WORDS_WITHOUT_MEANING & set(m.replace("_", ".").split("."))] == []


def test_tests__mirror_the_tree() -> None:
    tested = [module.split(".") for module in modules() if module.split(".")[-1] not in UNMIRRORED]
    mirrored = [Path("tests", *folders, f"test_{name}.py") for *folders, name in tested]
    assert [str(path) for path in mirrored if not (REPOSITORY / path).is_file()] == [], "write them"
