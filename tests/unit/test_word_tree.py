"""Many words as one expression: it fits what a plain list of them would fit, the longest first."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from py_secure_ci.checking.word_tree import any_of

WORDS = st.sets(st.text("ab.(\\n", min_size=1, max_size=6), min_size=1, max_size=12)


@given(WORDS, st.text("ab.(\\n", max_size=80))
def test_it_fits_what_a_list_of_the_words_fits(words: set[str], text: str) -> None:
    plain = "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))
    assert re.sub(any_of(words), "#", text) == re.sub(plain, "#", text)


def test_words_that_grow_letter_by_letter_go_no_deeper_than_the_parser_of_expressions() -> None:
    words = ["a" * length for length in range(4, 700)]
    assert re.sub(any_of(words), "#", "aaa" + "b" + "a" * 699 + "b" + "a" * 50) == "aaab#b#"


def test_of_no_words_there_is_no_expression() -> None:
    assert any_of([]) == ""
