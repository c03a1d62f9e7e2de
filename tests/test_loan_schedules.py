"""The calculator of loan schedules: published tables to the poisha, day counts, refusals, passbook rule, closing."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from fractions import Fraction

import pytest
from click.testing import CliRunner
from click.testing import Result
from hypothesis import given
from hypothesis import strategies as st

from gateway.loan_schedule import loan_schedule
from ledger.money import half_even
from ledger.schedules import DAY_COUNTS
from ledger.schedules import METHODS
from ledger.schedules import MOST
from ledger.schedules import Every
from ledger.schedules import Terms
from ledger.schedules import early_close
from ledger.schedules import part_of_year
from ledger.schedules import passbook
from ledger.schedules import passbook_interest
from ledger.schedules import period_rates
from ledger.schedules import schedule

MONTH = Every(1, "month")
WORKED = (
    "--principal 12000 --rate 2%/month --instalments 4 --every 1month"
    " --method declining-equal-instalment --disbursed 2011-09-20"
)
TERMS = Terms(12_000_00, Fraction(2, 100), 4, MONTH, "declining-equal-instalment", date(2011, 9, 20))


def run(typed: str) -> Result:
    return CliRunner().invoke(loan_schedule, typed.split())


def rows(typed: str) -> list[dict[str, str]]:
    told = run(f"{typed} --json")
    assert told.exit_code == 0, told.stderr
    return json.loads(told.stdout)


EQUAL = "--method declining-equal-instalment"
FINERACT_FIXED = (
    "--principal 100000 --rate 2%/month --every 1month --disbursed 2011-09-20 --day-count actual/365"
    " --principal-percent 5"
)
FINERACT_HUNDREDS = (
    "--principal 10000000 --rate 2%/month --instalments 24 --every 1month --disbursed 2014-06-02 --unit 100"
    " --method declining-equal-principal"
)

# Where it is published -> what to type; the rows that are printed there, as "number day principal interest".
# Apache Fineract and Mifos round interest and instalment half-even to the unit, as we do. A star stands for days that
# depend there on the day of the test.
PUBLISHED = {
    "Fineract ClientLoanIntegrationTest.checkClientLoanCreateAndDisburseFlow": (
        WORKED,
        """1 2011-10-20 2911.49 240.00
           2 2011-11-20 2969.72 181.77
           3 2011-12-20 3029.11 122.38
           4 2012-01-20 3089.68 61.79""",
    ),
    "Fineract ClientLoanIntegrationTest, weekly, before any recalculation": (
        f"--principal 10000 --rate 2%/month --instalments 4 --every 1week --disbursed 2026-01-05 {EQUAL}",
        """1 * 2482.76 46.15
           2 * 2494.22 34.69
           3 * 2505.73 23.18
           4 * 2517.29 11.62""",
    ),
    "Fineract ClientLoanIntegrationTest.verifyLoanRepaymentScheduleForEqualPrincipal, multiples of 100": (
        FINERACT_HUNDREDS,
        """1 2014-07-02 416700.00 200000.00
           2 2014-08-02 416700.00 191700.00
           3 2014-09-02 416700.00 183300.00
           4 2014-10-02 416700.00 175000.00
           5 2014-11-02 416700.00 166700.00
           6 2014-12-02 416700.00 158300.00
           10 2015-04-02 416700.00 125000.00
           20 2016-02-02 416700.00 41700.00
           24 2016-06-02 415900.00 8300.00""",
    ),
    "Fineract ClientLoanIntegrationTest.verifyLoanRepaymentScheduleForEqualPrincipalWithGrace, multiples of 100": (
        f"{FINERACT_HUNDREDS} --grace-principal 5",
        """1 2014-07-02 0.00 200000.00
           5 2014-11-02 0.00 200000.00
           6 2014-12-02 526300.00 200000.00
           7 2015-01-02 526300.00 189500.00
           10 2015-04-02 526300.00 157900.00
           20 2016-02-02 526300.00 52600.00
           24 2016-06-02 526600.00 10500.00""",
    ),
    "Fineract fixed principal percentage, interest by the day": (
        f"{FINERACT_FIXED} --method declining-fixed-principal --instalments 13",
        """1 2011-10-20 5000.00 1972.60
           2 2011-11-20 5000.00 1936.44
           3 2011-12-20 5000.00 1775.34
           12 2012-09-20 5000.00 917.26
           13 2012-10-20 40000.00 789.04""",
    ),
    "Fineract fixed principal percentage with principal grace, over 29 February": (
        f"{FINERACT_FIXED} --method declining-fixed-principal --instalments 19 --grace-principal 6",
        """1 2011-10-20 0.00 1972.60
           6 2012-03-20 0.00 1906.85
           7 2012-04-20 5000.00 2038.36
           18 2013-03-20 5000.00 828.49
           19 2013-04-20 40000.00 815.34""",
    ),
    "Fineract fixed principal percentage and flat interest": (
        f"{FINERACT_FIXED} --method flat --instalments 13",
        """1 2011-10-20 5000.00 2002.95
           2 2011-11-20 5000.00 2002.95
           12 2012-09-20 5000.00 2002.95
           13 2012-10-20 40000.00 2002.96""",
    ),
    "Fineract AccountingScenarioIntegrationTest, flat, every 2 months": (
        "--principal 10000 --rate 1%/month --instalments 5 --every 2months --method flat --disbursed 2011-03-04",
        """1 2011-05-04 2000.00 200.00
           2 2011-07-04 2000.00 200.00
           3 2011-09-04 2000.00 200.00
           4 2011-11-04 2000.00 200.00
           5 2012-01-04 2000.00 200.00""",
    ),
    "Fineract ProgressiveEMICalculatorTest 364 days, weekly": (
        "--principal 100 --rate 9.4822%/year --instalments 6 --every 1week --disbursed 2024-01-01 --day-count 7/364"
        f" {EQUAL}",
        """1 2024-01-08 16.59 0.18
           2 2024-01-15 16.62 0.15
           3 2024-01-22 16.65 0.12
           4 2024-01-29 16.68 0.09
           5 2024-02-05 16.71 0.06
           6 2024-02-12 16.75 0.03""",
    ),
    "Fineract ProgressiveEMICalculatorTest 360 days, every 15 days": (
        "--principal 100 --rate 9.4822%/year --instalments 6 --every 15days --disbursed 2024-01-01 --day-count 15/360"
        f" {EQUAL}",
        """1 2024-01-16 16.50 0.40
           2 2024-01-31 16.57 0.33
           3 2024-02-15 16.64 0.26
           4 2024-03-01 16.70 0.20
           5 2024-03-16 16.77 0.13
           6 2024-03-31 16.82 0.07""",
    ),
    "Fineract ProgressiveEMICalculatorTest 30/360": (
        "--principal 100 --rate 9.4822%/year --instalments 6 --every 1month --disbursed 2024-01-01 --day-count 30/360"
        f" {EQUAL}",
        """1 2024-02-01 16.34 0.79
           2 2024-03-01 16.47 0.66
           3 2024-04-01 16.60 0.53
           4 2024-05-01 16.73 0.40
           5 2024-06-01 16.86 0.27
           6 2024-07-01 17.00 0.13""",
    ),
    "Fineract ProgressiveEMICalculatorTest actual/365": (
        "--principal 100 --rate 15.678%/year --instalments 6 --every 1month --disbursed 2024-01-01"
        f" --day-count actual/365 {EQUAL}",
        """1 2024-02-01 16.10 1.33
           2 2024-03-01 16.38 1.05
           3 2024-04-01 16.53 0.90
           4 2024-05-01 16.77 0.66
           5 2024-06-01 16.97 0.46
           6 2024-07-01 17.25 0.22""",
    ),
    "Fineract LoanMonthEndDueDateStrategy C111047, actual days": (
        f"--principal 10000 --rate 12%/year --instalments 3 --every 1month --disbursed 2025-01-31 {EQUAL}"
        " --day-count actual/365",
        """1 2025-02-28 3305.77 92.05
           2 2025-03-31 3329.59 68.23
           3 2025-04-30 3364.64 33.19""",
    ),
    "Fineract LoanMonthEndDueDateStrategy C111045, 30/360": (
        f"--principal 10000 --rate 12%/year --instalments 3 --every 1month --disbursed 2025-01-31 {EQUAL}"
        " --day-count 30/360",
        """1 2025-02-28 3300.22 100.00
           2 2025-03-31 3333.22 67.00
           3 2025-04-30 3366.56 33.67""",
    ),
    "Fineract LoanScheduleGeneratorTest, half a month of 30/360 (its days are the 15th and the last)": (
        f"--principal 1000 --rate 24%/year --instalments 4 --every 15days --disbursed 2023-01-15 {EQUAL}"
        " --day-count 15/360",
        """1 * 246.28 10.00
           2 * 248.74 7.54
           3 * 251.23 5.05
           4 * 253.75 2.54""",
    ),
    "Fineract LoanScheduleGeneratorTest, the 75 left after a down payment": (
        f"--principal 75 --rate 9.99%/year --instalments 6 --every 1month --disbursed 2024-01-01 {EQUAL}",
        """1 2024-02-01 12.25 0.62
           2 2024-03-01 12.35 0.52
           3 2024-04-01 12.45 0.42
           4 2024-05-01 12.55 0.32
           5 2024-06-01 12.66 0.21
           6 2024-07-01 12.74 0.11""",
    ),
    "Fineract LoanBulletBalloon BL01: grace on all but the last": (
        f"--principal 100 --rate 30%/year --instalments 8 --every 1month --disbursed 2024-01-01 {EQUAL}"
        " --grace-principal 7",
        """1 2024-02-01 0.00 2.50
           7 2024-08-01 0.00 2.50
           8 2024-09-01 100.00 2.50""",
    ),
    "Fineract issue 343: 30 days of 30/360 at 20 % a month are 200": (
        "--principal 1000 --rate 20%/month --instalments 1 --every 30days --disbursed 2016-01-01 --method flat"
        " --day-count 30/360",
        "1 2016-01-31 1000.00 200.00",
    ),
    "FSharp.Finance.Personal PaymentScheduleTest_Monthly_1300_fp12_r6: 12 days to the first": (
        f"--principal 1300 --rate 0.798%/day --instalments 6 --every 1month --disbursed 2023-12-07 {EQUAL}"
        " --first-due 2023-12-19 --day-count actual/365",
        """1 2023-12-19 258.20 124.49
           2 2024-01-19 124.97 257.72
           3 2024-02-19 155.88 226.81
           4 2024-03-19 206.59 176.10
           5 2024-04-19 245.55 137.14
           6 2024-05-19 308.81 73.93""",
    ),
    "Microcredit Regulatory Authority, clarification on the interest rate: Tk 1,000 in 50 parts of 20 + 3": (
        "--principal 1000 --rate 0.3%/week --instalments 50 --every 1week --method flat --disbursed 2011-01-02",
        """1 2011-01-09 20.00 3.00
           50 2011-12-18 20.00 3.00""",
    ),
    "Wikimedia Commons, Amortization table (example): 360 months at 8 %": (
        f"--principal 100000 --rate 8%/year --instalments 360 --every 1month --disbursed 2005-12-15 {EQUAL}",
        """1 2006-01-15 67.09 666.67
           2 2006-02-15 67.54 666.22
           3 2006-03-15 67.99 665.77
           4 2006-04-15 68.44 665.32
           5 2006-05-15 68.90 664.86""",
    ),
    # its first row is a half cent, 453.125, which spreadsheets take up and we to the even one
    "Math 352, Theory of Interest: 360 months at 3.625 %": (
        f"--principal 150000 --rate 3.625%/year --instalments 360 --every 1month --disbursed 2017-01-01 {EQUAL}",
        """2 2017-03-01 231.65 452.43
           3 2017-04-01 232.35 451.73
           4 2017-05-01 233.05 451.03
           8 2017-09-01 235.88 448.20""",
    ),
    "algebra.com 683334: four years at 10 %": (
        f"--principal 15000 --rate 10%/year --instalments 4 --every 12months --disbursed 2012-01-01 {EQUAL}",
        "1 2013-01-01 3232.06 1500.00",
    ),
}


@pytest.mark.parametrize(("typed", "printed"), PUBLISHED.values(), ids=PUBLISHED)
def test_published_tables(typed: str, printed: str) -> None:
    got = rows(typed)
    for line in printed.splitlines():
        number, due, *parts = line.split()
        row = got[int(number) - 1]
        assert [row["principal"], row["interest"]] == parts, line
        assert due in (row["due"], "*")
    assert got[-1]["balance"] == "0.00"
    assert got[-1]["number"] == len(got)


def test_the_equal_instalment_is_not_moved_to_please_the_last_one() -> None:
    """Fineract's progressive loans lower 33.58 to 33.57, as the last one then differs by 1 cent and not by 2."""
    got = rows(
        "--principal 100 --rate 9.4822%/year --instalments 3 --every 2weeks --disbursed 2024-01-01 --day-count 7/364"
        f" {EQUAL}"
    )
    assert [row["total"] for row in got] == ["33.58", "33.58", "33.56"]
    assert [row["interest"] for row in got] == ["0.36", "0.24", "0.12"]


# numpy_financial.ipmt: a year of 2,500 at 8.24 %, never rounded but for print: ours may differ by what rounding leaves.
NUMPY = """200.58 17.17 2299.42 | 201.96 15.79 2097.46 | 203.35 14.40 1894.11 | 204.74 13.01 1689.37
    | 206.15 11.60 1483.22 | 207.56 10.18 1275.66 | 208.99 8.76 1066.67 | 210.42 7.32 856.25
    | 211.87 5.88 644.38 | 213.32 4.42 431.05 | 214.79 2.96 216.26 | 216.26 1.49 0.00"""


def test_a_table_that_was_not_rounded_is_within_two_cents() -> None:
    got = rows(f"--principal 2500 --rate 8.24%/year --instalments 12 --every 1month --disbursed 2024-01-01 {EQUAL}")
    for row, line in zip(got, NUMPY.split("|"), strict=True):
        for name, printed in zip(("principal", "interest", "balance"), line.split(), strict=True):
            assert abs(Fraction(row[name]) - Fraction(printed)) <= Fraction(2, 100), row
    assert sum(Fraction(row["interest"]) for row in got) == Fraction("112.97")  # 112.98 there


def test_json_is_a_list_of_rows_with_amounts_as_strings() -> None:
    assert rows(WORKED)[0] == {
        "number": 1,
        "due": "2011-10-20",
        "principal": "2911.49",
        "interest": "240.00",
        "total": "3151.49",
        "balance": "9088.51",
    }
    assert [row["balance"] for row in rows(WORKED)] == ["9088.51", "6118.79", "3089.68", "0.00"]


def test_the_plain_table() -> None:
    told = run(WORKED)
    assert (told.exit_code, told.stderr) == (0, "")
    lines = [line.split() for line in told.stdout.splitlines() if line.strip()]
    assert lines[0] == ["No.", "Due", "Principal", "Interest", "Total", "Balance"]
    assert lines[2] == ["1", "2011-10-20", "2911.49", "240.00", "3151.49", "9088.51"]
    assert lines[-1] == ["Total", "12000.00", "605.94", "12605.94"]
    big = run(WORKED.replace("12000", "9999999999999.99"))
    assert "9999999999999.99" in big.stdout


SAME = {
    "a rate of a year, a month, a week and a day": (
        f"--principal 1000 --rate 36.5%/year --instalments 10 --every 15days --disbursed 2026-01-01 {EQUAL}",
        "--rate 0.1%/day",
    ),
    "52 weeks are 12 months": (
        f"--principal 1000 --rate 0.5%/week --instalments 10 --every 1month --disbursed 2026-01-01 {EQUAL}",
        "--rate 13/6%/month",
    ),
    "7/364 is the nominal week": (
        f"--principal 1000 --rate 26%/year --instalments 10 --every 2weeks --disbursed 2026-01-01 {EQUAL}",
        "--day-count 7/364",
    ),
    "30/360 is the nominal month": (
        f"--principal 1000 --rate 2%/month --instalments 10 --every 2months --disbursed 2026-01-31 {EQUAL}",
        "--day-count 30/360",
    ),
    "half a month by either name": (
        f"--principal 1000 --rate 2%/month --instalments 10 --every 15days --disbursed 2026-01-31 {EQUAL}"
        " --day-count 15/360",
        "--day-count 30/360",
    ),
    "the first due day where it would be": (WORKED, "--first-due 2011-10-20"),
    "equal parts are a share of the principal": (
        f"{WORKED} --method declining-equal-principal",
        "--method declining-fixed-principal --principal-percent 25",
    ),
    "a rate may have spaces": (WORKED, "--rate 2%/month"),
}


@pytest.mark.parametrize(("typed", "other"), SAME.values(), ids=SAME)
def test_the_same_loan_in_other_words(typed: str, other: str) -> None:
    assert rows(typed) == rows(f"{typed} {other}")


@pytest.mark.parametrize(
    ("every", "day_count", "part"),
    [
        (Every(1, "day"), "nominal", Fraction(1, 365)),
        (Every(15, "day"), "nominal", Fraction(15, 365)),
        (Every(1, "week"), "nominal", Fraction(1, 52)),
        (Every(2, "week"), "nominal", Fraction(2, 52)),
        (MONTH, "nominal", Fraction(1, 12)),
        (Every(2, "month"), "nominal", Fraction(1, 6)),
        (Every(1, "week"), "7/364", Fraction(7, 364)),
        (Every(2, "week"), "7/364", Fraction(14, 364)),
        (Every(1, "week"), "7/365", Fraction(7, 365)),
        (Every(14, "day"), "7/365", Fraction(14, 365)),
        (Every(15, "day"), "15/360", Fraction(15, 360)),
        (Every(30, "day"), "15/360", Fraction(30, 360)),
        (MONTH, "30/360", Fraction(30, 360)),
        (Every(3, "month"), "30/360", Fraction(90, 360)),
        (Every(15, "day"), "30/360", Fraction(15, 360)),
    ],
)
def test_a_period_is_a_part_of_a_year(every: Every, day_count: str, part: Fraction) -> None:
    assert part_of_year(every, day_count) == part


def test_actual_days_count_the_first_period_as_it_is() -> None:
    terms = replace(
        TERMS, rate=Fraction(24, 100), per="year", day_count="actual/365", disbursed=date(2026, 1, 20),
        first_due=date(2026, 1, 31),
    )  # fmt: skip
    days = [rate * 365 / Fraction(24, 100) for rate in period_rates(terms)]
    assert days == [11, 28, 31, 30]
    first, *_, last = schedule(terms)
    assert first.interest == half_even(Fraction(12_000_00 * 24 * 11, 100 * 365))
    assert abs(first.sum - last.sum) <= 4, "equal instalments all the same"


def test_nominal_days_do_not_look_at_the_first_due_day() -> None:
    soon = rows(f"{WORKED} --first-due 2011-09-21")
    late = rows(f"{WORKED} --first-due 2012-03-31")
    assert [row["total"] for row in soon] == [row["total"] for row in late] == [row["total"] for row in rows(WORKED)]
    assert [row["due"] for row in late] == ["2012-03-31", "2012-04-30", "2012-05-31", "2012-06-30"]


# What is typed after the worked example -> words of the one sentence on stderr.
REFUSED = {
    "--principal 0": "a loan of nothing",
    "--principal -5": "--principal",
    "--principal 1.005": "--principal",
    "--principal 12,000": "--principal",
    "--principal 1e9": "--principal",
    "--principal 12345678901234567890": "--principal",
    "--rate 2%": "a rate with its time",
    "--rate 2/month": "a rate with its time",
    "--rate 2%/fortnight": "a rate with its time",
    "--rate -2%/month": "--rate",
    "--rate 1/0%/month": "--rate",
    "--rate nan%/month": "--rate",
    "--instalments 0": "--instalments",
    "--instalments -1": "--instalments",
    "--instalments four": "--instalments",
    f"--instalments {MOST + 1}": "--instalments",
    "--instalments 99999999999999999999": "--instalments",
    "--every month": "--every",
    "--every 0weeks": "--every",
    "--every 1year": "--every",
    "--every 99999months": "--every",
    "--every 9999months --instalments 1000": "year 9999",
    "--method balloon": "--method",
    "--disbursed 2011-13-01": "--disbursed",
    "--disbursed 20-09-2011": "--disbursed",
    "--disbursed 9999-12-01": "year 9999",
    "--first-due 2011-02-30": "--first-due",
    "--first-due 2011-09-19": "after the day of disbursement",
    "--first-due 2011-09-20": "after the day of disbursement",
    "--day-count 30/365": "--day-count",
    "--day-count 7/364": "the day count 7/364 does not fit instalments every 1month",
    "--day-count 7/365": "does not fit",
    "--day-count 15/360": "does not fit",
    "--every 15days --day-count 7/364": "does not fit instalments every 15days",
    "--every 10days --day-count 15/360": "does not fit",
    "--every 2weeks --day-count 15/360": "does not fit instalments every 2weeks",
    "--unit 7": "--unit",
    "--unit 0": "--unit",
    "--grace-principal 4": "the grace must be shorter",
    "--grace-principal -1": "--grace-principal",
    "--principal-percent 5": "takes no percent of the principal",
    "--method declining-equal-principal --principal-percent 5": "takes no percent of the principal",
    "--method declining-fixed-principal": "needs the percent of the principal",
    "--method flat --principal-percent 0": "--principal-percent",
    "--method flat --principal-percent 100.1": "--principal-percent",
    "--method flat --principal-percent -5": "--principal-percent",
    "--method flat --principal-percent some": "--principal-percent",
    "--method declining-fixed-principal --principal-percent 40": "pay the whole loan before the last",
    "--method declining-fixed-principal --principal-percent 0.0000001": "pays no principal",
    # the equal instalment rounds to nothing, to no more than its interest, or to what closes the loan early
    "--principal 100 --unit 100": "does not pay more than its interest",
    "--principal 1000 --rate 200%/month --unit 100": "does not pay more than its interest",
    "--principal 1000 --instalments 12 --unit 100": "pay the whole loan before the last",
    "--principal 1000 --instalments 12 --unit 100 --method declining-equal-principal": "whole loan before the last",
    "--principal 100 --instalments 52 --rate 0.235%/month --method flat": "more than the whole interest",
    "--nonsense 1": "No such option",
    "nonsense": "unexpected extra argument",
}


@pytest.mark.parametrize(("typed", "said"), REFUSED.items(), ids=REFUSED)
def test_what_is_refused_in_one_sentence(typed: str, said: str) -> None:
    told = run(f"{WORKED} {typed}")
    assert told.exit_code == 2
    assert told.stdout == ""
    assert said in told.stderr
    assert told.stderr.startswith("Error: ")
    assert told.stderr.count("\n") == 1
    assert isinstance(told.exception, SystemExit)


@pytest.mark.parametrize("name", ["principal", "rate", "instalments", "every", "method", "disbursed"])
def test_what_must_be_said(name: str) -> None:
    words = WORKED.split()
    place = words.index(f"--{name}")
    told = run(" ".join(words[:place] + words[place + 2 :]))
    assert (told.exit_code, told.stdout) == (2, "")
    assert f"Missing option '--{name}'" in told.stderr


def test_help_names_every_option() -> None:
    told = run("--help")
    assert told.exit_code == 0
    for name in ("first-due", "day-count", "grace-principal", "principal-percent", "unit", "json"):
        assert f"--{name}" in told.stdout


@pytest.mark.parametrize(
    ("terms", "said"),
    [
        (replace(TERMS, method="balloon"), "no such method"),
        (replace(TERMS, per="month", day_count="30/365"), "no such method or day count"),
        (replace(TERMS, every=Every(1, "year")), "no such time"),
        (replace(TERMS, per="fortnight"), "no such time"),
        (replace(TERMS, every=Every(0, "month")), "more than zero"),
        (replace(TERMS, unit=0), "more than zero"),
        (replace(TERMS, day_count="30/360"), "takes no day count"),
        (replace(TERMS, instalments=MOST + 1), "at most 1000 instalments"),
        (replace(TERMS, method="flat", share=Fraction(2)), "at most 100 percent"),
        (replace(TERMS, grace=-1), "grace"),
    ],
)
def test_terms_that_the_books_refuse(terms: Terms, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        schedule(terms)


# The second worked example: saves 25 a month from March, Tk 500 lent in August, 2 % a month; meetings move about.
MEETINGS = {
    date(2025, 9, 13): (25, 100),
    date(2025, 10, 11): (0, 100),
    date(2025, 11, 8): (50, 0),
    date(2025, 12, 13): (25, 200),
    date(2026, 2, 14): (50, 100),
}


def test_the_passbook_of_the_books() -> None:
    visits = passbook(
        500_00, Fraction(2, 100), date(2025, 8, 9), [(on, loan * 100) for on, (_, loan) in MEETINGS.items()]
    )
    lines = [
        f"{visit.on:%b} {saved} + {visit.principal // 100} + {visit.interest // 100}"
        f" = {saved + (visit.principal + visit.interest) // 100} (owes {visit.balance // 100})"
        for visit, (saved, _) in zip(visits, MEETINGS.values(), strict=True)
    ]
    assert lines == [
        "Sep 25 + 100 + 10 = 135 (owes 400)",
        "Oct 0 + 100 + 8 = 108 (owes 300)",
        "Nov 50 + 0 + 6 = 56 (owes 300)",
        "Dec 25 + 200 + 6 = 231 (owes 100)",
        "Feb 50 + 100 + 4 = 154 (owes 0)",
    ]
    assert all((visit.principal + visit.interest) % 100 == 0 for visit in visits)


@pytest.mark.parametrize(
    ("last", "on", "interest"),
    [
        ("2026-01-10", "2026-01-24", 0),
        ("2026-01-31", "2026-02-01", 2_01),
        ("2026-01-10", "2026-02-05", 2_01),
        ("2025-12-13", "2026-02-14", 4_02),
        ("2024-12-31", "2026-01-01", 26_13),
    ],
)
def test_the_passbook_counts_months_of_the_calendar(last: str, on: str, interest: int) -> None:
    days = date.fromisoformat(last), date.fromisoformat(on)
    assert passbook_interest(100_50, Fraction(2, 100), *days) == interest
    assert passbook_interest(100_50, Fraction(2, 100), *days, unit=100) == half_even(interest, 100)


@pytest.mark.parametrize("payments", [[("2025-09-13", 501)], [("2025-07-01", 1)], [("2025-09-13", -1)]])
def test_no_passbook_takes_more_than_is_owed(payments: list[tuple[str, int]]) -> None:
    given_in = [(date.fromisoformat(on), paid) for on, paid in payments]
    with pytest.raises(ValueError, match="no more principal than is owed"):
        passbook(500, Fraction(2, 100), date(2025, 8, 9), given_in)


FLAT = replace(TERMS, principal=1000_00, rate=Fraction(1, 100), method="flat")


@pytest.mark.parametrize(
    ("terms", "on", "paid", "rebate", "owed"),
    [
        # declining: principal and the interest of the period that has begun
        (TERMS, "2011-09-20", (0, 0), 1, (12_000_00, 240_00)),
        (TERMS, "2011-10-20", (0, 0), 1, (12_000_00, 240_00)),
        (TERMS, "2011-10-21", (2911_49, 240_00), 1, (9088_51, 181_77)),
        (TERMS, "2011-12-01", (2911_49, 240_00), 1, (9088_51, 181_77 + 122_38)),
        (TERMS, "2012-06-01", (2911_49, 240_00), 1, (9088_51, 181_77 + 122_38 + 61_79)),
        # she has paid the second ahead: nothing of it is given back
        (TERMS, "2011-10-01", (5881_21, 421_77), 1, (6118_79, 0)),
        # flat: as the product says
        (FLAT, "2011-11-01", (250_00, 10_00), 1, (750_00, 10_00)),
        (FLAT, "2011-11-01", (250_00, 10_00), 0, (750_00, 30_00)),
        (FLAT, "2011-11-01", (250_00, 10_00), Fraction(1, 2), (750_00, 20_00)),
        (FLAT, "2012-06-01", (250_00, 10_00), 1, (750_00, 30_00)),
    ],
)
def test_what_closes_a_loan_early(
    terms: Terms, on: str, paid: tuple[int, int], rebate: Fraction, owed: tuple[int, int]
) -> None:
    assert early_close(schedule(terms), date.fromisoformat(on), *paid, rebate) == owed


def test_a_rebate_is_a_part() -> None:
    with pytest.raises(ValueError, match="rebate"):
        early_close(schedule(FLAT), date(2011, 10, 1), rebate=2)


@st.composite
def any_terms(draw: st.DrawFn) -> Terms:
    """Terms that are likely to be possible: every method, day count, grace, unit, and a first day of its own."""
    count = draw(st.integers(1, 40))
    grace = draw(st.integers(0, count - 1))
    method = draw(st.sampled_from(sorted(METHODS)))
    shares = st.integers(1, 1_000_000).map(lambda parts: Fraction(parts, 1_000_000 * (count - grace)))
    needed = {"declining-fixed-principal": shares, "flat": st.none() | shares}
    day = draw(st.dates(date(2020, 1, 1), date(2060, 1, 1)))
    later = draw(st.none() | st.dates(day, date(2061, 1, 1)).filter(lambda first: first > day))
    per = draw(st.sampled_from(["period", "day", "week", "month", "year"]))
    return Terms(
        draw(st.integers(1, 10**10)),
        draw(st.fractions(0, Fraction(1, 10), max_denominator=36_500)) / {"day": 30, "week": 4}.get(per, 1),
        count,
        Every(draw(st.integers(1, 30)), draw(st.sampled_from(["day", "week", "month"]))),
        method,
        day,
        later,
        per,
        "nominal" if per == "period" else draw(st.sampled_from(DAY_COUNTS)),
        grace,
        draw(needed.get(method, st.none())),
        draw(st.sampled_from([1, 100, 10_000])),
    )


@given(any_terms())
def test_every_schedule_pays_exactly_the_loan(terms: Terms) -> None:
    try:
        plan = schedule(terms)
    except ValueError:
        return
    assert [row.number for row in plan] == list(range(1, terms.instalments + 1))
    assert sum(row.principal for row in plan) == terms.principal
    assert all(row.sum == row.principal + row.interest for row in plan)
    assert [row.principal > 0 for row in plan] == [row.number > terms.grace for row in plan]
    assert min(row.interest for row in plan) >= 0
    balances = [terms.principal, *(row.balance for row in plan)]
    assert balances == sorted(balances, reverse=True)
    assert balances[-1] == 0
    assert all(before - row.principal == row.balance for before, row in zip(balances, plan, strict=False))
    for row in plan[:-1]:
        assert row.principal % terms.unit == row.interest % terms.unit == 0
    if terms.method.startswith("declining"):
        rates = period_rates(terms)
        for row, before, rate in zip(plan, balances, rates, strict=False):
            assert row.interest == half_even(before * rate, terms.unit)
    else:
        whole = half_even(terms.principal * sum(period_rates(terms)), terms.unit)
        assert sum(row.interest for row in plan) == whole
    alike = [row.sum if terms.method.endswith("instalment") else row.principal for row in plan[terms.grace : -1]]
    assert len(set(alike)) <= 1


@given(any_terms())
def test_days_rise_and_end_where_they_should(terms: Terms) -> None:
    try:
        days = [row.due for row in schedule(terms)]
    except ValueError:
        return
    assert days[0] > terms.disbursed
    assert days == sorted(set(days))
    start, steps = (terms.first_due or terms.disbursed), len(days) - bool(terms.first_due)
    if terms.every.unit == "month":
        months = (days[-1].year - start.year) * 12 + days[-1].month - start.month
        assert months == terms.every.count * steps
        assert days[-1].day == start.day or (days[-1].day < start.day and days[-1].day >= 28)
    else:
        assert (days[-1] - start).days == terms.every.count * steps * (7 if terms.every.unit == "week" else 1)


@given(any_terms())
def test_the_equal_instalment_is_the_annuity(terms: Terms) -> None:
    """E = P·i / (1 − (1+i)^−n), rounded once; checked backwards: its present value is the loan, give or take a unit."""
    terms = replace(terms, method="declining-equal-instalment", share=None)
    try:
        plan = schedule(terms)
    except ValueError:
        return
    if terms.paying < 2:
        return
    factor, worth = Fraction(1), Fraction(0)
    for rate in period_rates(terms)[terms.grace :]:
        factor /= 1 + rate
        worth += factor
    assert abs(plan[terms.grace].sum - terms.principal / worth) * 2 <= terms.unit


@given(any_terms(), st.dates(date(2020, 1, 1), date(2063, 1, 1)), st.fractions(0, 1, max_denominator=100))
def test_closing_early_never_costs_more_than_staying(terms: Terms, on: date, rebate: Fraction) -> None:
    try:
        plan = schedule(terms)
    except ValueError:
        return
    principal, interest = early_close(plan, on, rebate=rebate)
    assert principal == terms.principal
    least, most = (early_close(plan, on, rebate=part)[1] for part in (1, 0))
    assert 0 <= least <= interest <= most == sum(row.interest for row in plan)
