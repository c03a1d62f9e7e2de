"""A group with leaders for the tests of approvals: three leaders, two members with savings, another group beside it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from dataclasses import replace
from datetime import date
from datetime import datetime
from datetime import timedelta

from ledger_world import DAY
from ledger_world import NOON
from ledger_world import PEPPERS
from ledger_world import PIN
from ledger_world import World
from ledger_world import open_world
from ledger_world import taka
from sqlalchemy import Connection
from sqlalchemy import delete
from sqlalchemy import update

from ledger import decisions
from ledger import facts
from ledger import groups
from ledger import members
from ledger import pins
from ledger import savings
from ledger.books import Book
from ledger.books import Origin
from ledger.groups import Rules
from ledger.members import Member
from ledger.members import Registration
from ledger.members import handset_table
from ledger.members import member_table
from ledger.tables import Names

WEEK = timedelta(days=7)


@dataclass
class Village:
    """Rahima, Bina and Champa lead; Salma and Ayesha do not. Nila leads the other group."""

    world: World
    rahima: Member
    bina: Member
    champa: Member
    salma: Member
    ayesha: Member
    nila: Member

    @property
    def book(self) -> Book:
        return self.ayesha.group_book

    @property
    def leaders(self) -> list[Member]:
        return [self.rahima, self.bina, self.champa]

    def by(
        self, who: Member | str, operation: str | None = None, *, on: date = DAY, at: datetime | None = None
    ) -> Origin:
        """An operation of a member in her own call, or of somebody else by his name."""
        actor = f"member:{who.id}" if isinstance(who, Member) else who
        return replace(self.world.origin(operation, on=on, at=at), actor=actor)

    def say(self, db: Connection, approval: int, *words: str, at: datetime = NOON) -> str:
        """`rahima yes`, `bina no too much`, `officer Mina yes`: what became of the request after the last word."""
        outcome = None
        for word in words:
            who, answer, *reason = word.removeprefix("officer ").split(maxsplit=2)
            more = {"reason": "".join(reason), "peppers": PEPPERS}
            if word.startswith("officer "):
                origin = self.by(f"officer:{who}", at=at)
                outcome = decisions.officer_decides(db, who, approval, answer == "yes", origin, **more)
            else:
                leader = getattr(self, who)
                outcome = decisions.decide(db, leader, approval, answer == "yes", self.by(leader, at=at), **more)
        assert outcome
        return f"{outcome.state} {outcome.needed}"

    def agree(self, db: Connection, approval: int, *, at: datetime = NOON) -> None:
        """Bina and Champa say yes, with a reason."""
        self.say(db, approval, "bina yes it is right", "champa yes it is right", at=at)

    def lead(self, db: Connection, *names: str) -> None:
        """Only these lead from now on."""
        for name in ("rahima", "bina", "champa", "salma", "ayesha"):
            who, role = getattr(self, name), "leader" if name in names else "member"
            db.execute(update(member_table).where(member_table.c.id == who.id).values(role=role))
            setattr(self, name, members.get(db, who.id))

    def rules(self, db: Connection, **changed: object) -> None:
        """The group agrees on other rules."""
        group = groups.get(db, self.book.owner)
        agreed = Rules(**{name: getattr(group.rules, name) for name in Rules.__slots__} | changed)  # type: ignore[arg-type]
        groups.set_rules(db, group, agreed, "BDT", self.by("officer:Mina"))

    def money(self, db: Connection) -> str:
        """The box, voluntary savings of all, loans of all: what no leader moves alone."""
        rows = db.exec_driver_sql(
            f"SELECT code, sum(balance) FROM account WHERE book = '{self.book.id}' AND code IN (1010, 2020, 1100, 2080)"
            " GROUP BY code HAVING sum(balance) <> 0 ORDER BY code"
        )
        return ", ".join(f"{code}: {abs(int(balance)) / 100:g}" for code, balance in rows)

    def without_number(self, db: Connection, who: Member) -> None:
        db.execute(delete(handset_table).where(handset_table.c.member == who.id))


def open_village(db: Connection, codes: Callable[[], str]) -> Village:
    """Ayesha has 500 taka of voluntary savings, Salma 300, Bina 2,000 of compulsory ones; all of it is in the box."""
    world = open_world(db, codes)
    other = groups.start(db, world.programme, Names("পদ্ম", "Podmo"), Names("পদ্ম", "Podmo"), "Jashore")
    pin = pins.hashed(PEPPERS, PIN)
    ids = members.register(
        db,
        world.programme.id,
        [
            Registration("1004", Names("বীণা", "Bina"), pin, world.group.id, role="leader", numbers=["+8801711000004"]),
            Registration(
                "1005", Names("চম্পা", "Champa"), pin, world.group.id, role="leader", numbers=["+8801711000005"]
            ),
            Registration("2001", Names("নীলা", "Nila"), pin, other.id, role="leader", numbers=["+8801711000006"]),
        ],
    )
    bina, champa, nila = (members.get(db, member) for member in ids)
    village = Village(world, world.rahima, bina, champa, world.salma, world.ayesha, nila)
    begun = DAY - timedelta(days=30)
    for who, amount, kind in (
        (village.ayesha, 500, "voluntary"),
        (village.salma, 300, "voluntary"),
        (village.bina, 2000, "compulsory"),
    ):
        savings.deposit(db, who, taka(amount), village.by(village.rahima, on=begun), kind)
    facts.start(db)
    return village


def told(db: Connection, village: Village) -> list[str]:
    """What happened since the last time, and who is told: `bina ApprovalWaits`."""
    names = {getattr(village, name).id: name for name in ("rahima", "bina", "champa", "salma", "ayesha", "nila")}
    return [f"{names[fact.member]} {type(fact).__name__}" for fact in facts.collect(db)]
