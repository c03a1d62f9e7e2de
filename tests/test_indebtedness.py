"""What stands against a loan, as a table: what blocks, what needs a reason, what only warns."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ledger.indebtedness import BLOCK
from ledger.indebtedness import OVERRIDE
from ledger.indebtedness import WARN
from ledger.indebtedness import Case
from ledger.indebtedness import Finding
from ledger.indebtedness import findings
from ledger.indebtedness import worst
from ledger.money import Money

PLAIN = Case(principal=5000_00, instalment=500_00, income=5000_00)


def said(case: Case) -> list[str]:
    return [
        " ".join([each.severity, each.code, *(f"{name}={some}" for name, some in each.values.items())])
        for each in findings(case)
    ]


@pytest.mark.parametrize(
    ("case", "found"),
    [
        ({}, []),
        # Her cycle: the next loan after the last one.
        ({"unpaid": 1}, ["block loan-running left=1"]),
        ({"late": 1}, ["block arrears late=1"]),
        ({"most": 5000_00}, []),
        ({"most": 4999_99}, ["block loan-above-bound most=499999"]),
        # Up to 30 per cent nobody is warned, up to the group's share only she is.
        ({"running": 1000_00}, []),
        ({"running": 1000_01}, ["warn instalments-heavy monthly=150001 income=500000 share=30"]),
        ({"running": 2000_00}, ["warn instalments-heavy monthly=250000 income=500000 share=30"]),
        ({"running": 2000_01}, ["override instalments-above-share monthly=250001 income=500000 share=50"]),
        ({"running": 1500_00, "share": 40}, ["warn instalments-heavy monthly=200000 income=500000 share=30"]),
        ({"running": 1500_01, "share": 40}, ["override instalments-above-share monthly=200001 income=500000 share=40"]),
        ({"running": 600_00, "share": 20}, ["override instalments-above-share monthly=110000 income=500000 share=20"]),
        ({"income": 0}, ["override income-unknown"]),
        ({"elsewhere": 1}, ["warn loans-elsewhere elsewhere=1"]),
        (
            {"elsewhere": 2000_01},
            [
                "override instalments-above-share monthly=250001 income=500000 share=50",
                "warn loans-elsewhere elsewhere=200001",
            ],
        ),
        (
            {"unpaid": 7, "late": 3, "most": 1, "income": 0, "elsewhere": 5},
            [
                "block loan-running left=7",
                "block arrears late=3",
                "block loan-above-bound most=1",
                "override income-unknown",
                "warn loans-elsewhere elsewhere=5",
            ],
        ),
    ],
)
def test_findings(case: dict[str, int], found: list[str]) -> None:
    assert said(replace(PLAIN, **case)) == found


def test_the_gravest() -> None:
    found = findings(replace(PLAIN, late=3, income=0, elsewhere=5))
    assert [worst(found, *some) for some in ((BLOCK,), (OVERRIDE, WARN), (WARN,), ())] == [
        found[0],
        found[1],
        found[2],
        None,
    ]
    assert worst([], BLOCK) is None


def test_values_as_they_are_shown() -> None:
    found = Finding(WARN, "instalments-heavy", {"monthly": 150001, "share": 30})
    assert found.shown("INR") == {"monthly": Money(150001, "INR"), "share": 30}
