"""What the paper and the release print, written down by hand for the tests of the presets."""

# preset: top-1, top-5 without web data; the same with OmniSource; the gain that Table 3 prints
TABLE_3 = """
tsn-r50-imagenet               70.6 89.4   73.6 91.0   3.0
tsn-r50-ig1b                   73.1 90.4   75.7 91.9   2.6
tsn-efficientnet-b4-imagenet   73.3 91.0   75.2 92.0   1.9
slowonly-r50-4x16-scratch      72.9 90.9   76.8 92.5   3.9
slowonly-r50-4x16-imagenet     73.8 90.9   76.6 92.5   2.8
slowonly-r101-8x8-scratch      76.3 92.6   80.4 94.4   4.1
slowonly-r101-8x8-imagenet     76.8 92.8   80.5 94.4   3.7
ircsn-152-32x2-ig65m           82.6 95.3   83.6 96.0   1.0
"""
# + GG-k400, + GG & IG-img, + IG-vid, + K400-untr (Tables 2 and 13)
TABLES_2_AND_13 = """
tsn-r50-imagenet             71.5 89.5   72.0 90.0   72.0 90.3   71.7 89.6
slowonly-r50-4x16-imagenet   74.5 91.4   75.2 91.6   75.2 91.7   74.5 91.1
slowonly-r50-4x16-scratch    74.1 91.0   74.8 91.4   75.8 92.0   74.8 91.2
"""
# by the columns below (README of the release)
MINI_KINETICS = """
tsn-r50-8seg-k200       77.4 93.6   78.0 93.6   78.6 93.6   80.6 95.0   78.6 93.2   81.3 94.8
slowonly-r50-8x8-k200   78.6 93.9   80.8 95.0   81.3 95.2   82.4 95.6   80.3 94.5   82.9 95.8
"""
MINI_COLUMNS = ("baseline", "googleimage", "webimage", "insvideo", "kineticsraw", "omnisource")
# UCF101 without and with OmniSource, HMDB51 without and with (Table 15)
TABLE_15 = """
tsn-r50                      91.51 93.29   63.53 65.88
tsn-efficientnet-b4          92.52 93.05   66.27 66.54
slowonly-r50-4x16-imagenet   94.69 95.98   69.35 70.71
slowonly-r50-4x16-scratch    94.05 96.01   65.82 70.98
slowonly-r101-8x8-imagenet   96.40 97.38   76.41 78.95
slowonly-r101-8x8-scratch    96.61 97.52   75.82 79.02
"""
OTHERS = {  # top-1, and top-5 or mAP
    "youtube-car-baseline": (77.05, 71.95),  # Table 5
    "youtube-car-googleimage": (80.96, 77.05),
    "youtube-car-youtubevideo": (81.68, 78.61),
    "youtube-car-omnisource": (81.95, 78.67),
    "slowonly-r50-4x16-imagenet-googleimage-still": (74.1, 91.2),  # Table 8
    "slowonly-r50-4x16-imagenet-googleimage-random": (73.7, 90.9),
    "slowonly-r50-4x16-imagenet-googleimage-constant": (73.8, 90.8),
    "slowonly-r50-4x16-imagenet-googleimage-per-class": (74.4, 91.3),
    "slowonly-r50-4x16-imagenet-mixup": (73.6, 91.1),  # Table 9
    "slowonly-r50-4x16-scratch-mixup": (73.3, 90.9),
    "slowonly-r50-4x16-scratch-googleimage-mixup": (74.4, 91.4),
    "tsn-r50-imagenet-googleimage-clipped": (71.9, 90.0),  # Table 10
    "tsn-r50-imagenet-googleimage-power-05": (71.8, 89.7),
    "tsn-r50-imagenet-googleimage-power-02": (72.0, 90.0),
    "tsn-r50-imagenet-untrimmed-random": (71.42, 89.34),  # Table 14
    "tsn-r50-imagenet-untrimmed-positive": (71.22, 89.54),
    "tsn-r50-imagenet-untrimmed-2-positive": (71.44, 89.57),
    "slowonly-r50-4x16-scratch-0x": (72.9, 90.9),  # README of the release
    "slowonly-r101-8x8-scratch-0x": (76.5, 92.7),
    "ircsn-152-32x2-ig65m-0x": (82.76, 95.68),
}
WITHOUT_NUMBERS = {
    "ucf101-bninception-flow",  # given fused only
    "slowonly-r50-4x16-scratch-1x",  # schedules whose results are not in our facts
    "slowonly-r101-8x8-scratch-1x",
    "slowonly-r50-4x16-imagenet-0x",
    "ircsn-152-32x2-ig65m-1x",
}
TWO_STREAM = {  # RGB alone, fused with flow (Table 6)
    "ucf101-bninception-rgb": (86.04, 93.47),
    "ucf101-bninception-rgb-googleimage": (88.74, 94.58),
}


def rows(table: str) -> dict[str, list[float]]:
    return {name: [float(value) for value in values] for name, *values in map(str.split, table.strip().splitlines())}


def published() -> dict[str, tuple[float, ...]]:
    """Every preset with its numbers, as the tables above give them."""
    found: dict[str, tuple[float, ...]] = dict(OTHERS) | TWO_STREAM | dict.fromkeys(WITHOUT_NUMBERS, ())
    for name, (a, b, c, d, _) in rows(TABLE_3).items():
        found |= {name: (a, b), f"{name}-omnisource": (c, d)}
    for name, values in rows(TABLES_2_AND_13).items():
        for at, column in enumerate(("googleimage", "webimage", "instagramvideo", "untrimmed")):
            found[f"{name}-{column}"] = tuple(values[2 * at : 2 * at + 2])
    for name, values in rows(MINI_KINETICS).items():
        for at, column in enumerate(MINI_COLUMNS):
            found[f"{name}-{column}"] = tuple(values[2 * at : 2 * at + 2])
    for name, (a, b, c, d) in rows(TABLE_15).items():
        found |= {f"ucf101-{name}": (a,), f"ucf101-{name}-omnisource": (b,)}
        found |= {f"hmdb51-{name}": (c,), f"hmdb51-{name}-omnisource": (d,)}
    return found
