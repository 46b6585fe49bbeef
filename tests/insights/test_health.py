from datetime import date, timedelta

import pyarrow as pa
import pytest

from services.experiment.model import Experiment
from services.insights.balance import Alarm, Balance
from services.insights.health import State, check_choices, checks
from services.insights.look_rows import LOOKS

DAY = date(2026, 3, 2)
EXPERIMENT = Experiment(id="e1", version=1, name="Upsell", salt="0123456789abcdef")


def assigned(personalised=800, random=100, holdout=100) -> pa.Table:
    groups = ["personalised"] * personalised + ["random"] * random + ["holdout"] * holdout
    n = len(groups)
    return pa.table(
        {"person": range(n), "grp": groups, "entered_on": pa.array([DAY] * n, pa.date32())}
    )


def by_key(table=None, today=DAY, looks=None, **more):
    found = checks(
        EXPERIMENT, table or assigned(), looks or LOOKS.empty_table(), today=today, **more
    )
    return {check.key: check for check in found}


def test_a_fair_draw_is_healthy():
    assert all(check.state is State.HEALTHY for check in by_key().values())


def test_a_lost_group_hides_the_lift_and_comes_first():
    found = checks(EXPERIMENT, assigned(holdout=5), LOOKS.empty_table(), today=DAY)
    assert (found[0].key, found[0].state, found[0].hides_lift) == ("groups", State.ACT, True)
    assert found[0].advice is not None


def test_nobody_assigned_yet_is_no_alarm():
    assert by_key(assigned(0, 0, 0))["groups"].state is State.HEALTHY


def test_outcomes_that_stopped_coming_are_worth_a_look():
    row = dict.fromkeys(LOOKS.names) | {"day": DAY, "segment": "", "uneven": False}
    looks = pa.Table.from_pylist([row], schema=LOOKS)
    assert by_key(looks=looks, today=DAY + timedelta(days=3))["freshness"].state is State.HEALTHY
    assert by_key(looks=looks, today=DAY + timedelta(days=9))["freshness"].state is State.LOOK


@pytest.mark.parametrize(
    ("counts", "state"),
    [({}, State.HEALTHY), ({"n_fallen": 3}, State.LOOK), ({"n_suspicious": 1}, State.LOOK)],
)
def test_counts_that_fall_or_jump_are_worth_a_look(counts, state):
    assert by_key(**counts)["counts"].state is state


@pytest.mark.parametrize(
    ("alarm", "state"),
    [(Alarm.FINE, State.HEALTHY), (Alarm.WARN, State.LOOK), (Alarm.PAUSE, State.ACT)],
)
def test_choices_are_judged_by_their_logged_chances(alarm, state):
    assert check_choices(Balance(1.0, alarm, [], [])).state is state
