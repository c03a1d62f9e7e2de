"""The chart of accounts: every code with its name, its normal side, the books it lives in and its floor."""

from __future__ import annotations

from dataclasses import dataclass

DEBIT = "D"
CREDIT = "C"

GROUP = "group"
HUB = "hub"
SHOP = "shop"
LENDER = "lender"


@dataclass(frozen=True, slots=True)
class Head:
    """One account head. `side` is its normal side; a `guarded` one may never go below zero on that side.

    `per` names what the party number of the account means (member, loan, agent …); empty: the book has one.
    `limited` accounts may not rise above a credit limit, holds included.
    """

    code: int
    name: str
    side: str
    books: tuple[str, ...]
    per: str = ""
    guarded: bool = False
    limited: bool = False


_MONEY = (GROUP, LENDER)
_HEADS = (
    Head(1010, "Cash box", DEBIT, _MONEY, guarded=True),
    Head(1020, "Bank", DEBIT, _MONEY, guarded=True),
    Head(1030, "Mobile-money wallet", DEBIT, (*_MONEY, HUB), guarded=True),
    Head(1040, "Collector in transit", DEBIT, _MONEY, guarded=True),
    Head(1100, "Member loan principal", DEBIT, _MONEY, per="loan", guarded=True),
    Head(1120, "Fine receivable", DEBIT, _MONEY, per="member", guarded=True),
    Head(2010, "Compulsory savings", CREDIT, _MONEY, per="member", guarded=True),
    Head(2020, "Voluntary savings", CREDIT, (GROUP,), per="member", guarded=True),
    Head(2030, "Share capital", CREDIT, (GROUP,), per="member", guarded=True),
    Head(2040, "Social fund", CREDIT, (GROUP,), guarded=True),
    Head(2050, "Bank or federation loan", CREDIT, (GROUP,), guarded=True),
    Head(2070, "Overpayment", CREDIT, _MONEY, per="member", guarded=True),
    Head(2080, "Share-out payable", CREDIT, (GROUP,), per="member", guarded=True),
    Head(3010, "Surplus", CREDIT, (*_MONEY, HUB)),
    Head(3030, "Opening equity", CREDIT, (*_MONEY, HUB)),
    Head(4010, "Loan interest", CREDIT, _MONEY),
    Head(4020, "Fines", CREDIT, _MONEY),
    Head(4030, "Fees", CREDIT, _MONEY),
    Head(4040, "Bank interest", CREDIT, (GROUP,)),
    Head(4050, "Grants", CREDIT, (GROUP,)),
    Head(4060, "Recoveries", CREDIT, _MONEY),
    Head(5010, "Interest on borrowing", DEBIT, (GROUP,)),
    Head(5020, "Interest on savings", DEBIT, (GROUP,)),
    Head(5030, "Meeting costs", DEBIT, (GROUP,)),
    Head(5040, "Write-off", DEBIT, _MONEY),
    Head(5050, "Rounding", DEBIT, (GROUP,)),
    Head(5060, "Cash difference", DEBIT, (GROUP,)),
    Head(1210, "Inventory", DEBIT, (HUB,), guarded=True),
    Head(1215, "Goods in transit", DEBIT, (HUB,), guarded=True),
    Head(1220, "Agent receivable", DEBIT, (HUB,), per="agent", guarded=True, limited=True),
    Head(1230, "EMI receivable", DEBIT, (HUB,), per="contract", guarded=True),
    Head(1240, "Claim", DEBIT, (HUB,), per="supplier", guarded=True),
    Head(2110, "Supplier payable", CREDIT, (HUB,), per="supplier", guarded=True),
    Head(2120, "Commission payable", CREDIT, (HUB,), per="agent", guarded=True),
    Head(2130, "Agent deposit", CREDIT, (HUB,), per="agent", guarded=True),
    Head(4110, "Sales", CREDIT, (HUB,)),
    Head(4130, "EMI service charge", CREDIT, (HUB,)),
    Head(5110, "Cost of goods sold", DEBIT, (HUB,)),
    Head(5120, "Commission expense", DEBIT, (HUB,)),
    Head(5130, "Stock loss", DEBIT, (HUB,)),
    Head(1310, "Cash", DEBIT, (SHOP,), guarded=True),
    Head(1320, "Stock at cost", DEBIT, (SHOP,), guarded=True),
    Head(1330, "Customer dues", DEBIT, (SHOP,), per="customer", guarded=True),
    Head(1340, "Advance to hub", DEBIT, (SHOP,), guarded=True),
    Head(2210, "Payable to hub", CREDIT, (SHOP,), guarded=True),
    Head(3310, "Owner capital", CREDIT, (SHOP,)),
    Head(3320, "Drawings", DEBIT, (SHOP,)),
    Head(4210, "Sales", CREDIT, (SHOP,)),
    Head(4220, "Commission", CREDIT, (SHOP,)),
    Head(5210, "Cost of goods sold", DEBIT, (SHOP,)),
    Head(5220, "Stock loss", DEBIT, (SHOP,)),
)

CHART = {head.code: head for head in _HEADS}

STOCK = {HUB: 1210, SHOP: 1320}
"""The account that carries the goods on hand of a kind of book."""


def natural(code: int, balance: int) -> int:
    """A stored balance (debits less credits, minor units) as seen from the account's normal side."""
    return balance if CHART[code].side == DEBIT else -balance
