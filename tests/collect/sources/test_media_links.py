"""Which pictures and videos a page leads to."""

import pytest

from omnisource.collect.sources.media_links import media_links
from omnisource.types import Format

PAGE = "https://a.example/gallery/search?q=x"


@pytest.mark.parametrize(
    ("html", "pictures", "videos"),
    [
        ('<a href="big.jpg" title="Bees">x</a>', ["https://a.example/gallery/big.jpg"], []),
        ('<a href="/b.MP4?id=1#t=3">x</a>', [], ["https://a.example/b.MP4?id=1"]),
        ('<a href="page2.html">next</a>', [], []),
        ('<img src="//cdn.example/render?id=3">', ["https://cdn.example/render?id=3"], []),  # no ending is needed
        ('<img data-src="lazy.png">', ["https://a.example/gallery/lazy.png"], []),
        ('<img src="data:image/gif;base64,R0lGOD"><a href="javascript:go()">x</a>', [], []),
        ('<img src="icon.png" width="16" height="16">', [], []),  # a button
        ('<a href="big.jpg"><img src="thumb.jpg"></a><img src="c.jpg">', ["big.jpg", "c.jpg"], []),  # no thumbnail
        ('<a href="page.html"><img src="only.jpg"></a>', ["only.jpg"], []),
        ('<video src="v" title="x"></video>', [], ["v"]),
        (
            '<video><source src="v.webm" type="video/webm"><source src="v" type="video/mp4"></video>',
            [],
            ["v.webm", "v"],
        ),
        ('<meta property="og:image" content="/o"><meta name="og:video" content="/v">', ["/o"], ["/v"]),
        ('<img src="a.jpg"><img src="a.jpg">', ["a.jpg"], []),
        ('<base href="https://b.example/x/"><img src="a.jpg">', ["https://b.example/x/a.jpg"], []),
        ('<script>document.write("<img src=evil.jpg>")</script><!-- <img src="no.jpg"> -->', [], []),
        ('<img src="http://[bad/x.jpg"><img src="">', [], []),
        ("<a href='https://a.example/q.jpeg?a=1&amp;b=2'", [], []),  # a tag that never ends
    ],
)
def test_media_links__finds_what_the_format_asks_for(html: str, pictures: list[str], videos: list[str]) -> None:
    for format, expected in ((Format.IMAGE, pictures), (Format.TRIMMED, videos), (Format.UNTRIMMED, videos)):
        found = [link.url for link in media_links(html, PAGE, format).media]
        whole = [
            url if "://" in url else "https://a.example" + ("" if url[0] == "/" else "/gallery/") + url
            for url in expected
        ]
        assert found == whole


def test_media_links__keeps_titles_and_the_licence_of_the_page() -> None:
    html = '<a href="1.jpg" title=" Bees ">x</a><img src="2.jpg" alt="Hive"><img src="3.jpg">'
    html += '<a rel="license" href="/by">x</a>'
    links = media_links(html, PAGE, Format.IMAGE)
    assert [link.title for link in links.media] == ["Bees", "Hive", None]
    assert links.licence == "https://a.example/by"
