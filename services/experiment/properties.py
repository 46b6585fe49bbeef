"""What a trigger carries for one combination."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import JsonValue

from services.experiment.model import Experiment


def trigger_properties(
    experiment: Experiment, combination: Mapping[str, str]
) -> dict[str, JsonValue]:
    """{trigger property: value} of every dimension that is chosen at each send.

    `combination` is {dimension key: option key}; dimensions it does not name are left out.
    """
    return {
        dimension.trigger_property(): option.value
        for dimension in experiment.send_dimensions
        for option in dimension.options
        if combination.get(dimension.key) == option.key
    }
