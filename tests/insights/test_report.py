from datetime import date

import pandas as pd
import pyarrow as pa
import pytest

from services.experiment.model import Experiment, Metric, MetricKind
from services.insights.lift import Moments, Readiness
from services.insights.lift import lift as compare
from services.insights.look_rows import LOOKS, look_row
from services.insights.model import Card, NotYet
from services.insights.report import lift_card, report

DAY, FIRST_DAY = date(2026, 3, 30), date(2026, 3, 2)
READY = Readiness(True, 200.0, 0, 0, 0, DAY)
WAITING = Readiness(False, 7.4, 13, 0, 900, date(2026, 4, 9))
UPSELL = Experiment(
    id="e1",
    version=1,
    name="Upsell",
    salt="0123456789abcdef",
    metric=Metric(kind=MetricKind.CONVERSION, noun="upgrades"),
)


def look(
    a=0.12, b=0.1, *, ready=True, segment="", p=1.0, comparison="personalised/holdout", **more
):
    first, second = Moments(16_000, a, a, a, 1900), Moments(2_000, b, b, b, 200)
    fields = {
        "day": DAY,
        "day_number": 29,
        "planned_days": 42,
        "comparison": comparison,
        "metric": "primary",
        "segment": segment,
        "a": first,
        "b": second,
        "theta": 0.0,
        "gain": 0.0,
        "r": 0.98,
        "c": 2.4,
        "p": p,
        "readiness": READY if ready else WAITING,
        "lift": compare(first, second, 2.4) if ready else None,
        "proved_on": None,
        "error": 0.07,
        "provable": 0.18,
        "uneven": False,
    }
    return look_row(**{**fields, **more})


def findings(*rows, **more):
    table = pa.Table.from_pylist(list(rows), schema=LOOKS)
    return {f.key: f for f in report(UPSELL, table, first_day=FIRST_DAY, **more)}


def test_a_proved_lift_is_said_with_its_interval():
    card = findings(look(0.13, 0.1))["lift"]
    assert isinstance(card, Card)
    assert "brought 30.0% more upgrades than no message" in str(card.sentence)
    assert "very likely between" in str(card.sentence)
    assert card.figures["low"] > 0


def test_no_clear_difference_is_never_called_no_difference():
    card = findings(look(0.101, 0.1))["lift"]
    assert isinstance(card, Card)
    assert str(card.sentence).startswith("No clear difference yet.")


def test_after_the_end_the_sentence_is_in_the_past():
    card = findings(look(0.101, 0.1), ended=True)["lift"]
    assert isinstance(card, Card)
    assert "was found" in str(card.sentence)


def test_a_loss_is_said_as_plainly_as_a_gain():
    card = findings(look(0.07, 0.1))["lift"]
    assert isinstance(card, Card)
    assert "fewer upgrades" in str(card.sentence)


def test_not_yet_says_what_is_in_and_when_to_expect_the_rest_and_no_number():
    finding = findings(look(ready=False))["lift"]
    assert isinstance(finding, NotYet)
    assert str(finding.waiting_for) == ("7 of about 20 outcomes of the smaller group are in.")
    assert finding.expected_on == date(2026, 4, 9)


def test_before_any_final_day_there_is_a_finding_that_waits():
    assert isinstance(lift_card(UPSELL, None, FIRST_DAY), NotYet)
    assert isinstance(findings()["lift"], NotYet)


def test_every_card_carries_a_definition_with_all_its_fields():
    card = findings(look())["lift"]
    assert isinstance(card, Card)
    for name in ("window", "uniqueness", "attribution", "exclusions", "freshness", "n", "method"):
        assert str(getattr(card.definition, name))
    assert "16,000 people" in str(card.definition.n)


def test_the_random_group_is_not_called_personalised():
    card = findings(look(), look(comparison="random/holdout"))["lift:random/holdout"]
    assert isinstance(card, Card)
    assert str(card.sentence).startswith("Random messages")


def test_only_segments_that_stay_clear_after_correction_are_named():
    strong = findings(look(), look(0.15, segment="plan=gold", p=1e-5), look(segment="plan=basic"))
    assert "plan: gold" in str(strong["segments"].sentence)
    weak = findings(look(), look(0.15, segment="plan=gold", p=0.09), look(segment="plan=basic"))
    assert str(weak["segments"].sentence) == "No segment stands out clearly yet."


def test_beyond_the_plan_and_a_difference_shown_earlier_are_warned_of():
    card = findings(look(0.101, 0.1, day_number=50, proved_on=date(2026, 3, 20)))["lift"]
    assert isinstance(card, Card)
    words = " ".join(str(warning) for warning in card.warnings)
    assert "Beyond the planned end" in words
    assert "2026-03-20" in words


@pytest.mark.parametrize(("clear", "words"), [(True, "works best"), (False, "clearly better")])
def test_a_cell_is_named_only_when_clear(clear, words):
    cells = pd.DataFrame(
        {
            "segment": ["gold"],
            "option": ["10% off"],
            "estimate": [0.3],
            "low": [0.1],
            "high": [0.5],
            "clear": [clear],
            "missing": [0],
        }
    )
    card = findings(look(), cells=cells, cells_until=DAY, n_random=400)["cells"]
    assert words in str(card.sentence)
