"""Text that is neither UTF-8 nor binary: UTF-16 and UTF-32, which no tool here can read."""

from __future__ import annotations

from collections import Counter

# Encodings, with the place of the second lowest byte of each unit and the unit's width.
_WIDE = (("utf-32-le", 1, 4), ("utf-32-be", 2, 4), ("utf-16-le", 1, 2), ("utf-16-be", 0, 2))


def looks_like_utf16(head: bytes) -> bool:
    """Whether bytes that hold NULs are UTF-16 or UTF-32 text, by their mark or because they read as Latin text."""
    head = head[: len(head) // 4 * 4]
    marked = head.startswith((b"\xff\xfe", b"\xfe\xff", b"\0\0\xfe\xff"))
    for encoding, start, width in _WIDE:
        high = head[start::width]  # the byte that is below 3 in every Latin character
        if not marked and 5 * (len(high) - len(high.translate(None, b"\0\1\2"))) <= 2 * len(high):
            continue  # two units are one character at most: it cannot be four fifths Latin
        try:
            text = head.decode(encoding)
        except UnicodeDecodeError:
            continue
        found = Counter(text).items()
        latin = sum(count for char, count in found if char < "\u0250" and (char.isprintable() or char in "\r\n\t"))
        if text and "\0" not in text and (marked or latin > 0.8 * len(text)):
            return True
    return False
