"""The arguments of a command, read one by one: each with the type and the limits that the command states."""

from collections.abc import Collection, Mapping

from agent.errors import BadInput


def flag(arguments: Mapping[str, object], name: str) -> bool:
    """Return a boolean; BadInput says that it is needed."""
    value = arguments.get(name)
    if not isinstance(value, bool):
        raise BadInput(f"`{name}` must be true or false.")
    return value


def text(arguments: Mapping[str, object], name: str, most: int = 200) -> str:
    """Return a text of 1 to `most` characters; BadInput says what is needed."""
    value = arguments.get(name)
    if not isinstance(value, str) or not 0 < len(value) <= most:
        raise BadInput(f"`{name}` must be a text of 1 to {most} characters.")
    return value


def number(arguments: Mapping[str, object], name: str, least: float, most: float) -> float:
    """Return a number within its limits; BadInput names them."""
    value = arguments.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
        raise BadInput(f"`{name}` must be a number from {least:g} to {most:g}.")
    return value


def known_only(arguments: Mapping[str, object], names: Collection[str]) -> None:
    """Refuse an argument that the command does not know: it would be silently without effect."""
    unknown = sorted(set(arguments) - set(names))
    if unknown:
        allowed = ", ".join(f"`{name}`" for name in names) or "no arguments"
        raise BadInput(f"There is no argument `{unknown[0]}`; this command takes {allowed}.")
