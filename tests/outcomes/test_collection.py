from datetime import timedelta

from outcome_world import PaperWorld, moment

from services.experiment.model import Metric, MetricKind, MetricSource, SourceKind
from services.outcomes.collection import collect

ME, YOU = 1, 2


def quiet_days(world: PaperWorld, first: int, last: int, counts, people=(ME, YOU)) -> None:
    for number in range(first, last + 1):
        world.snapshot(number, {person: {"total_revenue": 0.0} for person in people}, counts)


def test_a_rise_of_a_count_is_an_outcome_on_the_day_of_its_last_event(world):
    world.assign({ME: "personalised", YOU: "holdout"})
    world.snapshot(0, {ME: {}, YOU: {}}, [(ME, "event", "upgrade", 5, moment(world.day(-9)))])
    after = [
        (ME, "event", "upgrade", 7, moment(world.day(1), 23)),
        (YOU, "event", "upgrade", 1, moment(world.day(2), 1)),
    ]
    quiet_days(world, 1, 1, [(ME, "event", "upgrade", 5, moment(world.day(-9)))])
    quiet_days(world, 2, 5, after)
    collect(world.database, world.lake, world.experiment, world.day(5))
    assert world.outcomes() == [(ME, 1, 2.0), (YOU, 2, 1.0)]


def test_a_day_is_final_48_hours_after_its_end_and_not_before(world):
    world.assign({ME: "personalised"})
    quiet_days(world, 0, 2, [], people=(ME,))
    assert collect(world.database, world.lake, world.experiment, world.day(2)).closed_days == ()
    quiet_days(world, 3, 3, [], people=(ME,))
    found = collect(world.database, world.lake, world.experiment, world.day(3))
    assert found.closed_days == (world.day(0),)


def test_collecting_twice_changes_nothing(world):
    world.assign({ME: "personalised"})
    quiet_days(world, 0, 0, [], people=(ME,))
    quiet_days(world, 1, 4, [(ME, "event", "upgrade", 1, moment(world.day(0), 20))], people=(ME,))
    collect(world.database, world.lake, world.experiment, world.day(4))
    parts = world.lake.parts("outcomes", "e1")
    again = collect(world.database, world.lake, world.experiment, world.day(4))
    assert again.closed_days == ()
    assert world.lake.parts("outcomes", "e1") == parts
    assert world.outcomes() == [(ME, 0, 1.0)]


def test_what_the_snapshot_of_the_entry_day_shows_came_before_entry(world):
    world.assign({ME: "personalised"})
    quiet_days(world, -1, -1, [], people=(ME,))
    quiet_days(world, 0, 4, [(ME, "event", "upgrade", 1, moment(world.day(0), 2))], people=(ME,))
    collect(world.database, world.lake, world.experiment, world.day(4))
    assert world.outcomes() == []
    entries = world.lake.read("entries", "e1").to_pylist()
    assert entries[0]["x:primary"] == 1.0


def test_a_count_that_falls_is_no_change_and_is_reported(world):
    world.assign({ME: "personalised"})
    quiet_days(world, 0, 0, [(ME, "event", "upgrade", 5, moment(world.day(-1)))], people=(ME,))
    quiet_days(world, 1, 1, [(ME, "event", "upgrade", 3, moment(world.day(-1)))], people=(ME,))
    assert collect(world.database, world.lake, world.experiment, world.day(1)).n_fallen == 1
    quiet_days(world, 2, 4, [(ME, "event", "upgrade", 4, moment(world.day(1), 15))], people=(ME,))
    collect(world.database, world.lake, world.experiment, world.day(4))
    assert world.outcomes() == [(ME, 1, 1.0)]


def test_more_than_twenty_at_once_is_kept_and_reported_as_suspicious(world):
    world.assign({ME: "personalised"})
    quiet_days(world, 0, 0, [], people=(ME,))
    quiet_days(world, 1, 1, [(ME, "event", "upgrade", 21, moment(world.day(0), 15))], people=(ME,))
    assert collect(world.database, world.lake, world.experiment, world.day(1)).n_suspicious == 1


def test_an_event_reported_late_is_placed_on_the_day_of_the_snapshot(world):
    world.assign({ME: "personalised"})
    quiet_days(world, 0, 2, [], people=(ME,))
    quiet_days(world, 3, 6, [(ME, "event", "upgrade", 1, moment(world.day(1)))], people=(ME,))
    collect(world.database, world.lake, world.experiment, world.day(6))
    assert world.outcomes() == [(ME, 3, 1.0)]


def test_a_missing_snapshot_delays_the_day_and_loses_nothing(world):
    world.assign({ME: "personalised"})
    quiet_days(world, 0, 0, [], people=(ME,))
    quiet_days(world, 4, 4, [(ME, "event", "upgrade", 1, moment(world.day(2)))], people=(ME,))
    found = collect(world.database, world.lake, world.experiment, world.day(4))
    assert found.closed_days == (world.day(0), world.day(1))
    quiet_days(world, 5, 5, [(ME, "event", "upgrade", 1, moment(world.day(2)))], people=(ME,))
    collect(world.database, world.lake, world.experiment, world.day(5))
    assert world.outcomes() == [(ME, 2, 1.0)]


def test_somebody_missing_from_one_export_is_compared_with_their_own_last_snapshot(world):
    world.assign({ME: "personalised", YOU: "holdout"})
    quiet_days(world, 0, 0, [(ME, "event", "upgrade", 3, moment(world.day(-4)))])
    quiet_days(world, 1, 1, [], people=(YOU,))
    quiet_days(world, 2, 5, [(ME, "event", "upgrade", 4, moment(world.day(1)))])
    collect(world.database, world.lake, world.experiment, world.day(5))
    assert world.outcomes() == [(ME, 1, 1.0)]


def test_revenue_is_placed_with_the_purchase_and_capped_a_day(world):
    metric = Metric(kind=MetricKind.REVENUE, cap=50.0)
    world.experiment = world.experiment.model_copy(update={"metric": metric})
    world.assign({ME: "personalised"})
    world.snapshot(0, {ME: {"total_revenue": 10.0}}, [])
    for number in range(1, 5):
        world.snapshot(
            number,
            {ME: {"total_revenue": 90.0}},
            [(ME, "purchase", "shoe", 2, moment(world.day(0), 18))],
        )
    collect(world.database, world.lake, world.experiment, world.day(4))
    assert world.outcomes() == [(ME, 0, 50.0)]
    assert world.outcomes("revenue_raw") == [(ME, 0, 80.0)]


def test_weighted_sums_and_attributes_count_as_change_since_entry(world):
    metric = Metric(
        kind=MetricKind.WEIGHTED,
        sources=(
            MetricSource(kind=SourceKind.EVENT, name="upgrade", weight=10),
            MetricSource(kind=SourceKind.EVENT, name="complaint", weight=-4),
            MetricSource(kind=SourceKind.ATTRIBUTE, name="points", weight=0.5),
        ),
    )
    world.experiment = world.experiment.model_copy(update={"metric": metric})
    world.assign({ME: "personalised"})
    world.snapshot(0, {ME: {"attr:points": 100.0}}, [])
    counts = [
        (ME, "event", "upgrade", 1, moment(world.day(1), 10)),
        (ME, "event", "complaint", 2, moment(world.day(1), 11)),
    ]
    world.snapshot(1, {ME: {"attr:points": 100.0}}, [])
    for number in range(2, 6):
        world.snapshot(number, {ME: {"attr:points": 108.0}}, counts)
    collect(world.database, world.lake, world.experiment, world.day(5))
    assert world.outcomes() == [(ME, 1, 2.0), (ME, 2, 4.0)]


def test_an_unsubscribe_is_counted_once_in_every_group(world):
    world.assign({ME: "personalised", YOU: "holdout"})
    world.snapshot(0, {ME: {"email_subscribe": "opted_in"}, YOU: {"email_subscribe": "subscribed"}})
    for number in range(1, 5):
        world.snapshot(
            number,
            {ME: {"email_subscribe": "unsubscribed"}, YOU: {"email_subscribe": "subscribed"}},
        )
    collect(world.database, world.lake, world.experiment, world.day(4))
    assert world.outcomes("unsubscribes") == [(ME, 1, 1.0)]


def test_days_are_those_of_the_experiments_zone(world):
    world.experiment = world.experiment.model_copy(update={"zone": "Asia/Seoul"})
    world.assign({ME: "personalised"})
    quiet_days(world, 0, 0, [], people=(ME,))
    late = moment(world.day(0), 23)
    quiet_days(world, 1, 5, [(ME, "event", "upgrade", 1, late)], people=(ME,))
    collect(world.database, world.lake, world.experiment, world.day(5))
    assert world.outcomes() == [(ME, 1, 1.0)]
    assert late.date() == world.day(1) - timedelta(days=1)


def test_a_persons_first_snapshot_is_only_a_starting_point(world):
    world.assign({ME: "personalised"})
    quiet_days(world, 0, 0, [], people=(ME,))
    world.assign({YOU: "holdout"}, entered=1)
    counts = [(YOU, "event", "upgrade", 9, moment(world.day(0)))]
    quiet_days(world, 1, 5, counts)
    collect(world.database, world.lake, world.experiment, world.day(5))
    assert world.outcomes() == []
