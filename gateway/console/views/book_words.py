"""How the books are spoken of in the office: kinds of book, heads of the chart, kinds of entry, who did something."""

from __future__ import annotations

from collections.abc import Collection
from collections.abc import Mapping

from sqlalchemy import Connection

from gateway.console import operators
from ledger import members
from ledger.chart import GROUP
from ledger.chart import HUB
from ledger.chart import LENDER
from ledger.chart import SHOP
from ledger.registers import GOODS
from ledger.registers import MONEY
from ledger.registers import OWED
from ledger.registers import OWES
from ledger.registers import Kept
from ledger.tables import Names
from locales import Phrase
from locales import Words
from locales import phrase

BOOKS: Mapping[str, Phrase] = {
    GROUP: phrase("Groups"),
    HUB: phrase("Hubs"),
    SHOP: phrase("Agents' shops"),
    LENDER: phrase("Lenders"),
}
"""Kinds of book, as headings of their lists."""

A_BOOK: Mapping[str, Phrase] = {
    GROUP: phrase("Group {name}"),
    HUB: phrase("Hub {name}"),
    SHOP: phrase("Shop of {name}"),
    LENDER: phrase("Lender {name}"),
}

SUMS: Mapping[str, Phrase] = {
    MONEY: phrase("Money"),
    GOODS: phrase("Goods at cost"),
    OWED: phrase("Others owe it"),
    OWES: phrase("It owes others"),
}

CLASSES: Mapping[int, Phrase] = {
    1: phrase("What it has"),
    2: phrase("What it owes"),
    3: phrase("What is its own"),
    4: phrase("What it earned"),
    5: phrase("What it spent"),
}
"""What the first digit of a code says."""

HEADS: Mapping[int, Phrase] = {
    1010: phrase("Cash box"),
    1020: phrase("Bank"),
    1030: phrase("Mobile wallet"),
    1040: phrase("With the collector"),
    1100: phrase("Loans to members"),
    1120: phrase("Fines to come in"),
    2010: phrase("Compulsory savings"),
    2020: phrase("Voluntary savings"),
    2030: phrase("Shares"),
    2040: phrase("Social fund"),
    2050: phrase("Borrowed from a bank or federation"),
    2070: phrase("Paid too much"),
    2080: phrase("Share-out to be paid"),
    3010: phrase("Surplus"),
    3030: phrase("There at the start"),
    4010: phrase("Interest on loans"),
    4020: phrase("Fines"),
    4030: phrase("Fees"),
    4040: phrase("Interest from the bank"),
    4050: phrase("Grants"),
    4060: phrase("Came back of what was given up"),
    5010: phrase("Interest on what was borrowed"),
    5020: phrase("Interest on savings"),
    5030: phrase("Costs of meetings"),
    5040: phrase("Loans given up"),
    5050: phrase("Rounding"),
    5060: phrase("Cash difference"),
    1210: phrase("Stock"),
    1215: phrase("Goods on the way"),
    1220: phrase("Agents owe"),
    1230: phrase("Goods on instalments"),
    1240: phrase("Claims on suppliers"),
    2110: phrase("Owed to suppliers"),
    2120: phrase("Commission to be paid"),
    2130: phrase("Agents paid ahead"),
    4110: phrase("Sales"),
    4130: phrase("Service charge on instalments"),
    5110: phrase("Cost of what was sold"),
    5120: phrase("Commission"),
    5130: phrase("Goods lost"),
    1310: phrase("Cash"),
    1320: phrase("Stock"),
    1330: phrase("Customers owe"),
    1340: phrase("Paid ahead to the hub"),
    2210: phrase("Owed to the hub"),
    3310: phrase("The owner put in"),
    3320: phrase("The owner took out"),
    4210: phrase("Sales"),
    4220: phrase("Commission"),
    5210: phrase("Cost of what was sold"),
    5220: phrase("Goods lost"),
}

KINDS: Mapping[str, Phrase] = {
    "collection": phrase("money taken"),
    "saving.deposit": phrase("savings"),
    "saving.withdraw": phrase("savings withdrawn"),
    "loan.disburse": phrase("loan paid out"),
    "loan.repay": phrase("instalment"),
    "loan.close-early": phrase("loan closed early"),
    "loan.reschedule": phrase("loan agreed anew"),
    "loan.waive": phrase("interest or fine forgiven"),
    "loan.write-off": phrase("loan given up"),
    "fine.charge": phrase("fine"),
    "fine.pay": phrase("fine paid"),
    "fine.waive": phrase("fine forgiven"),
    "meeting.close": phrase("fines of a meeting"),
    "share-out.set-off": phrase("set off in the share-out"),
    "reversal": phrase("undoes another entry"),
    "cut-off": phrase("balances of an old group"),
    "rules.set": phrase("rules changed"),
    "saving.ask": phrase("savings asked for"),
    "saving.refuse": phrase("savings refused"),
    "saving.interest": phrase("interest on savings"),
    "member.leave": phrase("a member left"),
    "overpayment.refund": phrase("paid too much, given back"),
    "social-fund.in": phrase("into the social fund"),
    "social-fund.grant": phrase("out of the social fund"),
    "money.move": phrase("money moved"),
    "money.counted": phrase("cash counted"),
    "bank.interest": phrase("interest from the bank"),
    "grant.in": phrase("grant"),
    "meeting.cost": phrase("cost of a meeting"),
    "capital.in": phrase("money put in"),
    "linkage.in": phrase("borrowed from a bank or federation"),
    "linkage.repay": phrase("paid back to a bank or federation"),
    "loan.fee": phrase("fee for a loan"),
    "loan.recover": phrase("came back of a loan given up"),
    "share-out.close": phrase("share-out: the year closed"),
    "share-out.share": phrase("share-out: shares worked out"),
    "share-out.pay": phrase("share-out paid"),
    "stock.open": phrase("stock at the start"),
    "goods.in": phrase("goods came in"),
    "goods.lost": phrase("goods lost"),
    "goods.bought": phrase("goods bought elsewhere"),
    "goods.own-use": phrase("goods for own use"),
    "claim.met": phrase("a supplier met a claim"),
    "claim.refused": phrase("a supplier refused a claim"),
    "supplier.pay": phrase("supplier paid"),
    "limit.set": phrase("limit changed"),
    "order.place": phrase("order placed"),
    "order.accept": phrase("order accepted"),
    "order.pack": phrase("order packed"),
    "order.cancel": phrase("order cancelled"),
    "order.close": phrase("rest of an order closed"),
    "order.prepay": phrase("order paid ahead"),
    "order.dispatch": phrase("order sent out"),
    "order.deliver": phrase("order delivered"),
    "order.refuse": phrase("order refused"),
    "order.return": phrase("goods sent back"),
    "agent.pay": phrase("an agent paid"),
    "agent.refund": phrase("given back to an agent"),
    "commission.earn": phrase("commission earned"),
    "commission.pay": phrase("commission paid"),
    "commission.set-off": phrase("commission set off"),
    "sale": phrase("sale"),
    "due.collect": phrase("a customer paid what she owed"),
    "emi.open": phrase("sold on instalments"),
    "emi.pay": phrase("instalment for goods"),
    "emi.close-early": phrase("goods paid off early"),
}

OTHERWISE: Mapping[str, Phrase] = {
    "agents.refund": phrase("It is undone by giving the money back to the agent."),
    "deliveries.refuse": phrase("It is undone by writing down that the order was refused."),
    "deliveries.take_back": phrase("It is undone by taking the goods back."),
    "fines.waive": phrase("It is undone by forgiving the fines."),
    "groups.set_rules": phrase("It is undone by setting the rules once more."),
    "journal.set_ceiling": phrase("It is undone by setting the limit once more."),
    "orders.place": phrase("It is undone by a new order."),
    "savings.ask": phrase("It is undone by asking for the savings once more."),
    "savings.refuse": phrase("It is undone by refusing the request."),
    "steps.cancel": phrase("It is undone by cancelling the order."),
}
"""How an entry is undone that is not undone by a reversal: by the verb that the books name."""

HOLDS: Mapping[str, Phrase] = {
    "": phrase("reserved"),
    "settled": phrase("no longer reserved: settled"),
    "voided": phrase("no longer reserved: called off"),
    "expired": phrase("no longer reserved: its time was up"),
}

WAYS: Mapping[str, Phrase] = {
    "charged": phrase("charged"),
    "paid": phrase("paid"),
    "waived": phrase("forgiven"),
    "written-off": phrase("given up"),
}
"""What an entry does to an instalment."""

CHANNELS: Mapping[str, Phrase] = {
    "ussd": phrase("by phone"),
    "console": phrase("in the office"),
    "office": phrase("in the office"),
    "import": phrase("from a file"),
    "clock": phrase("by itself"),
    "demo": phrase("for demonstration"),
}

ALONE: Mapping[str, Phrase] = {"clock": phrase("the system itself"), "demo": phrase("demonstration")}
"""Who is nobody of the office and no member."""

MEMBER_ACTOR = phrase("{name} {code}")


def titled(said: Words, kept: Kept) -> str:
    """A book as a heading calls it."""
    name = called(said, kept.names) if kept.names else said.number(kept.book.owner)
    return said.say(A_BOOK[kept.book.kind], name=f"{name} {kept.code}".strip())


def called(said: Words, known: Names) -> str:
    """A name as the reader wants it."""
    return known.written(said.language)


def did(db: Connection, said: Words, actors: Collection[str]) -> dict[str, str]:
    """Who these actors of the books are, in words."""
    parted = {actor: actor.partition(":") for actor in actors}
    ids = [int(rest) for kind, _, rest in parted.values() if kind == "member" and rest.isdecimal()]
    given = [rest for kind, _, rest in parted.values() if kind in ("officer", "office")]
    people = members.these(db, ids) if ids else {}
    office = operators.displayed(db, given) if given else {}
    told = {}
    for actor, (kind, _, rest) in parted.items():
        if kind == "member" and rest.isdecimal() and int(rest) in people:
            member = people[int(rest)]
            told[actor] = said.say(MEMBER_ACTOR, name=called(said, member.names), code=member.code)
        else:
            told[actor] = office.get(rest) or (said.say(ALONE[kind]) if kind in ALONE else rest or actor)
    return told
