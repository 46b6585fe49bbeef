"""One picture for light and dark: every meaning has a colour of its own, so that the page can say
which colour it takes in the dark. Drawn twice, each report would be twice as large."""

from __future__ import annotations

from dataclasses import fields

from services.insights.tokens import DARK, LIGHT, Tokens


def distinct_tokens() -> Tokens:
    """The light colours, moved by a hair where two meanings share one."""
    taken: set[str] = set()
    values: dict[str, object] = {}
    for field in fields(Tokens):
        held = getattr(LIGHT, field.name)
        if isinstance(held, tuple):
            values[field.name] = tuple(_own(colour, taken) for colour in held)
        else:
            values[field.name] = _own(held, taken)
    return Tokens(**values)  # type: ignore[arg-type]


def dark_rules(scope: str) -> str:
    """CSS: inside `scope`, each of the distinct colours becomes the dark one of its meaning."""
    rules = []
    distinct = distinct_tokens()
    for field in fields(Tokens):
        light, dark = getattr(distinct, field.name), getattr(DARK, field.name)
        pairs = zip(light, dark, strict=True) if isinstance(light, tuple) else [(light, dark)]
        for before, after in pairs:
            for part in ("fill", "stroke"):
                rules.append(f'{scope} [{part}="{before}" i]{{{part}:{after}}}')
    return "\n".join(rules)


def _own(colour: str, taken: set[str]) -> str:
    """The nearest colour nobody else has, by steps of the blue that nobody can see."""
    number = int(colour[1:], 16)
    step = 0
    while (found := f"#{number + step:06X}") in taken:
        step = -step if step > 0 else 1 - step
        if not 0 <= number % 256 + step <= 255:
            step = -step if step > 0 else 1 - step
    taken.add(found)
    return found
