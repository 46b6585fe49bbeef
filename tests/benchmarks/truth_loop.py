"""One experiment in a sandbox world, played in one process: shipped parts, short ways between them.

What is the sandbox's own: the people, their hidden preferences, fatigue, bounces, when an order
comes, the orders that come by themselves. What is shipped code: the draw of groups, combinations
and who may get which, features, belief, draws, choices with their propensities, the assignment of
orders to messages, learning once a window is closed, the covariate, and every look.

Left out: HTTP, ledger, exports and their faults; attributes that move from day to day; the choice
of a rhythm (everybody is due every third day); the sandbox's own weekly newsletters, which all
groups get alike; people who join or leave.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pyarrow as pa

from services.audience.eligibility import channel_consent
from services.audience.features import fit, matrix
from services.decision.choosing import choose, choose_uniform, sample_draws
from services.decision.groups import draw_groups
from services.decision.learning import learn, prior
from services.decision.model import Reward
from services.experiment.combinations import allowed, eligible
from services.experiment.model import Group, MetricKind
from services.insights.look_rows import LOOKS
from services.insights.looks import GROUPS, People, take_look
from services.outcomes.attribution import match
from services.outcomes.metrics import VALUES
from services.outcomes.model import GRACE_DAYS
from services.sandbox.world.behaviour import ORDER, organic_day, responses, typical_basket
from services.sandbox.world.model import CHANNELS, World
from services.sandbox.world.people import DAY_S, populate
from services.sandbox.world.preferences import (
    FATIGUE_DAYS,
    Preferences,
    answered_share,
    probability,
)
from services.workflow.seeds import day_seed
from services.workflow.spaces import space_of
from tests.benchmarks.truth_world import LAUNCH, WATCHED_DAYS, days_of, experiment_of, export_of

DUE_EVERY_DAYS = 3
BOUNCED = {"email": 0.012, "sms": 0.012, "push": 0.003}  # of the world's behaviour


@dataclass(frozen=True)
class Played:
    """The primary comparison's look rows by day, and the true ratio up to each day."""

    looks: list[dict[str, object]]
    true_ratio: np.ndarray
    n_messages: int


def play(world: World, seed: int, *, n_people: int, days: int) -> Played:
    """Watch for four weeks, then run the experiment for `days` days."""
    return _Loop(world, seed, n_people, days).run()


class _Loop:
    def __init__(self, world: World, seed: int, n_people: int, days: int) -> None:
        self.world, self.days = world, days
        self.start_s = datetime.combine(LAUNCH, datetime.min.time(), UTC).timestamp()
        self.crowd = populate(world, n_people, seed, self.start_s, WATCHED_DAYS * 2)
        self.crowd.created_s[:n_people] = 0.0  # everybody was there before the watched weeks
        self.n = n_people
        self.experiment = experiment_of(world, seed)
        self.money = self.experiment.metric.kind is MetricKind.ARPU
        drawn = draw_groups(
            self.crowd.external_ids[:n_people], self.experiment.salt, self.experiment.groups
        )
        self.group = np.array([GROUPS.index(g) for g in drawn], np.int8)
        self.combinations = allowed(self.experiment, LAUNCH)
        self.space = space_of(self.combinations)
        self.table = export_of(world, self.crowd, n_people)
        consent = channel_consent(self.table, world.sms_attribute)
        self.may = eligible(self.combinations, self.experiment, self.table, consent)
        self.spec = fit(self.table)
        self.features = matrix(self.spec, self.table)
        self._read_options()
        self.events: list[np.ndarray] = []  # orders
        self.sent: list[dict[str, np.ndarray]] = []
        self.n_sent = 0
        self.fatigue, self.fatigue_at = np.zeros(n_people), np.full(n_people, -np.inf)
        rate = self.crowd.organic_a_week[:n_people]
        self.worth = np.ones(n_people)
        if self.money:
            self.worth = typical_basket(world, self.crowd, np.arange(n_people))
            prices = sum(p.share * p.price_factor for p in world.products)
            self.worth = self.worth * prices / sum(p.share for p in world.products)
            self.worth = self.worth * np.exp(world.basket_spread**2 / 2)
        self.organic_a_day = float((rate * self.worth).mean()) / 7

    def _read_options(self) -> None:
        values = {
            d.key: {o.key: o.value for o in d.options} for d in self.experiment.send_dimensions
        }
        named = [self.combinations.named(i) for i in range(len(self.combinations))]
        chosen = [{k: values[k][v] for k, v in one.items()} for one in named]
        preferences = Preferences(self.world, self.crowd)
        kept = ("channel", "hour")
        encoded = [
            preferences.encode({k: v for k, v in one.items() if k not in kept}) for one in chosen
        ]
        self.channel = np.array([CHANNELS.index(one["channel"]) for one in chosen], np.int8)
        self.hour = np.array([int(one["hour"]) for one in chosen], np.int8)
        self.basket = np.array([e.basket_factor for e in encoded])
        self.logits = preferences.logits(
            np.arange(self.n),
            np.array([e.options for e in encoded], np.int16),
            np.array([e.strange for e in encoded]),
            self.channel,
            self.hour,
        )

    def run(self) -> Played:
        window = self.experiment.metric.window_days
        reward = Reward.REVENUE if self.money else Reward.BINARY
        base = float(np.mean(self.crowd.organic_a_week[: self.n])) * window / 7
        belief = prior(
            self.space, self.spec.names, base, reward=reward, attributes=self.spec.attributes
        )
        for back in range(WATCHED_DAYS, 0, -1):
            self._organic(-back)
        for number in range(self.days):
            day = LAUNCH + timedelta(days=number)
            closed = number - window - GRACE_DAYS - 1
            if closed >= 0:
                belief = self._learnt(belief, closed)
            self._send(belief, number, day)
            self._organic(number)
        return Played(self._looks(), self._true_ratio(), self.n_sent)

    def _organic(self, number: int) -> None:
        start = self.start_s + number * DAY_S
        found = organic_day(self.world, self.crowd, int(start // DAY_S), start)
        self.events.append(found[(found["kind"] == ORDER) & (found["person"] < self.n)])

    def _send(self, belief, number: int, day: date) -> None:
        """Decide for everybody who is due, send at each hour, and draw what follows."""
        due = np.arange(self.n) % DUE_EVERY_DAYS == number % DUE_EVERY_DAYS
        due &= self.may.any(axis=1)
        seed = day_seed(self.experiment, day)
        parts = []
        for group in (Group.PERSONALISED, Group.RANDOM):
            rows = np.flatnonzero(due & (self.group == GROUPS.index(group)))
            may = self.may[rows]
            if group is Group.RANDOM or not belief.learnt:
                made = choose_uniform(may, seed, people=rows)
            else:
                draws = sample_draws(belief, self.space, seed)
                made = choose(draws, self.space, self.features[rows], may, seed, people=rows)
            parts.append((rows, made.combination))
        rows = np.concatenate([part[0] for part in parts])
        combination = np.concatenate([part[1] for part in parts]).astype(np.int64)
        at = self.start_s + number * DAY_S + self.hour[combination] * 3600.0
        tired = self.fatigue[rows] * np.exp(-(at - self.fatigue_at[rows]) / FATIGUE_DAYS / DAY_S)
        logits = self.logits[rows, combination] - self.world.fatigue_logit * tired
        self.fatigue[rows], self.fatigue_at[rows] = tired + 1, at
        chance = probability(logits)
        for code, name in enumerate(CHANNELS):
            for hour in np.unique(self.hour):
                mine = np.flatnonzero(
                    (self.channel[combination] == code) & (self.hour[combination] == hour)
                )
                if not len(mine):
                    continue
                _, found = responses(
                    self.world,
                    self.crowd,
                    message=self.n_sent + mine,
                    rows=rows[mine],
                    chance=chance[mine],
                    lift=logits[mine] - self.world.base_logit,
                    basket_factor=self.basket[combination[mine]],
                    channel=name,
                    at_s=float(at[mine[0]]),
                    stream=0,
                    target=0,
                )
                self.events.append(found[found["kind"] == ORDER])
        reached = np.array([1 - BOUNCED[name] for name in CHANNELS])[self.channel[combination]]
        self.sent.append(
            {
                "rows": rows,
                "combination": combination,
                "at": at,
                "expected": chance * reached * self.worth[rows] * self._factor(combination),
            }
        )
        self.n_sent += len(rows)

    def _factor(self, combination: np.ndarray) -> np.ndarray:
        return self.basket[combination] if self.money else np.ones(len(combination))

    def _values(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Person, moment and value of every order so far."""
        orders = np.concatenate(self.events)
        value = orders["amount"] / 100 if self.money else np.ones(len(orders))
        return orders["person"].astype(np.int64), orders["at"].copy(), value

    def _learnt(self, belief, number: int):
        """Learn the messages of one day, once their window and the grace are over."""
        person, at, value = self._values()
        until = self.start_s + (number + 1 + self.experiment.metric.window_days) * DAY_S
        near = (at >= self.start_s + number * DAY_S) & (at < until + DAY_S)
        moments = pa.array(np.round(at[near] * 1e6).astype(np.int64))
        values = pa.table(
            {
                "person": person[near],
                "day": days_of(at[near]),
                "at": moments.cast(pa.timestamp("us", tz="UTC")),
                "value": value[near],
            },
            schema=VALUES,
        )
        window = self.experiment.metric.window_days
        later = self.sent[number : number + window + 1]
        sends = {key: np.concatenate([s[key] for s in later]) for key in ("rows", "at")}
        sent_at = pa.array(np.round(sends["at"] * 1e6).astype(np.int64))
        table = pa.table(
            {
                "decision_id": pa.array(np.arange(len(sends["rows"])).astype(str)),
                "person": sends["rows"],
                "send_at": sent_at.cast(pa.timestamp("us", tz="UTC")),
            }
        )
        got = match(values, table, window_days=window, zone="UTC")
        own = self.sent[number]
        reward = np.asarray(
            got.reindex([str(i) for i in range(len(own["rows"]))], fill_value=0.0), float
        )
        return learn(
            belief,
            self.space,
            self.features[own["rows"]],
            own["combination"],
            reward if self.money else np.minimum(reward, 1.0),
            LAUNCH + timedelta(days=number),
            names=self.spec.names,
            attributes=self.spec.attributes,
        )

    def _looks(self) -> list[dict[str, object]]:
        person, at, value = self._values()
        number = np.floor((at - self.start_s) / DAY_S).astype(int)
        early, late = number < 0, (number >= 0) & (number < self.days)
        covariate = np.bincount(person[early], weights=value[early], minlength=self.n)
        keys, place = np.unique(number[late] * self.n + person[late], return_inverse=True)
        outcomes = pa.table(
            {
                "person": keys % self.n,
                "day": days_of(self.start_s + (keys // self.n) * DAY_S),
                "metric": ["primary"] * len(keys),
                "value": np.bincount(place, weights=value[late]),
            }
        )
        people = People(
            np.arange(self.n),
            self.group,
            np.full(self.n, np.datetime64(LAUNCH)),
            {"primary": covariate},
            {},
        )
        past = LOOKS.empty_table()
        for n in range(self.days):
            day = LAUNCH + timedelta(days=n)
            look = take_look(self.experiment, people, outcomes, past, first_day=LAUNCH, day=day)
            past = pa.concat_tables([past, look])
        return [
            row
            for row in past.to_pylist()
            if (row["comparison"], row["metric"]) == ("personalised/holdout", "primary")
        ]

    def _true_ratio(self) -> np.ndarray:
        """Expected total a person under the messages that went out, over that without any."""
        rhythm = np.array(self.world.weekday_rhythm)
        weekday = (np.arange(self.days) + LAUNCH.weekday()) % 7
        organic = np.cumsum(self.organic_a_day * rhythm[weekday])
        personalised = self.group == GROUPS.index(Group.PERSONALISED)
        gained = np.zeros(self.days)
        for own in self.sent:
            mine = personalised[own["rows"]]
            at, expected = own["at"][mine], own["expected"][mine]
            for hour in np.unique(at):
                amount = expected[at == hour].sum()
                ends = self.start_s + (np.arange(self.days) + 1) * DAY_S - hour
                gained += amount * np.array([answered_share(e) if e > 0 else 0.0 for e in ends])
        return np.asarray(1 + gained / personalised.sum() / organic)
