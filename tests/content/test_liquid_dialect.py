"""Templates render as in Braze; what is broken or hostile becomes a notice, never an exception."""

from __future__ import annotations

import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.content.liquid import MAX_OUTPUT_BYTES, render
from services.content.rendered import NoticeKind

PROFILE = {
    "external_id": "u1",
    "country": "SE",
    "email_subscribe": "opted_in",
    "custom_attributes": {
        "n": 5,
        "tier": "gold",
        "postal code": "111 20",
        "address": {"city": "Ulm"},
        "brands": ["Fjord", "Alta"],
        "nothing": None,
        "blanks": "  ",
        "flat.name": "whole",
    },
}


def rendered(source, properties=None, **more):
    return render(source, profile=PROFILE, properties=properties or {}, **more)


def text(source, properties=None, **more):
    result = rendered(source, properties, **more)
    assert not result.failed, result.notices
    return result.text


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("{{${country}}}", "SE"),
        ("{{ ${country} }}", "SE"),
        ("{{${user_id}}}", "u1"),
        ("{{custom_attribute.${postal code}}}", "111 20"),
        ("{{custom_attribute.${address.city}}}", "Ulm"),
        ("{{custom_attribute.${address}.city}}", "Ulm"),
        ("{{custom_attribute.${flat.name}}}", "whole"),
        ("{{custom_attribute.${brands}[1]}}", "Alta"),
        ("{{custom_attribute.${brands} | join: ' & '}}", "Fjord & Alta"),
        ("{% if custom_attribute.${n} > 1 %}y{% endif %}", "y"),
        ("{% if {{custom_attribute.${n}}} > 1 %}y{% endif %}", "y"),
        ("{% if {{custom_attribute.${n}}} > 1 and {{${country}}} == 'SE' %}y{% endif %}", "y"),
        ("{% assign t = {{custom_attribute.${tier}}} %}{{t | upcase}}", "GOLD"),
        ("{% assign t = {{${first_name} | default: 'you'}} %}{{t}}", "you"),
        ("{% case custom_attribute.${tier} %}{% when 'gold' %}G{% endcase %}", "G"),
        ("{%- if ${country} == 'SE' -%} a {%- endif -%}", "a"),
        ("{% raw %}{{${x}}}{% endraw %}", "{{${x}}}"),
        ("{{subscribed_state.${email_global}}}", "opted_in"),
        ("{{campaign.${dispatch_id}}}", "dispatch_id_for_unsent_campaign"),
        ("costs $ {100} and {this}", "costs $ {100} and {this}"),
    ],
)
def test_values_are_named_as_braze_names_them(source, expected):
    assert text(source) == expected


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("[{{${first_name}}}]", "[]"),
        ("{{${first_name} | default: 'friend'}}", "friend"),
        ("{{custom_attribute.${nothing} | default: 'x'}}", "x"),
        ("{{custom_attribute.${blanks} | default: 'x'}}", "  "),
        ("{% if ${first_name} == blank %}b{% endif %}", "b"),
        ("{% if custom_attribute.${blanks} == blank %}b{% endif %}", "b"),
        ("{% if ${country} != blank %}c{% endif %}", "c"),
        ("{% if ${first_name} == nil %}n{% endif %}", "n"),
        ("{% if ${first_name} %}a{% else %}b{% endif %}", "b"),
        ("{% unless ${first_name} == blank %}a{% endunless %}", ""),
        ("{% if ${first_name} > 3 %}a{% else %}b{% endif %}", "b"),
        ("{% if ${country} > 3 %}a{% else %}b{% endif %}", "b"),
        ("{% if custom_attribute.${n} contains 'x' %}a{% else %}b{% endif %}", "b"),
    ],
)
def test_what_is_missing_is_empty_and_no_comparison_fails(source, expected):
    assert text(source) == expected


def test_properties_belong_to_the_campaign_or_to_the_canvas():
    source = "{{api_trigger_properties.${o}}}|{{canvas_entry_properties.${o}}}|{{context.${o}}}"
    assert text(source, {"o": "x"}) == "x||"
    assert text(source, {"o": "x"}, canvas=True) == "|x|x"


def test_a_value_printed_without_one_is_named_as_the_marketer_wrote_it():
    result = rendered(
        "{{api_trigger_properties.${offer}}}{{${first_name}}}{{custom_attribute.${gone}}}"
    )
    assert result.missing == (
        "${first_name}",
        "api_trigger_properties.${offer}",
        "custom_attribute.${gone}",
    )


def test_a_default_or_a_condition_is_no_missing_value():
    source = "{{${first_name} | default: 'x'}}{% if ${last_name} %}{{${last_name}}}{% endif %}"
    assert rendered(source).missing == ()


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("{{ 145 | money }}", "145.00"),
        ("{{ '7.5' | money }}", "7.50"),
        ("{{ 'a b&c' | url_param_escape }}", "a%20b%26c"),
        ("{{ 5 | divided_by: 2 }}", "2"),
        ("{{ 1234567 | number_with_delimiter }}", "1,234,567"),
        ("{{ 'a' | md5 }}", "0cc175b9c0f1b6a831c399e269772661"),
        ("{{ 'a' | sha1 }}", "86f7e437faa5a7fce15d1ddcb9eaeaea377667b8"),
        ("{{ 'a' | hmac_sha1_hex: 'k' | size }}", "40"),
        ("{{ 'now' | date: '%Y' }}", ""),
        ("{{ '2026-11-02' | date: '%d.%m.%Y' }}", "02.11.2026"),
    ],
)
def test_filters_do_what_they_do_in_braze(source, expected):
    assert text(source) == expected


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("{% abort_message('too early') %}x", "too early"),
        ("x{% abort_message() %}", "{% abort_message %} called"),
        ("x{% abort_message %}", "{% abort_message %} called"),
        ("{% if ${first_name} == blank %}{% abort_message('no name') %}{% endif %}", "no name"),
    ],
)
def test_a_template_may_stop_a_message(source, reason):
    result = rendered(source)
    assert result.aborted
    assert result.text == ""
    assert result.notices[0].what.values["reason"] == reason


def test_nothing_is_fetched_and_the_gap_is_said():
    source = (
        "{% connected_content https://x.example/{{${user_id}}} :save r %}{{r.title}}"
        "{% catalog_items Shoes 41 %}{{items[0].title}}ok"
    )
    result = rendered(source)
    assert result.text == "ok"
    kinds = {(n.kind, n.name) for n in result.notices}
    assert kinds == {
        (NoticeKind.NOT_FETCHED, "connected_content"),
        (NoticeKind.NOT_FETCHED, "catalog_items"),
    }


def test_content_blocks_nest_once_and_the_third_level_vanishes():
    blocks = {
        "One": "1{{content_blocks.${Two}}}",
        "Two": "2{{content_blocks.${Three}}}",
        "Three": "3",
        "Me": "m{{content_blocks.${Me}}}",
    }
    assert text("{{content_blocks.${One}}}", content_blocks=blocks) == "12"
    assert text("{{ content_blocks.${Me} }}", content_blocks=blocks) == "mm"
    assert "Gone" in str(rendered("{{content_blocks.${Gone}}}").notices[0].what)


@pytest.mark.parametrize(
    "source",
    [
        "{{ x",
        "{% if %}",
        "{% if x %}",
        "{{${tier}",
        "{{ 'a' | camelize }}",
        "{% include 'x' %}",
        "{% render '/etc/passwd' %}",
        "{{ 1 | divided_by: 0 }}",
        "{{${a\"'b}}}",
        "{% endif %}",
        "{% unknown_tag %}",
        "{{ {{${x}}} }}",
        "{% break %}",
    ],
)
def test_a_broken_template_is_shown_as_it_stands_with_a_sentence(source):
    result = rendered(source)
    assert result.failed
    assert result.text == source


DOUBLED = (
    "{% assign a = 'xxxxxxxxxx' %}{% for i in (1..N) %}{% assign a = a | append: a %}{% endfor %}"
)


@pytest.mark.parametrize(
    "source",
    [
        "{% for i in (1..3000000) %}x{% endfor %}",
        "{% for i in (1..9000) %}{% for j in (1..9000) %}x{% endfor %}{% endfor %}",
        "{{ (1..99999999) | join: 'x' }}",
        DOUBLED.replace("N", "60"),
        DOUBLED.replace("N", "12") + "{% assign b = a | replace: 'x', a %}{{ b }}",
        "{% if a %}" * 60 + "{% endif %}" * 60,
        "{% assign a = 9 %}{% for i in (1..60) %}{% assign a = a | times: a %}{% endfor %}{{a}}",
    ],
)
def test_a_template_that_does_too_much_is_stopped_at_once(source):
    tracemalloc.start()
    result = rendered(source)
    peak_bytes = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert result.failed or len(result.text) <= MAX_OUTPUT_BYTES
    assert peak_bytes < 20 * MAX_OUTPUT_BYTES  # without limits: gigabytes


@pytest.mark.parametrize(
    "name", ['x"] | append: "y', "x'] }} {{ 'pwned", "__class__", "a]b", "%} {% x"]
)
def test_a_name_stays_a_name_whatever_it_contains(name):
    result = rendered("{{custom_attribute.${" + name + "}}}")
    assert "pwned" not in result.text or result.failed
    assert result.failed or result.text == ""


PIECES = ["{{", "}}", "{%", "%}", "${", "}", "if ", "endif", "x", "'", '"', "|", ":", ".", "-"]
PIECES += ["default", "custom_attribute.", "assign a = ", " == blank", "for i in (1..3)", "\\", "é"]


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.sampled_from(PIECES),
        max_size=14,
    ).map("".join)
)
def test_no_text_at_all_makes_the_page_fail(source):
    assert isinstance(rendered(source).text, str)
