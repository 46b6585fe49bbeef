"""Words, numbers and days in the reader's language."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pages.components import translate as tr
from services.messages import Message, Percent, msg, msgn

A_MOMENT = 1_795_300_000.0


@pytest.fixture(params=["en", "ko"])
def language(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr(tr, "language", lambda: request.param)
    return str(request.param)


@pytest.fixture
def english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tr, "language", lambda: "en")


@pytest.fixture
def korean(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tr, "language", lambda: "ko")


def test_a_negative_number_has_a_true_minus_and_zero_has_no_sign(language: str) -> None:
    assert tr.number(-1234) == "−1,234"
    assert tr.percent(-0.009, signed=True) == "−0.9%"
    assert tr.percent(0.0004, signed=True) == "0.0%"
    assert tr.percent(-0.0004, signed=True) == "0.0%"
    assert tr.number(5, signed=True) == "+5"


@settings(deadline=None, max_examples=50)
@given(share=st.floats(-5, 5))
def test_no_percentage_has_a_space_or_a_hyphen(share: float) -> None:
    patch = pytest.MonkeyPatch()
    patch.setattr(tr, "language", lambda: "en")
    try:
        text = tr.percent(share, signed=True)
    finally:
        patch.undo()
    assert text.endswith("%")
    assert " " not in text
    assert "-" not in text


@pytest.mark.usefixtures("english")
def test_english_puts_the_day_before_the_month() -> None:
    assert tr.day(date(2026, 10, 29)) == "29 Oct"
    assert tr.day("2026-10-29", year=True) == "29 Oct 2026"
    assert tr.long_day(date(2026, 11, 21)) == "Saturday 21 November"
    assert tr.hour(A_MOMENT, zone="Asia/Seoul") != tr.hour(A_MOMENT)


@pytest.mark.usefixtures("korean")
def test_korean_days_and_ages_are_korean() -> None:
    assert tr.day("2026-10-29") == "10월 29일"
    assert tr.ago(A_MOMENT - 20 * 3600, A_MOMENT) == "20시간 전"
    assert tr.interval("1.9%", "7.7%") == "1.9% ~ 7.7%"
    assert tr._("Experiments") == "실험"


@pytest.mark.usefixtures("english")
def test_the_age_of_something_is_said_in_words() -> None:
    assert tr.ago(A_MOMENT - 20 * 3600, A_MOMENT) == "20 hours ago"
    assert tr.ago(A_MOMENT, A_MOMENT) == "just now"


@pytest.mark.usefixtures("korean")
def test_a_service_s_sentence_is_translated_with_its_values() -> None:
    go = msg(
        "Go. A lift of {lift} can be proved in about {weeks} weeks.", lift=Percent(0.05), weeks=7
    )
    assert tr.say(go) == "시작해도 좋습니다. 5% 상승은 약 7주 안에 입증할 수 있습니다."
    inner = msg("Nothing is sent on {days}.", days=[msg("Monday"), msg("Friday")])
    assert tr.say(inner) == "발송하지 않는 요일: 월요일 및 금요일."


def test_numbers_in_a_service_s_sentence_are_written_for_reading(language: str) -> None:
    values = {
        "n": 12_000,
        "money": 1234.5,
        "whole": 40.0,
        "reach": 2.404,
        "lift": Percent(-0.0481, digits=1, signed=True),
    }
    told = tr.say(Message("{n} {money} {whole} {reach} {lift}", values))
    assert told == "12,000 1,234.5 40 2.4 −4.8%"


@settings(deadline=None, max_examples=60)
@given(
    held=st.one_of(st.integers(), st.floats(), st.text(), st.none(), st.booleans()),
    spec=st.sampled_from(["", ":.1%", ":+.0%", ":g", ":,", ":>8", ":nonsense"]),
)
def test_no_value_and_no_format_spec_keeps_a_sentence_from_being_said(
    held: object, spec: str
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tr, "language", lambda: "en")
        assert tr.say(Message("About {n" + spec + "} of it.", {"n": held})).startswith("About ")


@pytest.mark.usefixtures("english")
def test_a_plural_follows_its_number() -> None:
    assert tr.say(msgn("{n} person", "{n} people", 1)) == "1 person"
    assert tr.say(msgn("{n} person", "{n} people", 1200)) == "1,200 people"


@pytest.mark.usefixtures("korean")
def test_an_unknown_sentence_is_shown_in_english_rather_than_not_at_all() -> None:
    assert tr.say(Message("Nobody wrote this down in {n} catalogues.", {"n": 2})) == (
        "Nobody wrote this down in 2 catalogues."
    )


def test_money_has_its_sign_and_a_space(language: str) -> None:
    assert tr.money(4.2, "EUR") == "€\u00a04.20"
    assert tr.money(-4.2, "EUR") == "−€\u00a04.20"
