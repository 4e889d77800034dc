"""How the Train page says things: sections of the form, states, spans of time, sizes."""

SECTIONS = {
    "network.model": "Network",
    "network.input": "What it sees",
    "network.optim": "Optimisation",
    "train.joint": "Mixing labelled clips and web data",
    "train.inflation": "From pictures to moving clips",
    "train.snippets": "Snippets of long videos",
    "train.finetune": "The labelled clips after the web data",
    "train": "Running",
    "network.test": "Testing",
}
ICONS = {
    "network.model": ":material/hub:",
    "network.input": ":material/crop:",
    "network.optim": ":material/trending_down:",
    "train.joint": ":material/blender:",
    "train.inflation": ":material/animation:",
    "train.snippets": ":material/view_timeline:",
    "train.finetune": ":material/target:",
    "train": ":material/memory:",
    "network.test": ":material/quiz:",
}
PROCEDURES = {"joint": "Both together", "pretrain_finetune": "Web data first"}
ALONE = "labelled clips alone"
STATES = {
    "queued": ("gray", ":material/schedule:"),
    "running": ("blue", ":material/play_circle:"),
    "stopping": ("orange", ":material/hourglass_top:"),
    "stopped": ("orange", ":material/pause_circle:"),
    "interrupted": ("orange", ":material/power_off:"),
    "done": ("green", ":material/check_circle:"),
    "failed": ("red", ":material/error:"),
    "lost": ("red", ":material/help:"),
    "new": ("gray", ":material/fiber_new:"),
}


def span(seconds: float) -> str:
    """A span of time in its two largest units: "2 h 5 min"."""
    whole = round(seconds)
    units = ((86400, "d"), (3600, "h"), (60, "min"), (1, "s"))
    for (size, name), (smaller, small_name) in zip(units, units[1:]):
        if whole >= size:
            rest = whole % size // smaller
            return f"{whole // size} {name}" + (f" {rest} {small_name}" if rest and size > 60 else "")
    return f"{whole} s" if whole else f"{seconds:.1g} s"


def size(num_bytes: float) -> str:
    """Bytes for a person."""
    for unit in ("B", "KiB", "MiB", "GiB"):
        if num_bytes < 1024:
            return f"{num_bytes:.3g} {unit}"
        num_bytes /= 1024
    return f"{num_bytes:.3g} TiB"
