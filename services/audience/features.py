"""People as numbers for the decision model: fixed when fitted, the same for everybody ever after.

Each column is centred, and scaled so that a prior of one size fits all. A number gives its
standardised value and two thresholds, because effects are seldom straight lines; a text gives one
column for each of its commonest values; a truth gives one; and each says where it is missing.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from services.errors import DataError
from services.messages import msg

Floats = npt.NDArray[np.float64]

PROFILE_NUMBERS = ("created_at", "total_revenue")
PROFILE_TEXTS = ("country", "language")
PROFILE_CONSENTS = ("email_subscribe", "push_subscribe")
OPTED_IN = "opted_in"  # whoever is unsubscribed is not written to: asked for, or merely allowed
THRESHOLD_SHARES = (1 / 3, 2 / 3)  # quantiles of the two thresholds
MAX_CATEGORIES = 12
MIN_CATEGORY_SHARE = 0.005  # a rarer value teaches nothing and costs a column
MIN_MISSING_SHARE = 0.005
MIN_SCALE = 0.25  # standard deviation a column is scaled by at least: rare values stay bounded
MAX_SCORE = 4.0  # standardised numbers are cut off here; one error must not move a decision
LONG_TAIL = 3.0  # mean over median of positive numbers: above it the logarithm is used
DAY_US = 86_400_000_000


@dataclass(frozen=True)
class Feature:
    """One column of the matrix.

    name    unique; `attribute` is the snapshot column it comes from, without `attr:`
    column  the snapshot column
    part    "value", "above" (with `level`), "is" (with `category`) or "missing"
    centre, scale  applied last: (x - centre) / scale
    """

    name: str
    attribute: str
    column: str
    part: str
    centre: float
    scale: float
    level: float = 0.0
    category: str = ""
    logarithm: bool = False


@dataclass(frozen=True)
class FeatureSpec:
    """What `fit` learnt. Serialises to JSON and back without loss."""

    features: tuple[Feature, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """Name of each column of the matrix."""
        return tuple(f.name for f in self.features)

    @property
    def attributes(self) -> tuple[str, ...]:
        """The attribute each column comes from; several columns may share one."""
        return tuple(f.attribute for f in self.features)

    def to_json(self) -> str:
        """The specification as JSON text; floats keep every digit."""
        return json.dumps([asdict(f) for f in self.features], sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> FeatureSpec:
        """What `to_json` wrote. Raises DataError for anything else."""
        try:
            rows = json.loads(text)
            if not isinstance(rows, list):
                raise ValueError("not a list")
            return cls(tuple(Feature(**row) for row in rows))
        except (TypeError, ValueError) as problem:
            raise DataError(msg("The stored feature specification cannot be read.")) from problem


def fit(table: pa.Table) -> FeatureSpec:
    """Learn the columns from one snapshot. Deterministic; the order of rows does not matter.

    table  a snapshot: profile columns and `attr:…` of float64, string or bool
    """
    found: list[Feature] = []
    for name in _columns(table):
        column = table[name]
        if pa.types.is_boolean(column.type) or _is_number(column.type):
            found += _of_numbers(name, column)
        elif name in PROFILE_CONSENTS:
            found += [f for f in _of_texts(name, column, (OPTED_IN,)) if f.part == "is"]
        elif pa.types.is_string(column.type):
            found += _of_texts(name, column)
    return FeatureSpec(tuple(found))


def matrix(spec: FeatureSpec, table: pa.Table) -> npt.NDArray[np.float32]:
    """The people of a snapshot as float32 (n_people, n_features).

    A value that is missing, or a column that is, gets the average of the day of fitting (0).
    """
    out = np.zeros((table.num_rows, len(spec.features)), np.float32)
    numbers: dict[str, Floats] = {}
    codes: dict[str, tuple[Mapping[str, int], npt.NDArray[np.int64]]] = {}
    for i, feature in enumerate(spec.features):
        if feature.column not in table.column_names:
            if feature.part == "missing":
                out[:, i] = np.clip((1 - feature.centre) / feature.scale, -MAX_SCORE, MAX_SCORE)
            continue
        column = table[feature.column]
        if feature.part == "missing":
            raw = _missing(column).astype(np.float64)
        elif feature.part == "is":
            if feature.column not in codes:
                codes[feature.column] = _coded(column)
            known, of_row = codes[feature.column]
            raw = (of_row == known.get(feature.category, -2)).astype(np.float64)
            raw[of_row == -1] = feature.centre
        else:
            if feature.column not in numbers:
                numbers[feature.column] = _numbers(column)
            raw = numbers[feature.column]
            raw = _shaped(raw, feature)
        scored = (raw - feature.centre) / feature.scale
        out[:, i] = np.clip(np.nan_to_num(scored, nan=0.0), -MAX_SCORE, MAX_SCORE)
    return out


def _of_numbers(name: str, column: Any) -> list[Feature]:
    values = _numbers(column)
    given = np.sort(values[np.isfinite(values)])  # sorted: sums do not depend on the order of rows
    found: list[Feature] = []
    if len(given) and given[0] < given[-1]:
        if pa.types.is_boolean(column.type):
            return [_feature(name, "value", given), *_missing_of(name, column)]
        tail = bool(given[0] >= 0 and given.mean() > LONG_TAIL * max(np.median(given), 1e-9))
        shaped = np.log1p(given) if tail else given
        found.append(_feature(name, "value", shaped, logarithm=tail))
        for level in np.unique(np.quantile(given, THRESHOLD_SHARES)):
            above = (given > level).astype(np.float64)
            if 0 < above.sum() < len(above):
                found.append(_feature(name, "above", above, level=float(level)))
    return [*found, *_missing_of(name, column)]


def _of_texts(name: str, column: Any, wanted: Sequence[str] = ()) -> list[Feature]:
    known, codes = _coded(column)
    n_given = int((codes >= 0).sum())
    counts = {text: int((codes == code).sum()) for text, code in known.items()}
    common = sorted(counts, key=lambda text: (-counts[text], text))[:MAX_CATEGORIES]
    if wanted:
        common = [text for text in wanted if text in counts]
    found = []
    for text in common:
        share = counts[text] / max(n_given, 1)
        if not MIN_CATEGORY_SHARE <= share < 1.0:
            continue
        scale = max(float(np.sqrt(share * (1 - share))), MIN_SCALE)
        found.append(
            Feature(f"{_plain(name)} = {text}", _plain(name), name, "is", share, scale, 0.0, text)
        )
    if len(found) == 2 and len(known) == 2:
        found = found[:1]  # the other one says the same
    return [*found, *_missing_of(name, column)]


def _missing_of(name: str, column: Any) -> list[Feature]:
    missing = np.sort(_missing(column).astype(np.float64))
    share = float(missing.mean()) if len(missing) else 0.0
    if not MIN_MISSING_SHARE <= share <= 1 - MIN_MISSING_SHARE:
        return []
    return [_feature(name, "missing", missing)]


def _feature(
    name: str, part: str, values: Floats, *, level: float = 0.0, logarithm: bool = False
) -> Feature:
    words = {"value": "", "above": f" > {level:g}", "missing": " missing"}[part]
    return Feature(
        name=f"{_plain(name)}{words}",
        attribute=_plain(name),
        column=name,
        part=part,
        centre=float(values.mean()),
        scale=max(float(values.std()), MIN_SCALE if part != "value" else 1e-9),
        level=level,
        logarithm=logarithm,
    )


def _shaped(values: Floats, feature: Feature) -> Floats:
    if feature.part == "above":
        above = (values > feature.level).astype(np.float64)
        above[np.isnan(values)] = np.nan
        return above
    if feature.logarithm:
        return np.asarray(np.log1p(np.maximum(values, 0.0)))
    return values


def _numbers(column: Any) -> Floats:
    """Numbers as float64, NaN where missing; moments in days since 1970."""
    if pa.types.is_timestamp(column.type):
        us = column.cast(pa.timestamp("us", "UTC")).cast(pa.int64())
        values = pc.cast(us, pa.float64(), safe=False).to_numpy() / DAY_US
    else:
        values = column.cast(pa.float64()).to_numpy()
    values = np.array(values, dtype=np.float64)
    values[~np.isfinite(values)] = np.nan
    return values


def _coded(column: Any) -> tuple[Mapping[str, int], npt.NDArray[np.int64]]:
    """Text → code, and the code of each row (-1 where missing)."""
    array = column.combine_chunks().cast(pa.string())
    coded = array.dictionary_encode()
    known = {text: i for i, text in enumerate(coded.dictionary.to_pylist())}
    return known, coded.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)


def _missing(column: Any) -> npt.NDArray[np.bool_]:
    if pa.types.is_floating(column.type):
        return np.isnan(_numbers(column))
    return np.asarray(column.is_null().to_numpy(), dtype=bool)


def _columns(table: pa.Table) -> Sequence[str]:
    own = sorted(n for n in table.column_names if n.startswith("attr:"))
    return [
        n
        for n in (*PROFILE_NUMBERS, *PROFILE_TEXTS, *PROFILE_CONSENTS, *own)
        if n in table.column_names
    ]


def _is_number(kind: pa.DataType) -> bool:
    return bool(
        pa.types.is_floating(kind) or pa.types.is_integer(kind) or pa.types.is_timestamp(kind)
    )


def _plain(column: str) -> str:
    return column.removeprefix("attr:")
