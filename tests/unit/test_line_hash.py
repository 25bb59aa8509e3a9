"""Line hashes against published vectors, and against a second implementation written state by state."""

from __future__ import annotations

import time

from hypothesis import given, settings
from hypothesis import strategies as st

from py_secure_ci.source.line_hash import LineHashes, line_hashes

VECTORS = {
    "": "c129715d7a2bc9a3:1",
    " a\nb\n  \t\tc\n d": "271789c17abda88f:1 54703d4cd895b18:1 180aee12dab6264:1 a23a3dc5e078b07b:1",
    "x = 2\nx = 1\nprint(x)\nx = 3\nprint(x)\nx = 4\nprint(x)\n": (
        "e54938cc54b302f1:1 bb609acbe9138d60:1 1131fd5871777f34:1 5c482a0f8b35ea28:1 54517377da7028d2:1 "
        "2c644846cb18d53e:1 f1b89f20de0d133:1 c129715d7a2bc9a3:1"
    ),
    "Lorem ipsum dolor sit amet.\n" * 10: (
        " ".join(f"a7f2ff13bc495cf2:{n}" for n in range(1, 7))
        + " a7f2ff1481e87703:1 a9cf91f7bbf1862b:1 55ec222b86bcae53:1 cc97dc7b1d7d8f7b:1 c129715d7a2bc9a3:1"
    ),
}


class Machine:
    """The rolling window, one unit at a time, as the contract states it."""

    def __init__(self) -> None:
        self.window, self.lines = [0] * 100, [-1] * 100
        self.hash = self.index = self.line = 0
        self.line_start, self.previous_cr = True, False
        self.counts: dict[str, int] = {}
        self.result: dict[int, str] = {}

    def update(self, unit: int) -> None:
        begin = self.window[self.index]
        self.window[self.index] = unit
        self.hash = (37 * self.hash + unit - pow(37, 100) * begin) % 2**64
        self.index = (self.index + 1) % 100

    def emit(self) -> None:
        if self.lines[self.index] != -1:
            word = format(self.hash, "x")
            self.counts[word] = self.counts.get(word, 0) + 1
            self.result[self.lines[self.index]] = f"{word}:{self.counts[word]}"
            self.lines[self.index] = -1

    def process(self, unit: int) -> None:
        if unit in (32, 9) or (self.previous_cr and unit == 10):
            self.previous_cr = False
            return
        self.previous_cr = unit == 13
        unit = 10 if unit == 13 else unit
        self.emit()
        if self.line_start:
            self.line_start = False
            self.line += 1
            self.lines[self.index] = self.line
        self.line_start = unit == 10
        self.update(unit)

    def run(self, data: bytes) -> tuple[str, ...]:
        raw = data.decode("utf-8", "replace").encode("utf-16-le")
        for at in range(0, len(raw), 2):
            self.process(raw[at] + 256 * raw[at + 1])
        self.process(65535)
        for _ in range(100):
            self.emit()
            self.update(0)
        return tuple(self.result[line] for line in sorted(self.result))


def test_published_vectors() -> None:
    for text, expected in VECTORS.items():
        assert " ".join(line_hashes(text.encode())) == expected


def test_line_ends_are_equal_and_indentation_does_not_count() -> None:
    assert line_hashes(b"a\r\nb\r\n") == line_hashes(b"a\rb\r") == line_hashes(b"\ta\n  b\n")
    assert len(line_hashes(b"a\r \nb")) == 3  # a blank between CR and LF makes two line ends
    assert len(line_hashes("a\x0bb\x0cc\u2028d\x85e".encode())) == 1


@given(st.lists(st.sampled_from([b"a", b" ", b"\t", b"\r", b"\n", b"\xff", b"\xef\xbb\xbf", "\U0001f40d".encode()])))
def test_agrees_with_the_machine_on_odd_bytes(parts: list[bytes]) -> None:
    data = b"".join(parts)
    assert line_hashes(data) == Machine().run(data)


@settings(max_examples=40, deadline=None)
@given(st.text(st.characters(codec="utf-8"), max_size=400).map(str.encode))
def test_agrees_with_the_machine_on_text(data: bytes) -> None:
    assert line_hashes(data) == Machine().run(data)


def test_a_large_file_is_quick() -> None:
    data = b"value = compute(something, other)\n" * 30_000
    begin = time.process_time()
    assert len(line_hashes(data)) == 30_001
    assert time.process_time() - begin < 3


@given(st.text(alphabet="ab \t\r\n\u010a\U0001f600\ud83d\n", max_size=400))
def test_single_lines_hash_as_all_lines_do(text):
    data = text.encode("utf-8", "replace")
    lookup = LineHashes(data)
    hashes = line_hashes(data)
    assert tuple(lookup.of(number) for number in range(1, len(hashes) + 1)) == hashes
    assert lookup.of(0) == lookup.of(len(hashes) + 1) == ""
