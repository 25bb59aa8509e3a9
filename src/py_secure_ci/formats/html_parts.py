"""Building blocks of the page: text that stays text, tables, and the trend as a drawing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from py_secure_ci.formats.escaping import visible
from py_secure_ci.formats.history import Point

_HEIGHT, _STEP, _BAR = 120, 44, 28
_MAX_POINTS = 24


def text(words: str) -> str:
    """Words of anybody as HTML text, nothing hidden in them."""
    return escape(visible(words.replace("\n", " ")), quote=True)


def tag(name: str, words: str, class_: str = "") -> str:
    """An element that holds nothing but text."""
    return f'<{name} class="{text(class_)}">{text(words)}</{name}>' if class_ else f"<{name}>{text(words)}</{name}>"


def bullets(entries: Iterable[str]) -> str:
    """A list of texts."""
    return f"<ul>{''.join(tag('li', entry) for entry in entries)}</ul>"


def table(label: str, heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table whose cells are HTML already. It scrolls by itself, so that the page need not."""
    head = "".join(f'<th scope="col">{text(word)}</th>' for word in heads)
    body = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows)
    return (
        f'<div class="scroll" role="region" tabindex="0" aria-label="{text(label)}"><table><thead><tr>{head}</tr>'
        f"</thead><tbody>{body}</tbody></table></div>"
    )


def trend(points: Sequence[Point]) -> str:
    """Bars of the last reports: all findings, and below them the part that blocks; the table says the same."""
    shown = points[-_MAX_POINTS:]
    top = max((one.findings for one in shown), default=0) or 1
    bars = "".join(_bars(index, one, top) for index, one in enumerate(shown))
    width = max(1, len(shown)) * _STEP
    drawing = (
        f'<svg role="img" aria-label="Findings over the last reports" viewBox="0 0 {width} {_HEIGHT + 40}" '
        f'width="{width}" height="{_HEIGHT + 40}">{bars}</svg>'
    )
    rows = (
        (text(one.time), tag("code", one.commit), text(one.status), f"{one.findings:,}", f"{one.blocking:,}")
        for one in reversed(shown)
    )
    return drawing + table("Earlier reports", ("commit of", "commit", "verdict", "findings", "block"), rows)


def _bars(index: int, one: Point, top: int) -> str:
    left = index * _STEP + (_STEP - _BAR) // 2
    height, stopping = (round(count / top * _HEIGHT) for count in (one.findings, one.blocking))
    return (
        f'<rect class="bar-rest" x="{left}" y="{_HEIGHT - height + 16}" width="{_BAR}" height="{height}"/>'
        f'<rect class="bar-bad" x="{left}" y="{_HEIGHT - stopping + 16}" width="{_BAR}" height="{stopping}"/>'
        f'<text x="{left + _BAR // 2}" y="{_HEIGHT - height + 11}" text-anchor="middle">{one.findings}</text>'
        f'<text x="{left + _BAR // 2}" y="{_HEIGHT + 32}" text-anchor="middle">{text(one.commit[:4])}</text>'
    )
