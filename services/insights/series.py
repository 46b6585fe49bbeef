"""Braze's own numbers: small multiples, rates, totals by variation, and how they agree with ours.

Braze repeats days in later fetches, with counts that still grew: the newest fetch of a day counts.
It gives some numbers for the whole campaign and others by channel and variation; each kind is taken
from one level only, so nothing is counted twice. Revenue is in US dollars, whatever ours is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

import numpy as np
import pandas as pd
import pyarrow as pa

from services.messages import Message, msg, msgn

Unit = Literal["count", "share", "money"]

_KEYS = ["source", "source_id", "variation_id", "variation_name", "step", "channel", "counter"]
CONTROL = "Control Group"  # what Braze calls its own control; ours is the only one there should be
_OF = {
    ("email", "delivered"): msg("delivered emails"),
    ("email", "sent"): msg("sent emails"),
    ("push", "delivered"): msg("delivered pushes"),
    ("push", "sent"): msg("sent pushes"),
}


@dataclass(frozen=True)
class Multiple:
    """One number of Braze by day. `frame`: columns day, value; `total` over the days shown.

    For a share `total` is that of the sums, not the mean of the days' shares, and `of` names
    the messages it is a share of.
    """

    key: str
    name: Message
    unit: Unit
    frame: pd.DataFrame
    last: float
    total: float
    of: tuple[Message, ...] = ()


@dataclass(frozen=True)
class Reconciled:
    """One step as Braze and as Anneal count it. None = only the other side can know.

    `key` never changes; `why` None = the two agree.
    """

    key: str
    step: Message
    braze: int | None
    anneal: int | None
    why: Message | None
    explained: bool


@dataclass(frozen=True)
class OwnCounts:
    """Anneal's side, over the same days: messages by what became of them, and outcomes seen."""

    accepted: int
    in_doubt: int
    outcomes: int | None = None


def newest(series: pa.Table, since: date | None = None, until: date | None = None) -> pd.DataFrame:
    """Each counter of each day once, as the last fetch has it.

    series  rows in the order they were fetched (`lake.read` gives them so); days inclusive
    """
    columns = [*_KEYS, "day", "value"]
    if series.num_rows == 0:
        return pd.DataFrame(columns=columns)
    frame = series.select(columns).to_pandas()
    frame[_KEYS] = frame[_KEYS].fillna("")
    frame = frame.drop_duplicates([*_KEYS, "day"], keep="last")
    if since is not None:
        frame = frame[frame["day"] >= since]
    if until is not None:
        frame = frame[frame["day"] <= until]
    ordered: pd.DataFrame = frame.sort_values(["day", *_KEYS], ignore_index=True)
    return ordered


def multiples(series: pd.DataFrame) -> tuple[Multiple, ...]:
    """What is worth a small picture, in the order of a message's life; only what Braze has.

    series  from `newest`
    """
    found = [
        _count("sent", msg("Sent"), _by_channel(series, ["sent"])),
        _count("delivered", msg("Delivered"), _by_channel(series, ["delivered"])),
        _rate("opened", msg("Opened"), series, ["unique_opens", "direct_opens"], "email", "push"),
        _rate("clicked", msg("Clicked"), series, ["unique_clicks"], "email"),
        _rate("unsubscribed", msg("Unsubscribed"), series, ["unsubscribes"], "email"),
        _rate("spam", msg("Reported as spam"), series, ["reported_spam"], "email"),
        _count("conversions", msg("Conversions"), _overall(series, "conversions")),
        _count("revenue", msg("Revenue in US dollars"), _overall(series, "revenue"), "money"),
        _size(series),
    ]
    return tuple(multiple for multiple in found if multiple is not None)


def by_variation(series: pd.DataFrame) -> pd.DataFrame:
    """Totals of each channel counter by source and variation: one row each, counters as columns."""
    rows = series[(series["channel"] != "")]
    if rows.empty:
        return pd.DataFrame(columns=["source", "source_id", "variation_name", "channel"])
    keys = ["source", "source_id", "variation_name", "channel"]
    table: pd.DataFrame = rows.pivot_table(
        index=keys, columns="counter", values="value", aggfunc="sum", fill_value=0.0
    ).reset_index()
    table.columns.name = None
    return table


def sent_by_day(series: pd.DataFrame) -> pd.Series[float]:
    """Messages Braze says it sent, by day, over all channels and targets."""
    return _by_channel(series, ["sent"])


def has_control_group(series: pd.DataFrame) -> bool:
    """Whether Braze holds people back by itself, which spoils our own control."""
    return bool((series["variation_name"] == CONTROL).any())


def reconcile(series: pd.DataFrame, own: OwnCounts) -> tuple[Reconciled, ...]:
    """Braze's totals beside ours, each difference with its reason.

    A difference that doubts and late arrivals cannot explain is marked as not explained.
    """
    rows = [_sent(_total(sent_by_day(series)), own)]
    for key, step, counter, channels in (
        ("delivered", msg("Delivered"), "delivered", ()),
        ("emails_opened", msg("Emails opened"), "unique_opens", ("email",)),
        ("pushes_opened", msg("Pushes opened"), "direct_opens", ("push",)),
        ("emails_clicked", msg("Emails clicked"), "unique_clicks", ("email",)),
        ("unsubscribed", msg("Unsubscribed"), "unsubscribes", ("email",)),
    ):
        value = _total(_by_channel(series, [counter], *channels))
        if value is not None:
            rows.append(Reconciled(key, step, value, None, msg("Only Braze sees this."), True))
    converted = _total(_overall(series, "conversions"))
    if converted is not None or own.outcomes is not None:
        rows.append(
            Reconciled(
                "outcomes",
                msg("Outcomes"),
                converted,
                own.outcomes,
                msg(
                    "Braze counts by its own conversion window and only people it messaged; Anneal"
                    " counts every group."
                ),
                True,
            )
        )
    return tuple(rows)


def _sent(braze: int | None, own: OwnCounts) -> Reconciled:
    why, explained = _why_sent(braze, own)
    return Reconciled("sent", msg("Sent"), braze, own.accepted, why, explained)


def _why_sent(braze: int | None, own: OwnCounts) -> tuple[Message | None, bool]:
    if braze is None:
        return msg("Braze has not reported it yet."), True
    gap = braze - own.accepted
    if gap == 0:
        return None, True
    if 0 < gap <= own.in_doubt:
        return msgn("{n} message was in doubt.", "{n} messages were in doubt.", gap), True
    if gap < 0:
        return msg(
            "Braze drops people by its own rules after it has accepted them, or still counts."
        ), True
    return msg("Somebody else sends through the same campaign, or a test was sent."), False


def _by_channel(series: pd.DataFrame, counters: list[str], *channels: str) -> pd.Series[float]:
    rows = series[(series["channel"] != "") & series["counter"].isin(counters)]
    if channels:
        rows = rows[rows["channel"].isin(_named(rows, channels))]
    return rows.groupby("day")["value"].sum()


def _named(series: pd.DataFrame, kinds: Sequence[str]) -> list[str]:
    """Braze's channels of these kinds: "push" is `ios_push`, `android_push` and `web_push`."""
    return [name for name in series["channel"].unique() if any(kind in name for kind in kinds)]


def _overall(series: pd.DataFrame, counter: str) -> pd.Series[float]:
    whole = (series["channel"] == "") & (series["variation_id"] == "") & (series["step"] == "")
    rows = series[whole & (series["counter"] == counter) & (series["source"] != "segment")]
    return rows.groupby("day")["value"].sum()


def _size(series: pd.DataFrame) -> Multiple | None:
    rows = series[(series["source"] == "segment") & (series["counter"] == "size")]
    sizes = rows.groupby("day")["value"].sum()
    if sizes.empty:
        return None
    last = float(sizes.iloc[-1])
    return Multiple("size", msg("People in the segments"), "count", _frame(sizes), last, last)


def _count(
    key: str, name: Message, values: pd.Series[float], unit: Unit = "count"
) -> Multiple | None:
    if values.empty or values.sum() == 0:
        return None
    return Multiple(key, name, unit, _frame(values), float(values.iloc[-1]), float(values.sum()))


def _rate(
    key: str, name: Message, series: pd.DataFrame, counters: list[str], *kinds: str
) -> Multiple | None:
    """Of delivered messages; of sent ones on channels for which Braze counts no delivery.

    Each channel's answers stand over its own messages only. Braze counts an answer on the day it
    comes: a day with more answers than messages answers earlier days and has no rate of its own.
    """
    hits = base = pd.Series(dtype=float)
    of: dict[str, Message] = {}
    for kind in kinds:
        for channel in _named(series, [kind]):
            mine = series[series["channel"] == channel]
            answers = _by_channel(mine, counters)
            counted = "delivered" if _by_channel(mine, ["delivered"]).sum() > 0 else "sent"
            messages = _by_channel(mine, [counted])
            messages = messages[messages > 0]
            if answers.empty or messages.empty:
                continue
            hits = hits.add(answers.reindex(messages.index, fill_value=0.0), fill_value=0.0)
            base = base.add(messages, fill_value=0.0)
            of[f"{kind} {counted}"] = _OF[kind, counted]
    hits, base = hits[hits <= base], base[hits <= base]
    if base.empty:
        return None
    shares = hits / base
    return Multiple(
        key,
        name,
        "share",
        _frame(shares),
        float(shares.iloc[-1]),
        float(hits.sum() / base.sum()),
        tuple(of.values()),
    )


def _frame(values: pd.Series[float]) -> pd.DataFrame:
    return pd.DataFrame({"day": list(values.index), "value": np.asarray(values, dtype=float)})


def _total(values: pd.Series[float]) -> int | None:
    return None if values.empty else round(float(values.sum()))
