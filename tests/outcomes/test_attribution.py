from outcome_world import moment

from services.experiment.model import Metric, MetricKind, MetricSource, SourceKind
from services.outcomes.attribution import attribute
from services.outcomes.collection import collect

ME = 1


def run(world, counts_by_day, last):
    """Snapshots from day 0 to `last`; counts_by_day: day number → ME's upgrades and last moment."""
    held = []
    for number in range(last + 1):
        if number in counts_by_day:
            count, at = counts_by_day[number]
            held = [(ME, "event", "upgrade", count, at)]
        world.snapshot(number, {ME: {}}, held)
    collect(world.database, world.lake, world.experiment, world.day(last))
    return attribute(world.database, world.lake, world.experiment, world.day(last))


def rewards(world):
    return {
        row["decision_id"]: (row["value"], row["state"])
        for row in world.lake.read("rewards", "e1").to_pylist()
    }


def test_an_event_belongs_to_the_latest_message_before_it(world):
    world.assign({ME: "personalised"})
    first, second = world.send(ME, 0), world.send(ME, 1, hour=15)
    run(world, {2: (1, moment(world.day(1), 16))}, 6)
    assert rewards(world) == {first: (0.0, "accepted"), second: (1.0, "accepted")}


def test_an_event_before_the_hour_of_the_message_belongs_to_the_one_before(world):
    world.assign({ME: "personalised"})
    first, second = world.send(ME, 0), world.send(ME, 1, hour=15)
    run(world, {2: (1, moment(world.day(1), 14))}, 6)
    assert rewards(world) == {first: (1.0, "accepted"), second: (0.0, "accepted")}


def test_an_event_after_the_window_belongs_to_nobody(world):
    world.assign({ME: "personalised"})
    sent = world.send(ME, 0, hour=9)
    run(world, {4: (1, moment(world.day(3), 9))}, 5)
    assert rewards(world) == {sent: (0.0, "accepted")}


def test_what_follows_a_decision_to_send_nothing_is_not_the_last_messages_doing(world):
    world.assign({ME: "personalised"})
    message, nothing = world.send(ME, 0), world.keep_quiet(ME, 1)
    run(world, {2: (1, moment(world.day(1), 18))}, 6)
    assert rewards(world) == {message: (0.0, "accepted"), nothing: (1.0, "skipped")}


def test_an_event_just_inside_the_window_counts(world):
    world.assign({ME: "personalised"})
    sent = world.send(ME, 0, hour=9)
    run(world, {4: (1, moment(world.day(3), 8))}, 5)
    assert rewards(world) == {sent: (1.0, "accepted")}


def test_rewards_close_after_window_and_grace_and_only_once(world):
    world.assign({ME: "personalised"})
    world.send(ME, 0)
    assert run(world, {}, 4).decision_days == ()
    world.snapshot(5, {ME: {}}, [])
    collect(world.database, world.lake, world.experiment, world.day(5))
    closed = attribute(world.database, world.lake, world.experiment, world.day(5))
    assert closed.decision_days == (world.day(0),)
    assert closed.n_rewards == 1
    again = attribute(world.database, world.lake, world.experiment, world.day(5))
    assert again.decision_days == ()


def test_doubtful_messages_stay_in_with_their_state_and_refused_ones_do_not(world):
    world.assign({ME: "personalised"})
    doubtful = world.send(ME, 0, state="unknown")
    world.send(ME, 1, state="rejected")
    run(world, {2: (1, moment(world.day(1), 23))}, 6)
    assert rewards(world) == {doubtful: (1.0, "unknown")}


def test_an_event_seen_after_closing_is_kept_aside_as_late(world):
    world.assign({ME: "personalised"})
    sent = world.send(ME, 0)
    run(world, {}, 5)
    world.snapshot(6, {ME: {}}, [(ME, "event", "upgrade", 1, moment(world.day(1)))])
    collect(world.database, world.lake, world.experiment, world.day(6))
    found = attribute(world.database, world.lake, world.experiment, world.day(6))
    assert found.n_late == 1
    assert rewards(world) == {sent: (0.0, "accepted")}
    late = world.lake.read("late_rewards", "e1").to_pylist()
    assert [(row["decision_id"], row["value"], row["late"]) for row in late] == [(sent, 1.0, True)]


def test_a_change_without_a_moment_cannot_belong_to_a_message_of_the_same_day(world):
    points = MetricSource(kind=SourceKind.ATTRIBUTE, name="points")
    metric = Metric(kind=MetricKind.CUSTOM, sources=(points,), window_days=3)
    world.experiment = world.experiment.model_copy(update={"metric": metric})
    world.assign({ME: "personalised"})
    first, second = world.send(ME, 0, hour=9), world.send(ME, 1, hour=0)
    for number in range(7):
        world.snapshot(number, {ME: {"attr:points": 0.0 if number == 0 else 7.0}}, [])
    collect(world.database, world.lake, world.experiment, world.day(6))
    attribute(world.database, world.lake, world.experiment, world.day(6))
    assert rewards(world) == {first: (7.0, "accepted"), second: (0.0, "accepted")}
