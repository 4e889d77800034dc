"""Browse: all web data as a wall, with what the teachers say; keep, drop or relabel it by key."""

import contextlib
import hashlib
from collections.abc import Mapping, Sequence

import pyarrow as pa
import streamlit as st

from app import browse_looks, browse_words, shared, story
from app.browse_controls import main_controls, more_controls
from app.components.wall import Action, Tile, acted, opened, turned, wall
from app.fiftyone_panel import fiftyone_panel
from omnisource.browsing import Browsing, Choices, WallItem
from omnisource.errors import OmniSourceError
from omnisource.filters import Filters, Order, filter_settings
from omnisource.pipeline import feature_search
from omnisource.previews import item_token
from omnisource.reviews import Review, Reviews, Subject, Verdict
from omnisource.types import Format

WALL = "browse_wall"
ACTIONS = (
    Action(name="keep", key="K", title="keep"),
    Action(name="drop", key="D", title="drop"),
    Action(name="relabel", key="L", title="relabel", stays=True),
)
EVERYTHING = Filters()

workspace = shared.open_workspace()
browsing = Browsing(shared.catalog(workspace))
colours = shared.source_colours(workspace)


@st.cache_data(max_entries=64, show_spinner=False)
def choices_of(root: str, version: str, _browsing: Browsing) -> Choices:
    return _browsing.choices()


@st.cache_data(max_entries=2000, show_spinner=False)
def count_of(root: str, version: str, asked: str, _browsing: Browsing, _filters: Filters) -> int:
    return _browsing.count(_filters)


@st.cache_data(max_entries=500, show_spinner=False)
def page_of(
    root: str,
    version: str,
    asked: str,
    span: tuple[int, int],
    _browsing: Browsing,
    _filters: Filters,
    _order: Order,
    _nearest: pa.Table | None,
) -> list[WallItem]:
    offset, limit = span
    return _browsing.page(_filters, _order, offset=offset, limit=limit, nearest=_nearest)


def token_of(item: WallItem) -> str:
    """An item by its key; a file that never became one by its path, only while its page is shown."""
    return item_token(item.key) if item.key else hashlib.blake2b(item.path.encode(), digest_size=16).hexdigest()


def tile_of(item: WallItem, names: Sequence[str], review: Review | None) -> Tile:
    """What the wall says of an item."""
    return Tile(
        token=token_of(item),
        path=item.path,
        format=item.format or Format.IMAGE,
        label=_label(item, names),
        note=_note(item, names),
        title=item.path if item.detail is None else f"{item.path}\n{item.detail}",
        corner="" if item.confidence is None else f"{item.confidence:.2f}",
        bar=item.confidence,
        colour=colours.get(item.source, ""),
        origin=item.source or "",
        verdict=str(review.verdict) if review else "",
        verdict_text=names[review.class_index] if review and review.class_index is not None else "",
        start_s=item.start_s or 0.0,
    )


def _label(item: WallItem, names: Sequence[str]) -> str:
    if item.reason is not None:
        return item.reason.replace("_", " ")
    if item.top_class is not None:
        return names[item.top_class]
    return "not scored"


def _note(item: WallItem, names: Sequence[str]) -> str:
    if item.similarity is not None:
        return f"{item.similarity:.2f} alike"
    if item.query_class is None:
        return "no query"
    if item.agrees:
        return "agrees with its query"
    return f"query: \u2068{names[item.query_class]}\u2069" + (
        "" if item.query_prob is None else f" {item.query_prob:.2f}"
    )


def act() -> None:
    """Keys on the wall."""
    for name, tokens in acted(WALL):
        act_on(name, tokens)


def act_on(name: str, tokens: Sequence[str]) -> None:
    """A key on the wall: decide about the tiles, or ask for their new class first."""
    known = [token for token in tokens if token in st.session_state["browse_items"]]
    if not known:
        st.toast("These files never became items, so there is nothing to decide about them.", icon=":material/block:")
    elif name == "relabel":
        st.session_state["browse_relabel"] = known
    else:
        shared.decide(workspace, subjects(known), Verdict(name), what=f"{name.capitalize()} {named(known)}")


def subjects(tokens: Sequence[str]) -> list[Subject]:
    return [Subject(key=bytes.fromhex(token)) for token in tokens]


def named(tokens: Sequence[str]) -> str:
    """For a toast."""
    items: Mapping[str, str] = st.session_state["browse_items"]
    return shared.plain(items[tokens[0]]) if len(tokens) == 1 else f"{len(tokens)} items"


@st.dialog("Relabel", on_dismiss=lambda: st.session_state.pop("browse_relabel", None))
def relabel(tokens: list[str], suggested: Sequence[int]) -> None:
    """Choose the class of what was selected; what the teacher and the query say comes first."""
    names = workspace.taxonomy().names
    st.caption(f"The right class of {named(tokens)}")
    quick = st.pills(
        "Likely", list(suggested), format_func=lambda index: shared.plain(names[index]), key="browse_likely"
    )
    others = sorted(range(len(names)), key=names.__getitem__)
    chosen = st.selectbox(
        "Any class", others, index=None, format_func=names.__getitem__, placeholder="Type to find", key="browse_any"
    )
    wanted = quick if quick is not None else chosen
    if wanted is not None:
        what = f"Relabel {named(tokens)} as {shared.plain(names[wanted])}"
        shared.decide(workspace, subjects(tokens), Verdict.RELABEL, what=what, class_index=wanted)
        del st.session_state["browse_relabel"]
        st.rerun()


def turn(step: int | None = None) -> None:
    """Another page; without a step, the one that the wall's arrows asked for."""
    st.session_state["browse_page"] = st.session_state.get("browse_page", 1) + (turned(WALL) if step is None else step)


st.title("Browse")
st.caption("All web data as a wall, with what the teachers say; what you keep, drop or relabel is on the disk at once.")
try:
    root, version = str(workspace.root), browsing.version(EVERYTHING)
    choices = choices_of(root, version, browsing)
    if not choices.sources:
        shared.empty("Nothing to browse yet", "Add folders of web data, or collect some; it appears here at once.")
        st.page_link("views/overview.py", label="Go to the overview", icon=":material/home:")
        st.stop()
    taxonomy = workspace.taxonomy()
    filters, order = main_controls(choices, taxonomy)
    with st.container(horizontal=True, vertical_alignment="center"):
        filters, size = more_controls(choices, taxonomy, Reviews(workspace.reviews_path).authors(), filters)
        order = browse_looks.by_looks(order, browse_looks.words_box(workspace))
        version = browsing.version(filters)
        total = count_of(root, version, repr(filters), browsing, filters)
        num_pages = max(-(-total // size), 1)
        st.markdown(f"**{total:,}** {'item' if total == 1 else 'items'}")
        st.space("stretch")
        page = shared.pages(num_pages, key="browse_page")
        offset = (page - 1) * size
        shared.copy_as(
            command=browse_words.as_command(
                shared.shell_quoted(workspace), filters, order, taxonomy, limit=size, offset=offset
            ),
            cell=browse_words.as_cell(root, filters, order, limit=size, offset=offset),
            key="browse_copy",
        )
        with st.popover("FiftyOne", icon=":material/hub:", key="browse_fiftyone"):
            fiftyone_panel(workspace, key="browse_fiftyone", where=filter_settings(filters, taxonomy))
    order, nearest = browse_looks.nearest_of(workspace, order)
    looked_at = feature_search.search_version(workspace) if nearest is not None else ""
    asked = repr((filters, order, looked_at))
    items = page_of(root, version, asked, (offset, size), browsing, filters, order, nearest)
except OmniSourceError as error:
    st.error(shared.plain(str(error)), icon=":material/error:")
    st.stop()


def open_story() -> None:
    """The tile that was clicked."""
    token = opened(WALL)
    if token in st.session_state["browse_items"]:
        story.ask_for(token)
    else:
        st.toast("This file never became an item; the tile says why.", icon=":material/block:")


def step(by: int) -> None:
    """The next or previous item of the whole wall, beyond the page too."""
    place = st.session_state["browse_place"] + by
    there = browsing.page(filters, order, offset=place, limit=1, nearest=nearest) if 0 <= place < total else []
    if there and there[0].key:
        st.session_state["browse_place"] = place
        story.ask_for(item_token(there[0].key))


def close_story() -> None:
    """Back on the wall, on the page of the item that was shown last."""
    if "browse_place" in st.session_state:
        st.session_state["browse_page"] = st.session_state.pop("browse_place") // size + 1
        st.session_state["browse_shown"] = st.query_params.get("item")
    story.close()


reviews = browsing.decisions(items)
st.session_state["browse_tokens"] = [token_of(item) for item in items]
st.session_state["browse_items"] = {token_of(item): item.path.rpartition("/")[2] for item in items if item.key}
if items:
    wall(
        workspace,
        [tile_of(item, taxonomy.names, reviews.get(item.key)) for item in items],
        key=WALL,
        actions=ACTIONS,
        on_act=act,
        on_open=open_story,
        on_turn=turn,
        current=st.session_state.get("browse_shown"),
    )
    if num_pages > 1:
        with st.container(horizontal=True, horizontal_alignment="center"):
            back, on = ":material/arrow_back:", ":material/arrow_forward:"
            st.button("Previous page", icon=back, disabled=page == 1, key="browse_back", on_click=turn, args=(-1,))
            st.button("Next page", icon=on, disabled=page == num_pages, key="browse_on", on_click=turn, args=(1,))
else:
    shared.empty("Nothing passes these filters", "Take one away, or clear them all.", icon="filter_list_off")

if "browse_relabel" in st.session_state:
    shown = [item for item in items if token_of(item) in st.session_state["browse_relabel"]]
    likely = dict.fromkeys(index for item in shown for index in (item.query_class, item.top_class) if index is not None)
    relabel(st.session_state["browse_relabel"], list(likely)[:6])
elif story.is_asked_for():
    asked_for = st.query_params["item"]
    if asked_for in st.session_state["browse_tokens"]:
        st.session_state["browse_place"] = offset + st.session_state["browse_tokens"].index(asked_for)
    stepping = step if "browse_place" in st.session_state else None
    story.show(workspace, on_step=stepping, on_close=close_story, on_like=browse_looks.like_item)

if page < num_pages:
    with contextlib.suppress(OmniSourceError):  # read while this page is looked at; turned to, it says what is wrong
        page_of(root, version, asked, (offset + size, size), browsing, filters, order, nearest)
