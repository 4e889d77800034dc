"""Columns of every table of a workspace (design: The workspace)."""

import pyarrow as pa

_KEY = pa.binary(16)
_SPANS = pa.list_(pa.struct([("start_s", pa.float64()), ("end_s", pa.float64())]))

SCHEMAS: dict[str, pa.Schema] = {
    "target": pa.schema(
        [("path", pa.string()), ("split", pa.string()), ("class_index", pa.int32()), ("format", pa.string())]
    ),
    "items": pa.schema(
        [("key", _KEY), ("path", pa.string()), ("source", pa.string()), ("format", pa.string())]
        + [("class_index", pa.int32()), ("url", pa.string())]
    ),
    # what is searched for a class; every edit writes a whole new revision, and the last one counts
    "queries": pa.schema(
        [("revision", pa.int32()), ("class_index", pa.int32()), ("text_kind", pa.string()), ("text", pa.string())]
        + [("rank", pa.int32()), ("rule", pa.string()), ("use", pa.bool_())]
    ),
    # a search result, once for each cell that returned it; licence and author as the site states them
    "candidates": pa.schema(
        [("url", pa.string()), ("source", pa.string()), ("format", pa.string()), ("query", pa.string())]
        + [("class_index", pa.int32()), ("published_after", pa.string()), ("published_before", pa.string())]
        + [("page_url", pa.string()), ("title", pa.string()), ("author", pa.string()), ("licence", pa.string())]
        + [("start_s", pa.float64()), ("end_s", pa.float64()), ("file", pa.string()), ("is_new", pa.bool_())]
    ),
    # one query in one date window of one source; `requests` counts the result pages that were asked for
    "cells": pa.schema(
        [("source", pa.string()), ("class_index", pa.int32()), ("query", pa.string())]
        + [("published_after", pa.string()), ("published_before", pa.string()), ("returned", pa.int32())]
        + [("new", pa.int32()), ("requests", pa.int32()), ("outcome", pa.string()), ("detail", pa.string())]
    ),
    # one request for media; `key` is the content's where it was kept
    "attempts": pa.schema(
        [("url", pa.string()), ("source", pa.string()), ("host", pa.string()), ("started_utc", pa.string())]
        + [("status", pa.int16()), ("reason", pa.string()), ("detail", pa.string()), ("num_bytes", pa.int64())]
        + [("elapsed_s", pa.float64()), ("key", _KEY), ("final_url", pa.string()), ("retry", pa.bool_())]
    ),
    # near copies within the web data: `key` points to the item that is kept in its place
    "alike": pa.schema(
        [("key", _KEY), ("kept_key", _KEY), ("similarity", pa.float32()), ("time_s", pa.float64())]
        + [("kept_time_s", pa.float64())]
    ),
    "validity": pa.schema(
        [("key", _KEY), ("ok", pa.bool_()), ("reason", pa.string()), ("width", pa.int32()), ("height", pa.int32())]
        + [("num_frames", pa.int32()), ("fps", pa.float64()), ("duration_s", pa.float64())]
    ),
    "similar": pa.schema(
        [("key", _KEY), ("time_s", pa.float64()), ("target_path", pa.string()), ("target_time_s", pa.float64())]
        + [("similarity", pa.float32())]
    ),
    # of a web item (key) or of a labelled clip (target_path); crop 0 is the whole frame
    "features": pa.schema(
        [("key", _KEY), ("target_path", pa.string()), ("time_s", pa.float64()), ("crop", pa.int8())]
        + [("vector", pa.list_(pa.float16()))]
    ),
    # source, format and query_class repeat the item's, and top_class and confidence the first of the lists: so that
    # fifteen million rows are counted and filtered without a join
    "scores": pa.schema(
        [("key", _KEY), ("start_s", pa.float64()), ("end_s", pa.float64())]
        + [("top_classes", pa.list_(pa.int16())), ("top_probs", pa.list_(pa.float32())), ("query_prob", pa.float32())]
        + [("top_class", pa.int16()), ("confidence", pa.float32())]
        + [("source", pa.string()), ("format", pa.string()), ("query_class", pa.int16())]
    ),
    # a target clip may be renamed: `key` is its content, `path` and `modified_ns` spare reading it again
    "flow": pa.schema(
        [("key", _KEY), ("path", pa.string()), ("modified_ns", pa.int64()), ("file", pa.string())]
        + [("num_frames", pa.int32())]
    ),
    # what the released lists say of an item's segments; a picture or clip is one segment, from 0 to 0
    "listed": pa.schema(
        [("key", _KEY), ("start_s", pa.float64()), ("end_s", pa.float64()), ("class_index", pa.int16())]
        + [("teacher", pa.string()), ("kept", pa.bool_()), ("duplicate", pa.bool_())]
        + [("source", pa.string()), ("format", pa.string())]
    ),
    "auxiliary": pa.schema(
        [("path", pa.string()), ("format", pa.string()), ("source", pa.string()), ("class_index", pa.int32())]
        + [("confidence", pa.float32()), ("segments", _SPANS), ("negatives", _SPANS), ("key", _KEY)]
    ),
    "dropped": pa.schema([("key", _KEY), ("path", pa.string()), ("reason", pa.string()), ("detail", pa.string())]),
}
"""Columns of each table; `scores/<teacher>` and its like take the schema of their first word."""
