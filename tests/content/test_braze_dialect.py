"""Every case of Braze's dialect is rendered as Braze renders it, or said to be impossible."""

from __future__ import annotations

import pytest
from liquid_cases import CAMPAIGN, PERSON, PROPERTIES, Case, cases

from services.content.liquid import render

CASES = cases()
LEAST_CASES = 150


def said(case: Case) -> tuple[str, bool, str]:
    """The text, whether it was refused, and all remarks in one string."""
    result = render(case.liquid, profile=PERSON, properties=PROPERTIES, campaign=CAMPAIGN)
    remarks = [notice.what.template.format(**notice.what.values) for notice in result.notices]
    return result.text, result.failed, "\n".join(remarks)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.place)
def test_a_template_is_rendered_as_in_braze_or_refused_by_name(case: Case) -> None:
    text, refused, remarks = said(case)
    if case.refused:
        assert refused
        assert case.refused in remarks
        assert text == case.liquid
    else:
        assert not refused, remarks
        assert text == case.text
        assert case.named in remarks
        assert bool(remarks) == bool(case.named), remarks


def test_there_are_enough_cases_and_none_twice() -> None:
    assert len(CASES) >= LEAST_CASES
    assert len({case.liquid for case in CASES}) == len(CASES)
