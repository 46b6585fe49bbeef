"""People as numbers: the same for everybody and ever after."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow as pa
import pytest

from services.audience.features import MAX_SCORE, FeatureSpec, fit, matrix
from services.errors import DataError


def people(n: int = 400, seed: int = 0) -> pa.Table:
    rng = np.random.default_rng(seed)
    tenure = rng.gamma(2, 10, n)
    start = datetime(2025, 1, 1, tzinfo=UTC)
    return pa.table(
        {
            "person": np.arange(n),
            "created_at": [start + timedelta(days=int(d)) for d in rng.integers(0, 300, n)],
            "country": rng.choice(["SE", "KR", "GB"], n),
            "total_revenue": np.where(rng.random(n) < 0.7, 0.0, rng.gamma(1, 200, n)),
            "attr:tenure": pa.array([None if i % 5 == 0 else t for i, t in enumerate(tenure)]),
            "attr:card": pa.array([None if i % 9 == 0 else bool(i % 2) for i in range(n)]),
            "attr:shop": rng.choice([f"shop {i}" for i in range(40)], n),
            "attr:constant": np.ones(n),
            "attr:empty": pa.nulls(n),
        }
    )


def column(spec: FeatureSpec, values: np.ndarray, name: str) -> np.ndarray:
    return values[:, spec.names.index(name)]


def test_columns_are_centred_bounded_and_of_one_size():
    table = people()
    values = matrix(fit(table), table)
    assert values.dtype == np.float32
    assert np.isfinite(values).all()
    assert np.abs(values).max() <= MAX_SCORE
    assert np.abs(values.mean(0)).max() < 0.1
    assert values.std(0).max() < 1.01


def test_a_number_has_its_value_two_thresholds_and_where_it_is_missing():
    table = people()
    spec = fit(table)
    assert [a for a in spec.attributes if a == "tenure"] == ["tenure"] * 4
    missing = np.array([v is None for v in table["attr:tenure"].to_pylist()])
    values = matrix(spec, table)
    assert (column(spec, values, "tenure")[missing] == 0).all()
    assert (column(spec, values, "tenure missing")[missing] > 0).all()
    assert len(np.unique(column(spec, values, "tenure missing"))) == 2


def test_only_the_commonest_texts_have_columns_and_constants_none():
    spec = fit(people())
    assert sum(a == "shop" for a in spec.attributes) == 12
    assert not {"constant", "empty"} & set(spec.attributes)
    assert len(set(spec.names)) == len(spec.names)


def test_the_order_of_rows_changes_nothing():
    table = people()
    shuffled = table.take(pa.array(np.random.default_rng(1).permutation(table.num_rows)))
    assert fit(shuffled) == fit(table)


def test_a_specification_survives_json_to_the_last_digit():
    table = people()
    spec = fit(table)
    again = FeatureSpec.from_json(spec.to_json())
    assert again == spec
    assert (matrix(again, table) == matrix(spec, table)).all()


@pytest.mark.parametrize("text", ["", "{}", "[1]", '[{"name": 1}]', "null"])
def test_a_damaged_specification_is_refused(text):
    with pytest.raises(DataError):
        FeatureSpec.from_json(text)


def test_each_person_is_the_same_alone_as_among_many():
    table = people()
    spec = fit(table)
    whole = matrix(spec, table)
    for i in (0, 5, 399):
        assert (matrix(spec, table.slice(i, 1))[0] == whole[i]).all()


def test_new_texts_lost_columns_and_wild_values_do_no_harm():
    table = people(50)
    spec = fit(people())
    wild = table.drop_columns(["attr:tenure", "country"]).append_column(
        "attr:tenure", pa.array([np.inf, -1e300, *[np.nan] * 48])
    )
    wild = wild.set_column(
        wild.column_names.index("attr:shop"), "attr:shop", pa.array(["new"] * 50)
    )
    values = matrix(spec, wild)
    assert np.isfinite(values).all()
    assert np.abs(values).max() <= MAX_SCORE


def test_nobody_at_all_is_no_reason_to_fail():
    table = people().slice(0, 0)
    assert matrix(fit(people()), table).shape[0] == 0
    assert fit(table).features == ()
