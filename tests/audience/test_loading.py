"""One day's export as facts: whole or not at all, once, and without anybody's name."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pyarrow.compute as pc
import pytest

from services.audience.columns import moments
from services.audience.loading import SizeChanged, refresh
from services.audience.model import DriftKind
from services.audience.store import erase, external_ids, surrogates
from services.braze.temporary import temporary_id
from services.errors import DataError

DAY = date(2026, 3, 4)


def profile(i: int, **more: object) -> dict[str, object]:
    return {
        "external_id": f"p{i}",
        "created_at": "2025-02-11T07:30:12.408Z",
        "email_subscribe": "opted_in",
        "random_bucket": i,
        "email": f"p{i}@example.com",
        "custom_attributes": {"tenure": i, "tier": "gold", "ignored": "x"},
        "custom_events": [{"name": "order", "count": i, "last": "2026-03-01T10:00:00.000Z"}],
        "purchases": [{"name": "latte", "count": 1, "first": "2026-01-01 10:00:00 UTC"}],
        "campaigns_received": [{"api_campaign_id": "c", "last_received": "2026-03-02T10:00:00Z"}],
        **more,
    }


@pytest.fixture
def load(paper, database, lake, clock):
    client = paper.client()

    def loaded(segments=("s",), attributes=("tenure", "tier"), extra=(), day=DAY, **more):
        return refresh(
            client, database, lake, "e", segments, attributes, extra, day, clock=clock, **more
        )

    yield loaded
    client.close()


def people_of(lake, day=DAY):
    return lake.read("snapshots", "e", since=day, until=day)


def test_an_export_becomes_three_tables_under_surrogates(paper, lake, load):
    paper.segments["s"] = [profile(1), profile(2)]
    assert load().n_people == 2
    table = people_of(lake)
    assert table["person"].to_pylist() == [1, 2]
    assert table["attr:tenure"].to_pylist() == [1.0, 2.0]
    assert table["country"].to_pylist() == [None, None]
    assert table["total_revenue"].to_pylist() == [0.0, 0.0]
    assert table["created_at"][0].as_py() == datetime(2025, 2, 11, 7, 30, 12, 408000, UTC)
    counters = lake.read("counters", "e")
    assert sorted(
        zip(*(counters[c].to_pylist() for c in ("person", "name", "count")), strict=True)
    ) == [
        (1, "latte", 1),
        (1, "order", 1),
        (2, "latte", 1),
        (2, "order", 2),
    ]
    assert lake.read("received", "e")["last_received"].null_count == 0


def test_names_are_asked_for_nowhere_and_kept_nowhere(paper, database, lake, load, tmp_path):
    paper.segments["s"] = [profile(1)]
    load()
    _, body = paper.asked[0]
    assert "email" not in body["fields_to_export"]
    assert body["custom_attributes_to_export"] == ["tenure", "tier"]
    kept = b"".join(f.read_bytes() for f in tmp_path.rglob("*") if f.is_file())
    assert b"example.com" not in kept
    assert b"ignored" not in kept


def test_a_day_is_kept_once(paper, lake, load):
    paper.segments["s"] = [profile(1)]
    first = load()
    paper.segments["s"] = [profile(1), profile(2)]
    assert load() == first
    assert people_of(lake).num_rows == 1


def test_somebody_in_two_segments_counts_once(paper, lake, load):
    paper.segments |= {"s": [profile(1), profile(2)], "t": [profile(2), profile(3), profile(3)]}
    assert load(("s", "t")).n_people == 3
    assert lake.read("counters", "e").num_rows == 6


def test_our_own_test_profiles_are_nobody_in_the_audience(paper, database, lake, load):
    ours = temporary_id()
    paper.segments["s"] = [profile(1), profile(2, external_id=ours), profile(3)]
    assert load().n_people == 2
    with database.read() as connection:
        assert sorted(external_ids(connection, people_of(lake)["person"].to_pylist()).values()) == [
            "p1",
            "p3",
        ]


def test_people_who_left_are_read_by_id_and_marked(paper, database, lake, load):
    paper.segments["s"] = [profile(1), profile(2)]
    load()
    paper.segments["s"], paper.gone = [profile(1)], [profile(2, total_revenue=9.5)]
    tomorrow = DAY + timedelta(days=1)
    loaded = load(extra=[1, 2], day=tomorrow)
    assert (loaded.n_people, loaded.n_left) == (1, 1)
    table = people_of(lake, tomorrow)
    assert table["in_audience"].to_pylist() == [True, False]
    assert table["total_revenue"].to_pylist() == [0.0, 9.5]
    assert "custom_attributes" not in paper.asked[-1][1]["fields_to_export"]


def test_an_empty_segment_is_said_and_nothing_kept(paper, lake, load):
    paper.segments["s"] = []
    with pytest.raises(DataError, match="Nobody is in"):
        load()
    assert lake.days("snapshots", "e") == []


def test_an_audience_that_shrinks_at_once_waits_for_a_person(paper, lake, load):
    paper.segments["s"] = [profile(i) for i in range(300)]
    load()
    paper.segments["s"] = paper.segments["s"][:200]
    tomorrow = DAY + timedelta(days=1)
    with pytest.raises(DataError, match="the last one had 300"):
        load(day=tomorrow)
    assert lake.latest_day("snapshots", "e") == DAY
    with pytest.raises(SizeChanged):
        load(day=tomorrow, confirmed_size=400)  # somebody has seen another number
    assert load(day=tomorrow, confirmed_size=205).n_people == 200


def test_customer_ids_that_are_addresses_are_not_stored_unasked(paper, database, load):
    paper.segments["s"] = [profile(1, external_id="jo@example.com")]
    with pytest.raises(DataError, match="email addresses"):
        load()
    with database.read() as connection:
        assert external_ids(connection, range(10)) == {}


def test_values_that_look_personal_are_held_back_and_counted(paper, lake, load):
    paper.segments["s"] = [profile(1, custom_attributes={"tier": "jo@example.com"}), profile(2)]
    assert load().held_back == {"tier": 1}
    assert people_of(lake)["attr:tier"].to_pylist() == [None, "gold"]


def test_after_a_crash_before_the_snapshot_nobody_lacks_counters(paper, lake, load, monkeypatch):
    paper.segments["s"] = [profile(1)]
    append = lake.append

    def crash(kind, *args, **more):
        if kind == "snapshots":
            raise KeyboardInterrupt
        return append(kind, *args, **more)

    monkeypatch.setattr(lake, "append", crash)
    with pytest.raises(KeyboardInterrupt):
        load()
    monkeypatch.undo()
    paper.segments["s"] = [profile(1), profile(2)]
    load()
    counters = lake.read("counters", "e")
    assert counters.num_rows == 4
    assert set(counters["person"].to_pylist()) == set(people_of(lake)["person"].to_pylist())


def test_an_erased_person_does_not_come_back(paper, database, lake, load):
    paper.segments["s"] = [profile(1), profile(2)]
    load()
    with database.write() as connection:
        assert erase(connection, [1], at=0.0) == 1
    load(day=DAY + timedelta(days=1))
    assert people_of(lake, DAY + timedelta(days=1))["person"].to_pylist() == [2]
    counters = lake.read("counters", "e", since=DAY + timedelta(days=1))
    assert counters["person"].to_pylist() == [2, 2]


def test_an_attribute_keeps_the_kind_it_had_and_yesterday_s_values_on_a_flip(paper, lake, load):
    paper.segments["s"] = [profile(i) for i in range(40)]
    assert load().drift == ()
    for p in paper.segments["s"]:
        p["custom_attributes"] = {"tenure": "many", "tier": "gold"}
    tomorrow = DAY + timedelta(days=1)
    (found,) = load(day=tomorrow).drift
    assert (found.attribute, found.kind, found.frozen) == ("tenure", DriftKind.TYPE, True)
    assert people_of(lake, tomorrow)["attr:tenure"].to_pylist() == [float(i) for i in range(40)]
    assert pc.sum(lake.read("snapshots", "e")["attr:tenure"]).as_py() == 2 * 780


@pytest.mark.parametrize(
    ("change", "kind"),
    [(lambda v: v * 100, DriftKind.SCALE), (lambda v: None, DriftKind.VANISHED)],
)
def test_another_unit_and_a_vanished_attribute_are_noticed(paper, lake, load, change, kind):
    paper.segments["s"] = [profile(i + 1) for i in range(40)]
    load()
    for p in paper.segments["s"]:
        own = p["custom_attributes"]
        own["tenure"] = change(own["tenure"])
    (found,) = load(day=DAY + timedelta(days=1)).drift
    assert (found.kind, found.frozen) == (kind, True)
    assert str(found.message())


def test_an_attribute_nobody_has_yet_gets_its_kind_when_somebody_does(paper, lake, load):
    paper.segments["s"] = [profile(1, custom_attributes={})]
    load()
    paper.segments["s"] = [profile(1)]
    load(day=DAY + timedelta(days=1))
    assert lake.read("snapshots", "e")["attr:tenure"].to_pylist() == [None, 1.0]


def test_all_of_brazes_spellings_of_a_moment_are_read():
    moment = datetime(2026, 3, 4, 9, 15, 22, 417000, UTC)
    spelt = [
        "2026-03-04T09:15:22.417Z",
        "2026-03-04 09:15:22.417 UTC",
        "2026-03-04T10:15:22.417+01:00",
        "2026-03-04T09:15:22.417",
    ]
    assert moments([*spelt, "yesterday", None, 7, ""]).to_pylist() == [moment] * 4 + [None] * 4


def test_a_number_is_given_once_and_never_again(database):
    with database.write() as connection:
        first = surrogates(connection, ["a", "b", "a"])
        erase(connection, [first["b"]], at=0.0)
        again = surrogates(connection, ["a", "b", "c"])
    assert again["a"] == first["a"]
    assert "b" not in again
    assert again["c"] not in first.values()
