"""HTML that is safe by construction: text that is put into a pattern is escaped, only HTML stands as it is."""

import html
from collections.abc import Iterable


class Html(str):
    """A piece of HTML, not text: made by `fill`, `join` and `attribute`, or written down in a module."""

    __slots__ = ()


def fill(pattern: str, /, **values: object) -> Html:
    """Put values into the `{name}`s of a pattern, which stand in content or in a quoted attribute; `None` is empty.

    Raises KeyError for a name without a value. A pattern is a constant, never something that came from outside.
    """
    return Html(pattern.format_map({name: _escaped(value) for name, value in values.items()}))


def join(pieces: Iterable[Html]) -> Html:
    """Put pieces one after the other."""
    return Html("".join(pieces))


def attribute(name: str, *, on: object) -> Html:
    """Return a bare attribute such as `hidden` where `on` is true; for a place of its own in a tag."""
    return Html(name if on else "")


def _escaped(value: object) -> str:
    if isinstance(value, Html):
        return value
    return "" if value is None else html.escape(str(value))
