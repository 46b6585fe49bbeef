import numpy as np
import pyarrow as pa
import pytest

from services.experiment.spending import critical_table
from services.insights.segments import (
    LEVELS,
    Segment,
    clear_ones,
    define_segments,
    members,
    segment_of,
    sequential_p,
)

ENTRIES = pa.table(
    {
        "person": list(range(300)),
        "country": ["DE"] * 150 + ["FR"] * 149 + [None],
        "language": ["de"] * 300,
        "attr:tenure": [float(i) for i in range(300)],
        "attr:gold": [i % 2 == 0 for i in range(300)],
        "x:primary": [0.0] * 300,
    }
)


def test_segments_are_common_values_and_thirds_at_round_limits():
    assert {segment.key for segment in define_segments(ENTRIES)} == {
        "country=DE",
        "country=FR",
        "tenure:..100",
        "tenure:100..200",
        "tenure:200..",
        "gold=true",
        "gold=false",
    }


def test_people_are_in_every_segment_they_match_and_unknowns_in_none():
    cuts = define_segments(ENTRIES)
    inside = dict(zip([c.key for c in cuts], members(cuts, ENTRIES).T, strict=True))
    assert inside["country=DE"].sum() == 150
    assert inside["country=FR"].sum() == 149
    assert not inside["country=DE"][299]
    assert inside["tenure:..100"].sum() == 100
    assert inside["gold=true"].sum() == 150


@pytest.mark.parametrize(
    "segment",
    [Segment("plan", value="a=b:c"), Segment("x:y", low=1.5), Segment("z", low=-3, high=0)],
)
def test_the_key_in_the_facts_gives_the_segment_back(segment):
    assert segment_of(segment.key) == segment


def test_labels_are_words():
    assert str(Segment("tenure", low=12, high=36).label) == "tenure 12 to 36"
    assert str(Segment("tenure", high=12).label) == "tenure under 12"


def test_the_p_value_is_the_level_whose_boundary_was_just_reached():
    r = [0.0, 0.7, 0.8]
    critical = critical_table(r, 30, LEVELS)[:, -1]
    for place in (5, 20, 30):
        found = sequential_p(-critical[place], r, 30, 1, 1.0)
        assert found == pytest.approx(LEVELS[place], rel=1e-6)


def test_the_p_value_never_rises_and_has_a_floor():
    r = [0.0, 0.7]
    assert sequential_p(0.1, r, 30, 1, 0.03) == 0.03
    assert sequential_p(50.0, r, 30, 1, 1.0) == pytest.approx(LEVELS[0])


def test_corrected_for_many_fewer_stand_out_than_alone():
    p = [0.001, 0.02, 0.03, 0.09, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0]
    assert list(np.flatnonzero(clear_ones(p))) == [0, 1, 2]
    assert clear_ones([]).tolist() == []


def false_discoveries(share_real: float, n_runs: int, seed: int) -> float:
    """Twenty segments, sixty looks, independent increments; share of false among the clear."""
    rng = np.random.default_rng(seed)
    n_segments, n_looks = 20, 60
    r = [0.0, *(np.sqrt((t - 1) / t) for t in range(2, n_looks + 1))]
    table = critical_table(r, n_looks, LEVELS)
    days = np.arange(1, n_looks + 1)
    found = []
    for _ in range(n_runs):
        real = rng.random(n_segments) < share_real
        drift = np.where(real, 3.5 / np.sqrt(n_looks), 0.0)
        steps = rng.standard_normal((n_segments, n_looks)) + drift[:, None]
        z = np.abs(np.cumsum(steps, axis=1) / np.sqrt(days))
        p = np.ones(n_segments)
        for look in range(6, n_looks):
            level = np.exp(np.interp(-z[:, look], -table[:, look], np.log(LEVELS)))
            p = np.minimum(p, np.where(z[:, look] < table[-1, look], 1.0, level))
        clear = clear_ones(p)
        found.append((clear & ~real).sum() / max(clear.sum(), 1))
    return float(np.mean(found))


def test_few_of_the_segments_called_clear_are_luck():
    assert false_discoveries(0.2, 150, seed=5) <= 0.10 + 3.1 * np.sqrt(0.1 * 0.9 / 150)


@pytest.mark.slow
@pytest.mark.parametrize("share_real", [0.0, 0.2])
def test_the_share_of_false_discoveries_is_kept(share_real):
    assert false_discoveries(share_real, 3000, seed=6) <= 0.10 + 3.1 * np.sqrt(0.1 * 0.9 / 3000)
