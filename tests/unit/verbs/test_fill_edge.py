"""What a page names, so that an edge can be given it before anybody clicks."""

from __future__ import annotations

from orchestrator.verbs.fill_edge import parts_of

PAGE = """
<link rel="stylesheet" href="/static/shop.css"><script src="/static/shop.js"></script>
<a href="/product/7"><img src="/img/7.jpg"></a><img src="/img/7.jpg"><img src="">
<img src="https://elsewhere.example.net/pixel.gif"><script>let x = "<img src=/no.png>"</script>
"""


def test_the_parts_of_a_page_are_of_its_origin_and_named_once() -> None:
    names = [part.removeprefix("https://www.example.com") for part in parts_of(PAGE, URL)]
    assert names == ["/static/shop.css", "/static/shop.js", "/img/7.jpg"]


def test_what_is_no_page_names_nothing() -> None:
    assert parts_of("", URL) == []


URL = "https://www.example.com/"
