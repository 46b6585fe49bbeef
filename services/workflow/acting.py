"""Answer the intents that pages file. One at a time, the urgent ones first."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import structlog

from services.bootstrap import Workplace
from services.errors import ConsoleError
from services.intents.model import Intent, IntentKind
from services.intents.store import fail, finish, take_next
from services.workflow import deeds
from services.workflow.confirming import confirm_audience
from services.workflow.rehearsing import rehearse
from services.workflow.sending_tests import test_send
from services.workflow.trying import render_combinations

Deed = Callable[[Workplace, Intent], Mapping[str, Any] | None]

DEEDS: Mapping[IntentKind, Deed] = {
    IntentKind.LAUNCH: deeds.launch,
    IntentKind.PAUSE: deeds.pause_sending,
    IntentKind.RESUME: deeds.resume_sending,
    IntentKind.END: deeds.end,
    IntentKind.REFRESH_CATALOGUE: deeds.refresh_everything,
    IntentKind.CHECK_CONNECTION: deeds.check_connection,
    IntentKind.REFRESH_AUDIENCE: deeds.export_audience,
    IntentKind.DISCOVER_ATTRIBUTES: deeds.discover,
    IntentKind.APPROVE_CONTENT: deeds.approve_content,
    IntentKind.RENDER_COMBINATIONS: render_combinations,
    IntentKind.TEST_SEND: test_send,
    IntentKind.ASK_BRAZE_NOW: deeds.ask_braze_now,
    IntentKind.NEXT_DAY: deeds.next_day,
    IntentKind.DRY_RUN: rehearse,
    IntentKind.CONFIRM_AUDIENCE: confirm_audience,
}
log = structlog.get_logger()


def act_on_next(place: Workplace) -> bool:
    """Take and do the next intent. True where there was one, done or failed."""
    console = place.console
    intent = take_next(console.database, console.clock)
    if intent is None:
        return False
    try:
        result = DEEDS[intent.kind](place, intent)
    except ConsoleError as problem:
        log.warning("intent failed", kind=intent.kind.value, why=str(problem))
        fail(console.database, console.clock, intent, problem)
    else:
        finish(console.database, console.clock, intent, result)
    return True
