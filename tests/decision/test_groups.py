from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.decision.groups import draw_groups, ramp_order
from services.errors import ExperimentError
from services.experiment.model import Group, Shares

IDS = [f"customer {i}" for i in range(20_000)]
SALT = "0123456789abcdef"


def test_groups_get_their_shares():
    shares = Shares(personalised=0.7, random=0.1, usual=0.05, holdout=0.15)
    counts = Counter(draw_groups(IDS, SALT, shares))
    for group in Group:
        share = shares.of(group)
        spread = (share * (1 - share) / len(IDS)) ** 0.5
        assert abs(counts[group] / len(IDS) - share) < 4 * spread


def test_the_draw_depends_on_the_person_and_the_salt_alone():
    groups = dict(zip(IDS, draw_groups(IDS, SALT, Shares()), strict=True))
    backwards = draw_groups(IDS[::-1], SALT, Shares())
    assert [groups[i] for i in IDS[::-1]] == backwards
    other = draw_groups(IDS, "another salt 1234", Shares())
    assert 0.2 < sum(a != b for a, b in zip(groups.values(), other, strict=True)) / len(IDS) < 0.5


def test_a_changed_share_moves_no_more_people_than_it_must():
    before = draw_groups(IDS, SALT, Shares(personalised=0.8, random=0.1, holdout=0.1))
    after = draw_groups(IDS, SALT, Shares(personalised=0.8, random=0.05, holdout=0.15))
    moved = sum(a != b for a, b in zip(before, after, strict=True)) / len(IDS)
    assert 0.04 < moved < 0.06


@settings(max_examples=50, deadline=None)
@given(st.text(min_size=1, max_size=40), st.sampled_from(list(Group)))
def test_a_share_of_one_takes_everybody(external_id, group):
    shares = Shares(**{other.value: float(other is group) for other in Group})
    assert draw_groups([external_id], SALT, shares) == [group]


def test_shares_that_do_not_add_up_are_refused():
    with pytest.raises(ExperimentError, match="90%"):
        draw_groups(IDS[:1], SALT, Shares(personalised=0.7))


def test_a_ramp_takes_people_by_their_id_alone_and_of_every_group_alike():
    first = [IDS[n] for n in ramp_order(IDS, SALT)[:2_000]]
    backwards = IDS[::-1]
    assert {backwards[n] for n in ramp_order(backwards, SALT)[:2_000]} == set(first)
    assert set(first) != set(IDS[:2_000])
    fewer = set(IDS) - set(first[:500])  # who entered yesterday is not asked about again
    rest = sorted(fewer)
    assert {rest[n] for n in ramp_order(rest, SALT)[:1_500]} == set(first[500:])
    counts = Counter(draw_groups(first, SALT, Shares()))
    for group in Group:
        share = Shares().of(group)
        spread = (share * (1 - share) / len(first)) ** 0.5
        assert abs(counts[group] / len(first) - share) <= 4 * spread
