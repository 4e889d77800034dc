"""What crawlers write beside a file, as they write it."""

IMG2DATASET = {
    "caption": "beekeeping in spring",
    "url": "https://a.example/1.jpg",
    "key": "000000012",
    "status": "success",
    "error_message": None,
    "width": 256,
    "height": 256,
    "sha256": "00",
}
VIDEO2DATASET = {"url": "https://youtu.be/x", "caption": "bees", "key": "000000012_00003", "status": "success"}
GALLERY_DL = {
    "category": "flickr",
    "subcategory": "search",
    "search": {"text": "bees"},
    "title": "Hive",
    "description": "in spring",
    "tags": ["bee", "honey"],
    "owner": {"username": "keeper", "nsid": "1@N0"},
    "license_name": "Attribution License",
    "extension": "jpg",
}
POST = {
    "shortcode": "CbA1",
    "is_video": False,
    "display_url": "https://cdn.example/p.jpg",
    "taken_at_timestamp": 1500000000,
    "owner": {"id": "1", "username": "keeper"},
    "edge_media_to_caption": {"edges": [{"node": {"text": "my #beekeeping"}}]},
    "edge_sidecar_to_children": {
        "edges": [
            {"node": {"display_url": "https://cdn.example/p.jpg", "is_video": False}},
            {"node": {"display_url": "x", "video_url": "https://cdn.example/p.mp4", "is_video": True}},
        ]
    },
}
INSTALOADER = {"node": POST, "instaloader": {"version": "4.14", "node_type": "Post"}}
