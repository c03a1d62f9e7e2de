"""The journal templates: what each operation debits and credits, in one table; every verb takes its lines from it.

To add an operation, add a row here and write its verb: `draft` (below) turns sums with names into a balanced entry.

    Dr 1010 / Cr 2010 compulsory, 2020 voluntary

A leg is an account and the name of its sum. The leg without a name takes the rest, so an entry balances by itself.
`money`, `source` and `target` stand for where the money lies, a name in PLACES. Legs whose sum is nothing are left
out; an account that may change sides (a difference, equity) does so when its sum is below zero. The party of an
account (which member, loan, agent) is given by its head's own word (`member=17`), or a sum is {party: amount}.
"""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ledger.books import Book
from ledger.books import Draft
from ledger.books import Line
from ledger.books import credit
from ledger.books import debit
from ledger.chart import CHART
from ledger.chart import GROUP
from ledger.chart import HUB
from ledger.chart import LENDER
from ledger.chart import SHOP
from ledger.money import Money

PLACES = {"cash": 1010, "bank": 1020, "wallet": 1030, "collector": 1040}
"""Where the money of a group or a lender lies."""

REVERSAL = "reversal"
"""The kind of an entry that undoes another: the same accounts and sums, sides swapped. It has no row in the table."""


@dataclass(frozen=True, slots=True)
class Template:
    """What one kind of operation posts in one kind of book.

    `undone` says how it is undone: by a reversal (empty), or by the verb named.
    """

    kind: str
    book: str
    debit: tuple[tuple[str, str], ...]
    credit: tuple[tuple[str, str], ...]
    undone: str


def _legs(text: str, side: str) -> tuple[tuple[str, str], ...]:
    parts = [part.split() for part in text.strip().removeprefix(side).split(",") if part.strip()]
    return tuple((part[0], part[1] if len(part) > 1 else "") for part in parts)


def _table(*rows: tuple[str, str, str, str] | tuple[str, str, str]) -> dict[tuple[str, str], Template]:
    table = {}
    for kind, books, legs, *undone in rows:
        left, _, right = legs.partition("/")
        for book in books.split():
            both = _legs(left, "Dr"), _legs(right, "Cr")
            table[kind, book] = Template(kind, book, *both, *undone or [""])
    return table


_BOTH = f"{GROUP} {LENDER}"

TEMPLATES = _table(
    # An old group joins.
    ("cut-off", GROUP, "Dr 1010 cash, 1020 bank, 1030 wallet, 1100 loans, 1120 fines"
     " / Cr 2010 compulsory, 2020 voluntary, 2030 share, 2040 social, 2050 borrowed, 2070 overpaid, 3030"),
    ("rules.set", GROUP, "", "groups.set_rules"),
    # Savings.
    ("saving.deposit", GROUP, "Dr money / Cr 2010 compulsory, 2020 voluntary, 2030 share"),
    ("saving.deposit", LENDER, "Dr money / Cr 2010 compulsory"),
    ("saving.ask", GROUP, "", "savings.refuse"),
    ("saving.refuse", GROUP, "", "savings.ask"),
    ("saving.withdraw", GROUP, "Dr 2020 paid / Cr money"),
    ("saving.interest", GROUP, "Dr 5020 / Cr 2010 compulsory, 2020 voluntary"),
    ("member.leave", GROUP, "Dr 2010 compulsory, 2020 voluntary, 2030 share, 2070 overpaid, 2080 payable / Cr money"),
    ("overpayment.refund", _BOTH, "Dr 2070 paid / Cr money"),
    # The group's own money.
    ("social-fund.in", GROUP, "Dr money / Cr 2040 paid"),
    ("social-fund.grant", GROUP, "Dr 2040 paid / Cr money"),
    ("money.move", _BOTH, "Dr target / Cr source moved"),
    ("money.counted", GROUP, "Dr 1010 found / Cr 1010 missing, 5060"),
    ("bank.interest", GROUP, "Dr 1020 / Cr 4040 earned"),
    ("grant.in", GROUP, "Dr money / Cr 4050 given"),
    ("meeting.cost", GROUP, "Dr 5030 / Cr money spent"),
    ("capital.in", LENDER, "Dr money / Cr 3030 paid"),
    ("linkage.in", GROUP, "Dr money / Cr 2050 borrowed"),
    ("linkage.repay", GROUP, "Dr 2050 principal, 5010 interest / Cr money"),
    # Loans to members; nothing is deducted at the source, a fee is an operation of its own.
    ("loan.disburse", _BOTH, "Dr 1100 lent / Cr money"),
    # A meeting: all that one member brings at once; the fines that its end charges.
    ("collection", GROUP, "Dr money"
     " / Cr 2010 compulsory, 2020 voluntary, 2040 social, 1120 fine, 4010 interest, 1100 principal"),
    ("meeting.close", GROUP, "Dr 1120 fine / Cr 4020", "fines.waive"),
    ("loan.fee", _BOTH, "Dr money / Cr 4030 fee"),
    ("loan.repay", _BOTH, "Dr money / Cr 1120 fine, 4020 charged, 4010 interest, 1100 principal, 2070 over"),
    ("loan.close-early", _BOTH, "Dr money / Cr 1120 fine, 4010 interest, 1100 principal"),
    ("loan.reschedule", _BOTH, "Dr 1100 lent / Cr 1120 fine, 4010 interest, 1100 settled, money"),
    ("loan.waive", _BOTH, "Dr 4020 / Cr 1120 fine"),
    ("loan.write-off", _BOTH, "Dr 5040, 4020 fine / Cr 1100 principal, 1120 fine"),
    ("loan.recover", _BOTH, "Dr money / Cr 4060 paid"),
    ("fine.charge", _BOTH, "Dr 1120 fine / Cr 4020"),
    ("fine.pay", _BOTH, "Dr money / Cr 1120 fine"),
    ("fine.waive", _BOTH, "Dr 4020 / Cr 1120 fine"),
    # The end of a cycle.
    ("share-out.close", GROUP, "Dr 4010 interest, 4020 fines, 4030 fees, 4040 bank, 4050 grants, 4060 recovered,"
     " 3030 opening / Cr 5010 borrowing, 5020 savings, 5030 meetings, 5040 lost, 5050 rounding, 5060 counted, 3010"),
    ("share-out.share", GROUP, "Dr 2030 share, 3010 / Cr 2080 payable"),
    ("share-out.set-off", GROUP, "Dr 2080 payable / Cr 1100 principal"),
    ("share-out.pay", GROUP, "Dr 2080 payable / Cr money"),
    # Goods of the hub and its suppliers.
    ("stock.open", HUB, "Dr 1030 cash, 1210 goods / Cr 3030"),
    ("goods.in", HUB, "Dr 1210 goods, 1240 claimed / Cr 2110"),
    ("goods.lost", HUB, "Dr 5130 / Cr 1210 goods"),
    ("claim.met", HUB, "Dr 2110 deducted, 1030 paid / Cr 1240"),
    ("claim.refused", HUB, "Dr 5130 / Cr 1240 lost"),
    ("supplier.pay", HUB, "Dr 2110 paid / Cr 1030"),
    # An agent's order: a hold at the hub until it is delivered; both books know of it from then on.
    ("limit.set", HUB, "", "journal.set_ceiling"),
    ("order.place", HUB, "", "steps.cancel"),
    ("order.accept", HUB, "", "steps.cancel"),
    ("order.pack", HUB, "", "steps.cancel"),
    ("order.cancel", HUB, "", "orders.place"),
    ("order.close", HUB, "", "orders.place"),
    ("order.prepay", HUB, "Dr 1030 / Cr 2130 ahead", "agents.refund"),
    ("order.prepay", SHOP, "Dr 1340 ahead / Cr 1310 cash, 3310", "agents.refund"),
    ("order.dispatch", HUB, "Dr 1215 / Cr 1210 goods", "deliveries.refuse"),
    ("order.deliver", HUB, "Dr 2130 ahead, 1220 owed, 5110 cost, 1210 goods, 1240 claimed, 5130 lost"
     " / Cr 4110 sold, 1215", "deliveries.take_back"),
    ("order.deliver", SHOP, "Dr 1320 goods / Cr 1340 ahead, 2210", "deliveries.take_back"),
    ("order.refuse", HUB, "Dr 1210 goods, 1240 claimed, 5130 lost / Cr 1215", "orders.place"),
    ("order.return", HUB, "Dr 4110 price, 1210 goods, 2120 unpaid, 1220 paid"
     " / Cr 1220 owed, 2130 ahead, 5110 goods, 5120"),
    ("order.return", SHOP, "Dr 2210 owed, 1340 ahead, 4220 paid / Cr 1320 goods, 2210 paid, 5210"),
    ("agent.pay", HUB, "Dr 1030 / Cr 1220 owed, 2130 ahead"),
    ("agent.pay", SHOP, "Dr 2210 owed, 1340 ahead / Cr 1310 cash, 3310"),
    ("agent.refund", HUB, "Dr 2130 paid / Cr 1030"),
    ("agent.refund", SHOP, "Dr 1310 / Cr 1340 paid"),
    ("commission.earn", HUB, "Dr 5120 / Cr 2120 earned"),
    ("commission.pay", HUB, "Dr 2120 / Cr 1030 paid"),
    ("commission.pay", SHOP, "Dr 1310 / Cr 4220 paid"),
    ("commission.set-off", HUB, "Dr 2120 / Cr 1220 paid"),
    ("commission.set-off", SHOP, "Dr 2210 / Cr 4220 paid"),
    # A phone paid by instalments.
    ("emi.open", HUB, "Dr 1230 price, 5110 goods / Cr 4110 price, 1210 goods"),
    ("emi.pay", HUB, "Dr 1030 / Cr 4130 interest, 1230 principal"),
    ("emi.close-early", HUB, "Dr 1030 / Cr 4130 interest, 1230 principal"),
    # The agent's own shop.
    ("stock.open", SHOP, "Dr 1310 cash, 1320 goods / Cr 3310"),
    ("sale", SHOP, "Dr 1310 cash, 1330 owed, 5210 goods / Cr 4210, 1320 goods"),
    ("due.collect", SHOP, "Dr 1310 / Cr 1330 paid"),
    ("goods.own-use", SHOP, "Dr 3320 / Cr 1320 goods"),
    ("goods.lost", SHOP, "Dr 5220 / Cr 1320 goods"),
    ("goods.bought", SHOP, "Dr 1320 goods / Cr 1310 cash, 3310"),
)  # fmt: skip
"""Every kind of entry there is, by kind of entry and kind of book."""

Sum = Money | int | Mapping[int, int]
"""Money, minor units, or minor units by party."""


def draft(kind: str, book: Book, sums: Mapping[str, Any] | None = None, **more: Any) -> Draft:
    """An entry of a kind that the table knows, from sums by their names.

    `more` are the places (`money="bank"`), the parties (`member=17`) and whatever else a `Draft` has. Moves give the
    sum `goods` by themselves. ValueError (our mistake) for a name, place or party that the row does not have or lacks.
    """
    row = TEMPLATES[kind, book.kind]
    given: dict[str, Sum] = dict(sums or {})
    if moves := more.get("moves"):
        given["goods"] = abs(sum(move.value for move in moves))
    legs = [(*leg, True) for leg in row.debit] + [(*leg, False) for leg in row.credit]
    lines, rest = _named(legs, given, book, more)
    lines += _balancing(legs, rest, more)
    if unknown := given.keys() - {name for _, name, _ in legs}:
        raise ValueError(f"{kind} has no sum {', '.join(sorted(unknown))}")
    kept = {name: more[name] for name in more.keys() & _DRAFT}
    # Goods that cost nothing move without a line.
    if legs and not lines and not kept.get("allocations") and not moves:
        raise ValueError(f"{kind} of nothing")
    return Draft(book, kind, lines, **kept)


_DRAFT = frozenset(("hold", "ends", "moves", "allocations", "memo"))


def _named(
    legs: Sequence[tuple[str, str, bool]], given: Mapping[str, Sum], book: Book, more: Mapping[str, Any]
) -> tuple[list[Line], int]:
    """The lines of the legs that have a name, and debits less credits of them all."""
    lines: list[Line] = []
    for where, name, is_debit in legs:
        if name and name in given:
            lines += _lines(where, given[name], is_debit, book.currency, more)
    return lines, sum(line.signed for line in lines)


def _balancing(legs: Sequence[tuple[str, str, bool]], rest: int, more: Mapping[str, Any]) -> Iterator[Line]:
    for where, name, is_debit in legs:
        if not name:
            yield from _lines(where, -rest if is_debit else rest, is_debit, "", more)


def _lines(where: str, amount: Sum, is_debit: bool, currency: str, more: Mapping[str, Any]) -> Iterator[Line]:
    code = int(where) if where.isdigit() else _place(more.get(where, "cash"))
    head = CHART[code]
    if isinstance(amount, Money):
        if amount.currency != currency or amount.minor < 0:
            raise ValueError(f"{amount} does not go into a book of {currency}")
        amount = amount.minor
    shares = amount if isinstance(amount, Mapping) else {more.get(head.per, 0): amount}
    for party, share in shares.items():
        if share < 0 and head.guarded:
            raise ValueError(f"{code} takes no sum below zero")
        if share:
            side = debit if is_debit == (share > 0) else credit
            yield side(code, abs(share), party)


def _place(name: str) -> int:
    if name not in PLACES:
        raise ValueError(f"money does not lie in {name}")
    return PLACES[name]


def undone_by(kind: str, book: str) -> str:
    """How an entry is undone: by a reversal (empty), or by the verb this names."""
    return TEMPLATES[kind, book].undone if (kind, book) in TEMPLATES else ""


def allowed(kind: str, book: str) -> frozenset[int]:
    """The accounts that a kind of entry may touch in a kind of book."""
    row = TEMPLATES[kind, book]
    codes = [[int(where)] if where.isdigit() else PLACES.values() for where, _ in (*row.debit, *row.credit)]
    return frozenset(code for some in codes for code in some)
