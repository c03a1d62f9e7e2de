"""Reports about groups' money and meetings, each with its meaning and what stands behind it."""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection

from gateway.console import charts
from gateway.console.charts import Chart
from gateway.console.charts import Series
from gateway.console.shape import Visit
from gateway.console.views.reporting import COUNT
from gateway.console.views.reporting import EACH
from gateway.console.views.reporting import SHARE
from gateway.console.views.reporting import SUM
from gateway.console.views.reporting import UNITS
from gateway.console.views.reporting import Asked
from gateway.console.views.reporting import Chosen
from gateway.console.views.reporting import Column
from gateway.console.views.reporting import Part
from gateway.console.views.reporting import Report
from gateway.console.views.reporting import Row
from gateway.console.views.reporting import asked
from gateway.console.views.reporting import groups_chosen
from gateway.console.views.reporting import month_said
from gateway.console.views.reporting import percent
from gateway.console.views.reporting import tenths
from ledger import month_figures
from ledger import month_series
from ledger import months
from ledger.indicators import DAYS_LATE
from ledger.indicators import Figure
from locales import Phrase
from locales import phrase

SAVINGS, LOANS = phrase("Savings"), phrase("Loans")
DEPOSITED, WITHDRAWN, LENT, REPAID = phrase("Paid in"), phrase("Taken out"), phrase("Lent"), phrase("Repaid")
AT_RISK, RECOVERY, ON_TIME = phrase("Portfolio at risk"), phrase("Recovery"), phrase("Paid on time")
ATTENDANCE, REGULARITY = phrase("Attendance"), phrase("Savings regularity")
OTHER, OWED = phrase("Other changes"), phrase("Loans owed at the end")
IN_PERCENT = phrase("In per cent.")

LATE: Mapping[int, Phrase] = {
    1: phrase("more than 1 day late"),
    30: phrase("more than 30 days late"),
    60: phrase("more than 60 days late"),
    90: phrase("more than 90 days late"),
}

MEANS: Mapping[str, tuple[Phrase, Phrase]] = {
    "balance": (
        phrase("Savings at the end"),
        phrase("What all members have in their groups at the end of the month: compulsory, voluntary and shares."),
    ),
    "deposited": (
        DEPOSITED,
        phrase("What members saved in the month, at a meeting or apart from it, less deposits that were undone."),
    ),
    "withdrawn": (
        WITHDRAWN,
        phrase("Voluntary savings paid out in the month, and the savings of those who left their group."),
    ),
    "other-savings": (
        OTHER,
        phrase("What else changed savings: opening sums of old groups, interest added, shares shared out."),
    ),
    "owed": (
        OWED,
        phrase("Principal that members owe their groups at the end of the month, without interest and fines."),
    ),
    "lent": (LENT, phrase("Principal paid out as loans in the month, less loans that were undone.")),
    "repaid": (REPAID, phrase("Principal that came back in the month, less payments that were undone.")),
    "written-off": (phrase("Written off"), phrase("Principal given up in the month; nobody expects it any more.")),
    "other-loans": (OTHER, phrase("What else changed loans: opening sums of old groups, loans agreed anew.")),
    "interest": (phrase("Interest"), phrase("Interest of loans received in the month, less what was undone.")),
    "risk": (
        AT_RISK,
        phrase(
            "Part: the principal still owed by loans with an instalment more than so many days late. Whole: all"
            " principal owed. An instalment is late while principal or interest of it is unpaid. Loans written off,"
            " and what lenders outside the groups lent, are left out."
        ),
    ),
    "recovery": (
        RECOVERY,
        phrase(
            "Part: what was paid, by the end of the month, of what fell due in it. Whole: principal and interest that"
            " fell due in the month. What was paid in advance counts when it falls due."
        ),
    ),
    "on-time": (
        ON_TIME,
        phrase("Part: instalments paid whole on their day or before. Whole: instalments that fell due in the month."),
    ),
    "held": (
        phrase("Meetings for each group"),
        phrase("Part: meetings that were opened in the month and closed. Whole: groups that have books."),
    ),
    "attendance": (
        ATTENDANCE,
        phrase("Part: members who came, late or not. Whole: members expected at the meetings held in the month."),
    ),
    "regularity": (
        REGULARITY,
        phrase(
            "Part: members who had saved since the meeting before. Whole: members expected at the meetings held in"
            " the month. At a group's first meeting only savings of that day count."
        ),
    ),
}
"""Each figure with its meaning in plain words."""

NOT_COUNTED = phrase("{count} of {all} groups are not counted yet; that is done within some minutes.")
SO_FAR = phrase("The month that runs is counted up to today.")

LATE_LOANS = phrase("The loans in arrears, one by one")
MEETINGS_BEHIND = phrase("The meetings of the last month, one by one")


# ---- what they have in common ----


def means(*names: str) -> list[tuple[Phrase, Phrase]]:
    """The meanings of some figures."""
    return [MEANS[name] for name in names]


def _rows(visit: Visit, of: Asked, values: Mapping[int, Sequence[Any]], chosen: Chosen) -> list[Row]:
    """A row for each month, the newest first, with the groups behind it."""
    return [
        Row(
            month_said(visit.words, month),
            values[month],
            f"{months.first_day(month):%Y-%m}",
            "report-groups",
            chosen.query | {"month": month},
        )
        for month in reversed(of.months)
    ]


def labels(visit: Visit, of: Asked) -> list[str]:
    """The months along a chart."""
    return [month_said(visit.words, month, year=len(of.months) > 12) for month in of.months]


def told(visit: Visit, of: Asked, unit: Phrase) -> str:
    """What a chart shows, for who cannot see it."""
    first, last = (month_said(visit.words, month) for month in (of.first, of.last))
    said = visit.words.say(
        phrase("By month, {first} to {last}. The table has the same figures."), first=first, last=last
    )
    return f"{said} {visit.words.say(unit)}"


def money_chart(visit: Visit, of: Asked, title: Phrase, series: Sequence[tuple[Phrase, Sequence[int]]]) -> Chart:
    """A chart of sums in minor units, its axis in whole taka."""
    say, number = visit.words.say, visit.words.number
    drawn = [Series(say(name), values) for name, values in series]
    return Chart(
        say(title),
        told(visit, of, UNITS[of.programme.currency]),
        labels(visit, of),
        drawn,
        lambda value: number(value // 100),
        100,
    )


def share_chart(visit: Visit, of: Asked, title: Phrase, series: Sequence[tuple[Phrase, Sequence[int | None]]]) -> Chart:
    """A chart of tenths of a per cent."""
    say, words = visit.words.say, visit.words
    drawn = [Series(say(name), values) for name, values in series]
    return Chart(say(title), told(visit, of, IN_PERCENT), labels(visit, of), drawn, _whole_percent(words), 10)


def _whole_percent(words: Any) -> Any:
    return lambda value: percent(words, value).replace(".0", "").replace(".০", "")


def _figures(db: Connection, of: Asked, chosen: Chosen) -> dict[int, dict[str, Figure]]:
    """The indicators of every month asked for; nothing of nothing where there are none."""
    found = month_figures.by_month(db, chosen.ids, of.first, of.last)
    nothing = dict.fromkeys(month_figures.NAMES, Figure(0, 0))
    return {month: found.get(month, nothing) for month in of.months}


def _notes(db: Connection, of: Asked, chosen: Chosen) -> dict[str, Any]:
    counted = month_figures.counted(db, chosen.ids)
    notes: list[tuple[Phrase, Mapping[str, Any]]] = []
    if of.last == months.month_of(of.today):
        notes.append((SO_FAR, {}))
    if counted.missing:
        notes.append((NOT_COUNTED, {"count": counted.missing, "all": counted.groups}))
    return {"as_of": counted.at, "notes": notes, "chosen": chosen}


# ---- savings and loans ----

_SAVINGS = (
    Column(MEANS["balance"][0], SUM),
    Column(DEPOSITED, SUM),
    Column(WITHDRAWN, SUM),
    Column(OTHER, SUM),
)
_LOANS = (
    Column(OWED, SUM),
    Column(LENT, SUM),
    Column(REPAID, SUM),
    Column(MEANS["written-off"][0], SUM),
    Column(OTHER, SUM),
    Column(MEANS["interest"][0], SUM),
)


def money(db: Connection, visit: Visit) -> Report:
    """Savings and loans of groups by month."""
    of, chosen = asked(db, visit), groups_chosen(db, visit)
    found = month_series.groups(db, chosen.ids, of.first, of.last)
    saved, owed = [found[month][0] for month in of.months], [found[month][1] for month in of.months]
    drawn = [
        charts.lines(money_chart(visit, of, MEANS["balance"][0], [(SAVINGS, [x.balance for x in saved])]), "saved"),
        charts.columns(
            money_chart(
                visit,
                of,
                phrase("Savings paid in and taken out"),
                [(DEPOSITED, [x.deposited for x in saved]), (WITHDRAWN, [x.withdrawn for x in saved])],
            ),
            "moved",
        ),
        charts.lines(money_chart(visit, of, OWED, [(OWED, [x.owed for x in owed])]), "owed"),
        charts.columns(
            money_chart(
                visit,
                of,
                phrase("Lent and repaid"),
                [(LENT, [x.lent for x in owed]), (REPAID, [x.repaid for x in owed])],
            ),
            "lent",
        ),
    ]
    first = {month: [of.money(getattr(found[month][0], name)) for name in _FIELDS[0]] for month in of.months}
    second = {month: [of.money(getattr(found[month][1], name)) for name in _FIELDS[1]] for month in of.months}
    parts = (
        Part(SAVINGS, _SAVINGS, _rows(visit, of, first, chosen), drawn[:2]),
        Part(LOANS, _LOANS, _rows(visit, of, second, chosen), drawn[2:]),
    )
    meanings = means("balance", "deposited", "withdrawn", "other-savings", "owed", "lent", "repaid", "written-off")
    return Report(of, parts, [*meanings, *means("other-loans", "interest")], chosen)


_FIELDS = (
    ("balance", "deposited", "withdrawn", "other"),
    ("owed", "lent", "repaid", "written_off", "other", "interest"),
)


# ---- risk, recovery, meetings ----


def risk(db: Connection, visit: Visit) -> Report:
    """Portfolio at risk at the end of each month, and today."""
    of, chosen = asked(db, visit), groups_chosen(db, visit)
    found = _figures(db, of, chosen)
    named = {days: f"at risk, {days} day{'s' * (days > 1)}" for days in DAYS_LATE}
    series = [(LATE[days], [tenths(found[month][named[days]]) for month in of.months]) for days in DAYS_LATE]
    columns = [Column(OWED, SUM)]
    for days in DAYS_LATE:
        columns += [Column(LATE[days], SUM), Column(phrase("Share"), SHARE)]
    values = {}
    for month, figures in found.items():
        parts = [figures[named[days]] for days in DAYS_LATE]
        pairs = [value for part in parts for value in (of.money(part.part), part)]
        values[month] = [of.money(parts[0].whole), *pairs]
    chart = charts.lines(share_chart(visit, of, AT_RISK, series), "risk")
    part = Part(AT_RISK, columns, _rows(visit, of, values, chosen), [chart])
    links = [("report-late", LATE_LOANS, {**chosen.query, "days": 30})]
    return Report(of, (part,), means("risk"), links=links, **_notes(db, of, chosen))


def recovery(db: Connection, visit: Visit) -> Report:
    """What came back of what fell due, and what of it in time."""
    of, chosen = asked(db, visit), groups_chosen(db, visit)
    found = _figures(db, of, chosen)
    paid, timely = ({month: found[month][name] for month in of.months} for name in ("recovery", "on-time repayment"))
    series = [
        (RECOVERY, [tenths(each) for each in paid.values()]),
        (ON_TIME, [tenths(each) for each in timely.values()]),
    ]
    columns = (
        Column(phrase("Fell due"), SUM),
        Column(phrase("Paid of it"), SUM),
        Column(RECOVERY, SHARE),
        Column(phrase("Instalments due"), COUNT),
        Column(phrase("Paid by their day"), COUNT),
        Column(ON_TIME, SHARE),
    )
    values = {
        month: [
            of.money(paid[month].whole),
            of.money(paid[month].part),
            paid[month],
            timely[month].whole,
            timely[month].part,
            timely[month],
        ]
        for month in of.months
    }
    chart = charts.lines(share_chart(visit, of, phrase("Recovery and payment on time"), series), "recovery")
    part = Part(RECOVERY, columns, _rows(visit, of, values, chosen), [chart])
    links = [("report-late", LATE_LOANS, {**chosen.query, "days": 1})]
    return Report(of, (part,), means("recovery", "on-time"), links=links, **_notes(db, of, chosen))


def meetings(db: Connection, visit: Visit) -> Report:
    """Meetings held, who came, who saved."""
    of, chosen = asked(db, visit), groups_chosen(db, visit)
    found = _figures(db, of, chosen)
    names = ("meetings held", "attendance", "savings regularity")
    held, came, saved = ({month: found[month][name] for month in of.months} for name in names)
    series = [
        (ATTENDANCE, [tenths(each) for each in came.values()]),
        (REGULARITY, [tenths(each) for each in saved.values()]),
    ]
    columns = (
        Column(phrase("Meetings held"), COUNT),
        Column(MEANS["held"][0], EACH),
        Column(phrase("Expected"), COUNT),
        Column(phrase("Came"), COUNT),
        Column(ATTENDANCE, SHARE),
        Column(phrase("Saved"), COUNT),
        Column(REGULARITY, SHARE),
    )
    values = {
        month: [
            held[month].part,
            held[month],
            came[month].whole,
            came[month].part,
            came[month],
            saved[month].part,
            saved[month],
        ]
        for month in of.months
    }
    chart = charts.lines(share_chart(visit, of, phrase("Attendance and savings regularity"), series), "meetings")
    part = Part(ATTENDANCE, columns, _rows(visit, of, values, chosen), [chart])
    links = [("report-held", MEETINGS_BEHIND, {**chosen.query, "month": of.last})]
    return Report(of, (part,), means("held", "attendance", "regularity"), links=links, **_notes(db, of, chosen))
