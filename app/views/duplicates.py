"""Duplicates: web data that may be a copy of labelled clips, pair by pair, and how far the review has come."""

import hashlib

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from app import pair_words, shared, story
from app.components.pair import SKIP, ShownCluster, asked, decisions, pair_viewer
from app.components.wall import opened, wall
from app.job_line import stages_line
from app.pair_controls import AHEAD, filter_controls, threshold_control
from omnisource.clean.pair_clusters import Cluster
from omnisource.clean.pair_estimate import Band, advise, estimate
from omnisource.clean.pair_filters import State
from omnisource.clean.pair_index import PairIndex, crop_threshold, index_pairs, index_state
from omnisource.clean.pairs import CLUSTERED_AT_MOST, Pair, SuspectedPairs
from omnisource.errors import OmniSourceError, WorkspaceError
from omnisource.figures.duplicates import similarity_alt, similarity_figure
from omnisource.pipeline.similar_state import has_uncompared
from omnisource.previews import item_token
from omnisource.reviews import Reviews, Verdict
from omnisource.types import Taxonomy

VIEWER = "dup_viewer"
NUM_CLUSTERS = 4
SHOWN_OF_CLUSTER = 10  # tiles; a string below it would be printed on the page
SHOWN_KEPT = 2000  # pairs that one can go back to
VERDICTS = {"duplicate": Verdict.DUPLICATE, "not_duplicate": Verdict.NOT_DUPLICATE}
SAID = {Verdict.DUPLICATE: "Duplicate", Verdict.NOT_DUPLICATE: "Not a duplicate"}

workspace = shared.open_workspace()


@st.cache_resource(max_entries=8, show_spinner="Sorting the pairs; this is done once")
def index_of(root: str, state: str) -> PairIndex | None:
    return index_pairs(workspace)


def suspects_now(index: PairIndex) -> SuspectedPairs:
    """The pairs with the verdicts that are on the disk now."""
    return SuspectedPairs(shared.catalog(workspace), index, Reviews(workspace.reviews_path).current())


def taxonomy_or_none() -> Taxonomy | None:
    """Without classes the page shows their numbers."""
    try:
        return workspace.taxonomy()
    except WorkspaceError:
        return None


def act() -> None:
    """Keys in the viewer: record what they say."""
    for said in decisions(VIEWER):
        pair: Pair | None = st.session_state["dup_shown"].get(said.pair)
        if pair is None:
            st.toast("This pair is no longer shown; nothing was decided.", icon=":material/error:")
        elif said.verdict == SKIP:
            st.session_state.setdefault("dup_skipped", []).append(pair.number)
        elif said.whole_cluster:
            cluster = suspects.clusters(threshold).of(pair.number)
            if cluster is not None:
                decide_cluster(cluster, VERDICTS[said.verdict])
        else:
            verdict = VERDICTS[said.verdict]
            name = shared.plain(pair_words.file_name(pair.path))
            shared.decide(workspace, [pair.subject], verdict, what=f"{SAID[verdict]}: {name}")


def decide_cluster(cluster: Cluster, verdict: Verdict) -> None:
    """One verdict about all open pairs of a cluster, undone as one."""
    subjects = suspects.subjects(cluster.open_pairs.tolist())
    shared.decide(workspace, subjects, verdict, what=f"{SAID[verdict]}: {cluster.text}")


def ask() -> None:
    """The viewer wants something: more pairs, the cluster of one, or the story of an item."""
    what, name = asked(VIEWER)
    if what == "more":
        st.session_state["dup_limit"] = st.session_state.get("dup_limit", AHEAD) + AHEAD
    elif name in st.session_state["dup_shown"]:
        pair: Pair = st.session_state["dup_shown"][name]
        if what == "cluster":
            st.session_state["dup_cluster"] = name
        else:
            story.ask_for(item_token(pair.key))


def asked_cluster() -> ShownCluster | None:
    """The cluster that key G asked for in this run."""
    name = st.session_state.pop("dup_cluster", None)
    pair = st.session_state["dup_shown"].get(name)
    cluster = suspects.clusters(threshold).of(pair.number) if pair else None
    if cluster is None:
        return None
    return ShownCluster(pair=name, text=cluster.obstacle or cluster.text, may_be_decided=not cluster.obstacle)


def progress(bands: list[Band]) -> DeltaGenerator:
    """How many of the suspects are judged, and as what; returns the place beside it."""
    judged, total = sum(band.judged for band in bands), sum(band.num_pairs - band.settled for band in bands)
    skipped = len(st.session_state.get("dup_skipped", ()))
    with st.container(horizontal=True, vertical_alignment="center"):
        st.progress(judged / max(total, 1), text=pair_words.progress_text(bands))
        if skipped:
            st.button(
                f"Bring back {skipped} skipped",
                icon=":material/replay:",
                key="dup_unskip",
                on_click=lambda: st.session_state.pop("dup_skipped", None),
            )
        return st.container(width="content")


def review(corner: DeltaGenerator) -> None:
    """The filters and the viewer; the same as a command in the corner."""
    order, wanted = filter_controls(index, taxonomy, threshold)
    limit = st.session_state.get("dup_limit", AHEAD)
    pairs = suspects.next(wanted, order, threshold=threshold, limit=limit)
    shown = st.session_state.setdefault("dup_shown", {})
    shown.update({pair_words.id_of(pair): pair for pair in pairs})
    for forgotten in list(shown)[:-SHOWN_KEPT]:
        del shown[forgotten]
    queue = (str(index.path), order, wanted.low, wanted.high, wanted.state, wanted.source, wanted.target_class)
    pair_viewer(
        workspace,
        [pair_words.shown(pair, taxonomy, colours) for pair in pairs],
        key=VIEWER,
        queue=hashlib.blake2b(repr(queue).encode(), digest_size=8).hexdigest(),
        cluster=asked_cluster(),
        on_act=act,
        on_ask=ask,
    )
    where, asked_for = shared.shell_quoted(workspace), {"threshold": threshold, "limit": limit}
    with corner:
        shared.copy_as(
            command=pair_words.as_command(where, wanted, order, taxonomy, **asked_for),
            cell=pair_words.as_cell(str(workspace.root), wanted, order, **asked_for),
            key="dup_copy",
        )


def histogram() -> None:
    """How alike the pairs are, and what was said of them."""
    counts = index.counts_array
    verdicts = suspects.verdict_counts(State.DUPLICATE), suspects.verdict_counts(State.NOT_DUPLICATE)
    figure = similarity_figure(index.edges, counts, *verdicts, threshold=threshold, measured=crop_threshold(workspace))
    st.plotly_chart(
        figure,
        theme="streamlit",
        key="dup_histogram",
        alt=similarity_alt(counts, *verdicts, threshold),
        config={"displayModeBar": False},
    )


def expectation(bands: list[Band], below: list[Band]) -> None:
    """How many real duplicates there are, and whether to go on."""
    expected = estimate(bands)
    advice = advise(expected, bands)
    st.subheader("What to expect", anchor=False)
    if expected is not None:
        cells = st.columns(2)
        cells[0].metric("Real duplicates", *pair_words.share_texts(expected), delta_color="off", delta_arrow="off")
        cells[1].metric("Still to find", *pair_words.left_texts(expected), delta_color="off", delta_arrow="off")
    st.markdown(f":material/{'flag' if advice.may_stop else 'arrow_forward'}: {advice.text}")
    lean = suspects.lean(threshold, sum(band.num_pairs for band in bands))
    if lean.is_biased:
        st.markdown(f":material/balance: {lean.text}")
    st.caption(pair_words.below_text(estimate(below), below))
    st.caption(pair_words.KEPT_OUT)


def band_table(bands: list[Band], below: list[Band]) -> None:
    """Every band of similarity, with the share of real duplicates that was seen in it."""
    rows = [pair_words.band_row(band, is_suspect=True) for band in bands]
    rows += [pair_words.band_row(band, is_suspect=False) for band in below]
    st.dataframe(
        rows,
        hide_index=True,
        key="dup_bands",
        height="content" if len(rows) < 9 else 330,
        column_config={
            "Settled": st.column_config.NumberColumn(help="Not judged, but the web item is out by another pair."),
            "Real duplicates": st.column_config.TextColumn(
                help="Share among the pairs that were looked at, with Wilson's 95 % interval.", width="medium"
            ),
        },
    )
    st.caption("To see the pairs of a band, choose it above the viewer under Similarity.")


def cluster_panel() -> None:
    """The clusters with the most open pairs, each decided at once."""
    st.subheader("Clusters", anchor=False)
    st.caption(
        "Suspects that share a web item or a labelled clip; one word decides all of their open pairs, and one undo "
        "takes it back."
    )
    found = suspects.clusters(threshold).largest(NUM_CLUSTERS)
    if not found:
        shared.empty("No clusters", "No two open suspects share a web item or a labelled clip.", icon="hub")
        return
    if index.num_pairs > CLUSTERED_AT_MOST:
        st.caption(f"Of the {CLUSTERED_AT_MOST:,} most alike suspects.")
    columns = st.columns(2)
    firsts = [cluster.open_pairs[:SHOWN_OF_CLUSTER].tolist() for cluster in found]
    known = {pair.number: pair for pair in suspects.pairs([number for first in firsts for number in first])}
    for place, (cluster, first) in enumerate(zip(found, firsts)):
        with columns[place % 2].container(border=True):
            show_cluster(cluster, [known[number] for number in first], place)


def show_cluster(cluster: Cluster, pairs: list[Pair], number: int) -> None:
    """One cluster: its size, some of its items and clips, and the two verdicts."""
    st.markdown(f"**{cluster.text}**, {cluster.lowest:.3f} to {cluster.highest:.3f} alike")
    tiles = {tile.token: tile for pair in pairs for tile in pair_words.tiles(pair, taxonomy, colours)}
    key = f"dup_cluster_{number}"
    wall(workspace, list(tiles.values())[:SHOWN_OF_CLUSTER], key=key, tile_px=104, on_open=lambda: open_tile(key))
    if cluster.obstacle:
        st.caption(cluster.obstacle)
        return
    with st.popover("Decide all of it", icon=":material/hub:", key=f"dup_decide_{number}"):
        st.markdown(f"One verdict about {cluster.text}")
        for verdict, said in SAID.items():
            st.button(
                f"{said}: all {cluster.num_open}",
                key=f"dup_decide_{number}_{verdict}",
                on_click=decide_cluster,
                args=(cluster, verdict),
                width="stretch",
            )


def open_tile(key: str) -> None:
    """The story of the web item that was clicked."""
    token = opened(key)
    if token and not token.startswith("t"):
        story.ask_for(token)


st.title("Duplicates")
try:
    index = index_of(str(workspace.root), index_state(workspace))
    taxonomy, colours = taxonomy_or_none(), shared.source_colours(workspace)
    if index is None:
        reviews = Reviews(workspace.reviews_path).current()
        shared.empty(*pair_words.nothing_texts(reviews, measured=crop_threshold(workspace)))
        if has_uncompared(workspace):
            stages_line(workspace, "similar", title="Run the stages up to the comparison", key="dup_stages")
        st.page_link("views/overview.py", label="Go to the overview", icon=":material/home:")
        st.stop()
    suspects = suspects_now(index)
    upper = st.container()
    with st.container():
        left, right = st.columns([3, 2], gap="large")
    with left:
        threshold = threshold_control(workspace, index)
        histogram()
    bands, below = suspects.bands(threshold)
    with upper:
        review(progress(bands))
    with right:
        expectation(bands, below)
    band_table(bands, below)
    cluster_panel()
except OmniSourceError as error:
    st.error(shared.plain(str(error)), icon=":material/error:")
    st.stop()

if story.is_asked_for():
    story.show(workspace, on_step=None)
