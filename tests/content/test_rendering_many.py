"""Hundreds of combinations are rendered once each where it matters, and read without waiting."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.content import remembering
from services.content.liquid import render
from services.content.markup import read_markup
from services.content.reading import named_properties
from services.content.remembering import rendered_once
from tests.benchmarks.templates import templates

HOSTILE_LENGTH = 400_000
PIECES = [
    "{{api_trigger_properties.${a}}}",
    "{{api_trigger_properties.${b}.c}}",
    "x",
    "{{context}}",
]
PIECES += ["{% if api_trigger_properties.${b.c} %}y{% endif %}", "{{canvas_entry_properties.${a}}}"]


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.sampled_from(PIECES), max_size=4).map("".join),
    st.fixed_dictionaries(
        {"a": st.sampled_from("12"), "b": st.sampled_from([{"c": "3"}, {"c": "4"}]), "d": st.text()}
    ),
    st.booleans(),
)
def test_a_text_from_memory_is_the_text_that_would_be_rendered(source, properties, canvas):
    fresh = render(source, profile={}, properties=properties, canvas=canvas)
    assert rendered_once(source, profile={}, properties=properties, canvas=canvas) == fresh


def test_what_a_text_does_not_name_does_not_make_it_rendered_anew():
    remembering._rendered.cache_clear()
    for other in range(20):
        properties = {"subject": "Hello", "offer": str(other)}
        rendered_once("{{api_trigger_properties.${subject}}}", profile={}, properties=properties)
    assert remembering._rendered.cache_info().misses == 1
    for n in range(3):
        rendered_once("{{${country}}}", profile={"country": str(n)}, properties={})
    assert remembering._rendered.cache_info().misses == 4


def test_a_namespace_used_whole_may_name_anything():
    assert named_properties("{{api_trigger_properties.${a.b}}}") == {"a", "a.b"}
    assert named_properties("{{ api_trigger_properties['a'] }}") is None
    assert named_properties("{% for p in context %}{% endfor %}") is None


@pytest.mark.parametrize(
    ("html", "n_without_alt", "links"),
    [
        ('<img src="a"><img src="b" alt=""><IMG ALT=x>', 1, ()),
        ('<img title="no alt here" src=x>', 1, ()),
        ('<img title="5 > 4" alt="a"><img alt>', 0, ()),
        (
            "<a href='/out'>x</a><A class=\"b\" HREF=/in?a=1&amp;b=2>y</A>",
            0,
            ("/out", "/in?a=1&b=2"),
        ),
        ('<a name="top">x</a><abbr href="no">y</abbr><a\nhref="z">', 0, ("z",)),
        ('<!-- <img src="a"><a href="b"> --><a href="c">', 0, ("c",)),
        ("<!-- never closed <img>", 0, ()),
        ('<a href="never closed>', 0, ("",)),
    ],
)
def test_pictures_and_links_are_found(html, n_without_alt, links):
    found = read_markup(html)
    assert found.n_without_alt == n_without_alt
    assert [link for link in found.links if link] == [link for link in links if link]


@pytest.mark.parametrize(
    "piece",
    ["<a", '<a "', "<a '", "<img ", "<!--", "<a href=", '<img alt="', "<a<a ", "-->", "<a \"'"],
)
def test_no_text_takes_longer_than_its_length(piece):
    """Ten times the text may take ten times as long; going back and forth would take a hundred."""
    times = []
    for length in (HOSTILE_LENGTH // 10, HOSTILE_LENGTH):
        text = piece * (length // len(piece))
        began = time.process_time()
        read_markup(text)
        times.append(time.process_time() - began)
    assert times[1] < 40 * max(times[0], 0.01)


def test_the_benchmark_of_combinations_renders_what_it_measures():
    found = templates(4)
    assert found.n == 4
    assert not any(found.violations.values())
    assert found.figures["renderings"] == 8
