"""Client and sandbox know nothing of each other: every function of one, asked of the other."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import SecretStr

from services.braze.campaigns import campaign_details, campaign_series, list_campaigns
from services.braze.canvases import (
    canvas_details,
    canvas_series,
    canvas_summary,
    list_canvases,
)
from services.braze.client import BrazeClient
from services.braze.endpoints import PERMISSIONS
from services.braze.notes import noting
from services.braze.permissions import Result, check_permissions
from services.braze.scheduling import (
    Schedule,
    create_campaign_schedule,
    create_canvas_schedule,
    delete_campaign_schedule,
    delete_canvas_schedule,
    update_campaign_schedule,
    update_canvas_schedule,
)
from services.braze.segments import list_segments, segment_details, segment_series
from services.braze.sending import Recipient, trigger_campaign, trigger_canvas
from services.braze.sends import create_send_id, send_series
from services.braze.templates import (
    create_template,
    list_templates,
    template_info,
    update_template,
)
from services.braze.temporary import (
    TemporaryProfile,
    create_temporary,
    delete_users,
    temporary_id,
)
from services.braze.users import export_by_ids
from services.errors import DataError, Rejected
from tests.stage import FIRST_MOMENT, Stage, on_stage

TODAY = FIRST_MOMENT.date()


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with on_stage(tmp_path_factory.mktemp("braze"), people=300) as found:
        yield found


@pytest.fixture(scope="module")
def client(stage: Stage) -> Iterator[BrazeClient]:
    """A client whose key may do everything."""
    made = stage.control._ask("POST", "keys", {"permissions": [*PERMISSIONS.values()]})
    with BrazeClient(
        stage.sandbox.url, SecretStr(made["key"]), sandbox=True, clock=stage.console.clock
    ) as found:
        yield found


def go() -> None:
    """A guard that lets everything pass."""


def of(stage: Stage, kind: str, channel_key: str) -> str:
    return next(t["id"] for t in stage.control.world()[kind] if t["key"] == channel_key)


def known(client: BrazeClient, *ids: str) -> set[str]:
    return {u["external_id"] for u in export_by_ids(client, ids, ["external_id"]).users}


def test_a_key_with_everything_has_everything_of_ours_and_the_rest_too_many(client: BrazeClient):
    results = check_permissions(client)
    assert {r.name for r in results} == set(PERMISSIONS.values())
    assert not [r for r in results if r.result in (Result.MISSING, Result.NOT_TRIED)]
    assert sum(r.result is Result.EXCESS for r in results) == len(PERMISSIONS) - 19


def test_campaign_series_longer_than_a_request_come_whole(client: BrazeClient):
    first = TODAY - timedelta(days=249)
    with noting() as notes:
        rows = campaign_series(client, next(list_campaigns(client)).id, first, TODAY)
    days = sorted({r.day for r in rows})
    assert days == [first + timedelta(days=n) for n in range(250)]
    assert len({(r.day, r.counter, r.channel, r.variation_id) for r in rows}) == len(rows)
    assert sum(n.path == "/campaigns/data_series" for n in notes) == 3


def test_canvas_series_longer_than_a_request_come_whole_and_add_up_to_the_summary(
    client: BrazeClient,
):
    canvas = next(list_canvases(client)).id
    first = TODAY - timedelta(days=39)
    rows = canvas_series(client, canvas, first, TODAY)
    assert sorted({r.day for r in rows}) == [first + timedelta(days=n) for n in range(40)]
    since = TODAY - timedelta(days=13)
    summary = canvas_summary(client, canvas, since, TODAY)
    entries = sum(r.value for r in rows if r.counter == "entries" and r.day >= since and not r.step)
    assert sum(c.value for c in summary.counts if c.counter == "entries" and not c.step) == entries


def test_segment_sizes_come_once_a_day_up_to_today(client: BrazeClient):
    tracked = next(s for s in list_segments(client) if s.analytics_tracking_enabled)
    assert segment_details(client, tracked.id).name == tracked.name
    days = [d.day for d in segment_series(client, tracked.id, 150)]
    assert days == sorted(set(days))
    assert days[-1] == TODAY


def test_details_tell_what_lists_name(client: BrazeClient):
    campaign, canvas = next(list_campaigns(client)), next(list_canvases(client))
    assert campaign_details(client, campaign.id).name == campaign.name
    assert canvas_details(client, canvas.id).name == canvas.name
    for details in (campaign_details, canvas_details, segment_details):
        with pytest.raises(Rejected):
            details(client, "no such id")


def test_a_template_is_made_read_changed_and_listed(client: BrazeClient):
    made = create_template(client, "N", "S", "<p>B</p>", preheader="P")
    update_template(client, made, subject="Another")
    info = template_info(client, made)
    assert (info.name, info.subject, info.body, info.preheader) == ("N", "Another", "<p>B</p>", "P")
    assert made in {t.id for t in list_templates(client)}


def test_a_schedule_is_made_moved_and_taken_back(stage: Stage, client: BrazeClient):
    person = next(iter(known(client, *(f"coffee-{i:07d}" for i in range(20)))))
    later = Schedule(datetime(2027, 1, 4, 9, tzinfo=UTC))
    wall = Schedule(datetime(2027, 1, 5, 9), in_local_time=True)
    campaign = of(stage, "all_campaigns", "offer_email")
    canvas = of(stage, "all_canvases", stage.control.world()["all_canvases"][0]["key"])
    made = create_campaign_schedule(client, campaign, [Recipient(person)], later, guard=go)
    update_campaign_schedule(client, campaign, made.schedule_id, wall)
    delete_campaign_schedule(client, campaign, made.schedule_id)
    with pytest.raises(Rejected):
        delete_campaign_schedule(client, campaign, "00000000-0000-0000-0000-000000000000")
    other = create_canvas_schedule(client, canvas, [Recipient(person)], wall, guard=go)
    update_canvas_schedule(client, canvas, other.schedule_id, later)
    delete_canvas_schedule(client, canvas, other.schedule_id)
    assert made.schedule_id != other.schedule_id


def test_a_send_id_is_made_and_has_a_series_of_its_own(client: BrazeClient):
    campaign = next(c.id for c in list_campaigns(client) if c.is_api_campaign)
    assert create_send_id(client, campaign, "spring") == "spring"
    assert create_send_id(client, campaign)
    first = TODAY - timedelta(days=120)
    rows = send_series(client, campaign, "spring", first, TODAY)
    assert len({r.day for r in rows}) == 121
    assert sum(r.value for r in rows) == 0  # nothing was sent under it
    with pytest.raises(Rejected):
        send_series(client, campaign, "never made", TODAY, TODAY)


def test_what_is_sent_is_accepted_with_an_id(stage: Stage, client: BrazeClient):
    person = next(iter(known(client, *(f"coffee-{i:07d}" for i in range(20)))))
    campaign = of(stage, "all_campaigns", "offer_email")
    taken = trigger_campaign(client, campaign, [Recipient(person, {"offer": "x"})], guard=go)
    assert (len(taken.dispatch_id), taken.notice, taken.partial) == (32, "", False)
    canvas = next(list_canvases(client)).id
    assert len(trigger_canvas(client, canvas, [Recipient(person)], guard=go).dispatch_id) == 32


def test_a_test_profile_comes_and_goes_and_a_customer_stays(client: BrazeClient):
    ours, customer = temporary_id(), next(iter(known(client, "coffee-0000001", "coffee-0000002")))
    profile = TemporaryProfile(
        ours, email="somebody@shop.example", language="ko", country="KR", attributes={"tier": "a"}
    )
    assert known(client, ours) == set()
    made = create_temporary(client, [profile])
    assert (made.n_queued, made.errors) == (1, ())
    assert known(client, ours, customer) == {ours, customer}
    for ids in ([customer], [ours, customer]):
        with pytest.raises(DataError):
            delete_users(client, ids)
    assert known(client, ours, customer) == {ours, customer}
    assert delete_users(client, [ours]) == 1
    assert known(client, ours, customer) == {customer}
