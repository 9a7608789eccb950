"""Every sentence of the language: the tables of this folder, each case played on the pure engine.

A case that names a `defect` is expected to fail, and fails when it does not.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conformance.cases import Case, cases_in
from tests.conformance.outcome import check

HERE = Path(__file__).parent


def _cases() -> Iterator[Any]:
    for table, case in cases_in(HERE):
        marks = [pytest.mark.xfail(reason=case.defect, strict=True)] if case.defect else []
        yield pytest.param(case, id=f"{table}: {case.sentence}", marks=marks)


@pytest.mark.parametrize("case", list(_cases()))
def test_the_language_keeps_its_word(case: Case) -> None:
    check(case)
