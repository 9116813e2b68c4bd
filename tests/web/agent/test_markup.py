"""What is put into the page cannot become markup, and nothing that is missing passes unseen."""

from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.web.languages import language
from agent.web.markup import Html, attribute, fill, join
from agent.web.page import page_html
from agent.web.status_document import status_document
from tests.web.agent.scene import CAMERAS, Scene

EVIL = "</p><script>alert(1)</script>\"' onload=x"


class Read(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.title = ""
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.title = dict(attrs).get("title") or self.title

    def handle_data(self, data: str) -> None:
        self.text += data


@given(st.text(st.characters(blacklist_categories=["Cs", "Cc"])))
def test_text_comes_back_as_itself_from_content_and_from_an_attribute(text: str) -> None:
    read = Read()
    read.feed(fill('<p title="{text}">{text}</p>', text=text))
    read.close()
    assert (read.tags, read.title, read.text) == (["p"], text, text)


def test_a_value_that_is_missing_is_an_error() -> None:
    with pytest.raises(KeyError, match="name"):
        fill("<p>{name}</p>", nam="Garage")


def test_nothing_is_empty_and_html_stands_as_it_is() -> None:
    pieces = join([fill("<b>{count}</b>", count=0), Html("<i></i>")])
    page = fill(
        "<p {hidden} {shown}>{none}{pieces}</p>",
        hidden=attribute("hidden", on=1),
        shown=attribute("x", on=0),
        none=None,
        pieces=pieces,
    )
    assert page == "<p hidden ><b>0</b><i></i></p>"


@pytest.mark.parametrize("code", ["en", "fr"])
async def test_no_name_of_an_owner_or_error_of_a_peer_becomes_markup(scene: Scene, code: str) -> None:
    clean = Read()
    clean.feed(page_html(await status_document(scene.source, language(code)), language(code)))
    camera = scene.board.cameras[CAMERAS[0]]
    camera.name = camera.detail = scene.board.link.last_error = scene.board.uploads.last_error = EVIL
    read = Read()
    read.feed(page_html(await status_document(scene.source, language(code)), language(code)))
    assert read.tags == clean.tags
    assert read.text.count("<script>alert(1)") >= 3
