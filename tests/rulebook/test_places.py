"""A fault within a text is told where it was written, however YAML writes it."""

from __future__ import annotations

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from lockgate import RulebookError
from lockgate.rulebook.places import place_of
from lockgate.rulebook.source import parse
from rulebook.books import book

BEFORE = "rules:\n  - id: r\n    then: block\n    reason: x\n"
WAYS = {
    "plain": ("    when: score > 1 && tol == 'x'\n", (5, 24)),
    "plain over two lines": ("    when: score > 1 &&\n      tol == 'x'\n", (6, 7)),
    "single quotes": ("    when: 'score > 1 && tol == ''x'''\n", (5, 25)),
    "single quotes before": ("    when: '''x'' == tool && tol == ''x'''\n", (5, 29)),
    "double quotes": ('    when: "score > 1 && tol == \\"x\\""\n', (5, 25)),
    "escapes before": ('    when: "\\"\\u0041\\x42\\" == tool && tol == \\"\\""\n', (5, 38)),
    "double quotes over two lines": (
        '    when: "score > 1 &&\n\n      \\\n      tol == 1"\n',
        (8, 7),
    ),
    "literal": ("    when: |\n      score > 1 &&\n        tol == 'x'\n", (7, 9)),
    "literal, indented by hand": (
        "    when: |2-\n        score > 1 &&\n       tol == 'x'\n",
        (7, 8),
    ),
    "folded": ("    when: >-\n      score > 1\n      && tol == 'x'\n", (7, 10)),
    "folded with a remark": (
        "    when: > # why\n\n      score > 1\n\n      && tol == 'x'\n",
        (9, 10),
    ),
    "tagged": ("    when: !!str score > 1 && tol == 'x'\n", (5, 30)),
    "wide characters": ("    when: tool == '日本 😀' && tol == 'x'\n", (5, 29)),
    "on a line of its own": ("    when:\n      score > 1 && tol == 'x'\n", (6, 20)),
}


@pytest.mark.parametrize("way", WAYS)
def test_a_fault_is_told_where_it_was_written(way):
    lines, place = WAYS[way]
    with pytest.raises(RulebookError) as refused:
        book(BEFORE + lines)
    assert "undeclared reference to 'tol'" in refused.value.message
    assert (refused.value.line, refused.value.column) == place


TEXT = st.text(st.sampled_from(list("ab'\"\\ \n\té😀#:")), min_size=1, max_size=25).filter(
    str.strip
)


@given(TEXT, st.sampled_from([None, "'", '"', "|", ">"]), st.data())
@settings(max_examples=300, deadline=None)
def test_every_character_is_found_again(text, style, data):
    written = yaml.dump({"a": {"when": text}}, default_style=style, allow_unicode=True, width=10)
    source = parse(written)
    where = next(path for path in source.places if path[-1:] == ("when",))
    value = source.value["a"]["when"]
    at = data.draw(st.integers(0, len(value) - 1))
    if value[at].isspace() or source.lines[0].startswith("?"):
        return
    _, line, column = source.place(where)
    found = place_of(source.lines, (line, column), value, at)
    character = source.lines[found[0] - 1][found[1] - 1]
    assert character == value[at] or ((style == '"' or written.count('"')) and character == "\\")


def test_the_end_of_a_text_is_right_behind_it():
    lines = ["when: 'a &&  '", "then: x"]
    assert place_of(lines, (1, 7), "a &&  ", 5) == (1, 12)
    assert place_of(lines, (1, 7), "a &&  ", 0) == (1, 8)
