"""Rounds of trouble for messages: real processes of which one is killed, and what the outbox and the provider say.

A series is made by its seed: who is killed in which round, after how many messages, what is sent, and what trouble the
provider makes. When all is quiet, every message of ours is held against the ledger of the provider stub.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from dataclasses import field
from datetime import UTC
from datetime import datetime
from datetime import timedelta
from pathlib import Path
from random import Random
from threading import Thread
from typing import Any
from urllib.parse import urlencode

import fault_processes
from conftest import SECRETS
from redis import Redis
from sqlalchemy import select

from gateway import outbox
from gateway.notices.shape import REPEAT
from gateway.outbox import Draft
from gateway.outbox import State
from gateway.outbox import attempt_table
from gateway.outbox import message_table
from gateway.runtime import Runtime
from gateway.sms.delivery import LEASE_RAN_OUT
from gateway.sms.policy import AGAIN
from gateway.sms.policy import MARKED
from gateway.sms.policy import Again
from gateway.stub import FILE
from gateway.stub.ledger import Ledger
from gateway.stub.ledger import Message
from gateway.stub.ledger import Report
from locales import LANGUAGES
from locales import words
from menus.engine import SORRY
from servers import Server

MEMBERS = 8
"""Callers, a handset each; several messages go to each of them."""

ACTS = "hang=0.07,lose=0.05,reset=0.06,gateway=0.04,garble=0.03,slow=0.03,charset=0.1,error=0.04,down=0.05,busy=0.05,"
ACTS += "broke=0.01,refuse=0.02"
KINDS = "never=0.08,failed=0.1,twice=0.1,late=0.1,early=0.15,reordered=0.15"
HOLD, LATE, LATENCY = 1.2, 0.7, 0.03

CALLS = {
    "order": ("", "52907", "1", "1", "2", "101", "1", "1"),
    "sale": ("", "52907", "2", "1", "101", "1", "1"),
}
"""What is typed in a call; its last page is the screen `order.done` or `sale.done`, and an SMS says the same."""

PURPOSES = ("pin", "answer", "order", "receipt", "meeting", "approval", "loan")
"""Of every policy of what may go again."""

NAP = 0.05
FIRST_REQUEST = 4.0
"""Seconds in which something may reach the provider before somebody is killed all the same."""

QUIET_LIMIT = 45.0
"""Seconds in which everything must have come to rest; what has not is stuck."""

SILENCE = 1.3
"""Seconds without a receipt after which there comes no more: longer than a late one, and than it waits to try again."""

HOP_TRIES = 150
"""Times that a hop is sent again which got no page, or another one: somebody is dead just then."""

TAKEN = outbox.ARRIVED | {State.UNKNOWN}
"""Where a message can only be when its provider took it."""

NOTHING_WRITTEN = "nothing was written"
SORRIES = {words(language).say(SORRY) for language in LANGUAGES}

MARK = words("en", domain="sms").say(REPEAT, text="")


@dataclass(frozen=True)
class Plan:
    """One round: who is killed after how many messages of this round and how much more time, and for how long."""

    seed: str
    victim: str
    after: int
    moment: float
    away: float
    calls: Sequence[tuple[str, str, str, bool]]
    drafts: Sequence[Sequence[Draft]]


def number(member: int) -> str:
    return f"+8801900000{member:03}"


def plans(seed: str, rounds: int, victims: Sequence[str]) -> Iterator[Plan]:
    """The rounds of a series: every victim has a turn before one has its second; a short series has the first four."""
    if rounds < len(victims):
        victims = victims[:4]
    dealt = [victim for turn in range(rounds) for victim in Random(f"{seed} {turn}").sample(victims, len(victims))]
    for place in range(rounds):
        yield _plan(f"{seed}/{place}", dealt[place])


def _plan(seed: str, victim: str) -> Plan:
    chance = Random(seed)
    callers = chance.sample(range(1, MEMBERS + 1), 3)
    calls = [
        (number(who), f"ATUid_{chance.getrandbits(80):020x}", chance.choice(list(CALLS)), chance.random() < 0.5)
        for who in callers
    ]
    drafts = [_draft(seed, place, chance) for place in range(chance.randint(6, 14))]
    cut = chance.randint(1, len(drafts) - 1)
    return Plan(
        seed=seed,
        victim=victim,
        after=chance.randint(1, len(drafts)),
        moment=chance.random() * 0.3,
        away=chance.random() * 0.8,
        calls=calls,
        drafts=[drafts[:cut], drafts[cut:]],
    )


def _draft(seed: str, place: int, chance: Random) -> Draft:
    purpose, now = chance.choice(PURPOSES), datetime.now(UTC)
    text = f"{purpose} {seed} no. {place}"
    return Draft(
        once_key=f"fault:{seed}:{place}",
        purpose=purpose,
        programme=None,
        member=None,
        number=number(chance.randint(1, MEMBERS)),
        language="en",
        text=text,
        encoding="gsm7",
        units=len(text),
        parts=1,
        due_at=now,
        expires_at=now + timedelta(hours=24),
    )


class Family:
    """The process that forks the product's, and those that are alive, by name."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.alive: dict[str, int] = {}
        self.root = subprocess.Popen(
            [sys.executable, fault_processes.__file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def start(self, name: str, environ: Mapping[str, str], *command: str) -> None:
        assert self.root.stdin
        assert self.root.stdout
        order = {"command": command, "environ": environ, "log": str(self.folder / f"{name}.log")}
        self.root.stdin.write(json.dumps(order) + "\n")
        self.root.stdin.flush()
        self.alive[name] = int(self.root.stdout.readline())

    def kill(self, name: str) -> None:
        """Kill -9 the whole process group, and see it gone."""
        process = self.alive.pop(name)
        for end in (os.killpg, os.kill):
            with suppress(ProcessLookupError):
                end(process, signal.SIGKILL)
        with suppress(ProcessLookupError):
            while True:
                os.killpg(process, 0)
                time.sleep(NAP / 5)

    def close(self) -> None:
        """End all processes."""
        for name in list(self.alive):
            self.kill(name)
        with self.root:
            assert self.root.stdin
            self.root.stdin.close()

    def logs(self) -> str:
        """The last words of each."""
        return "\n".join(f"--- {log.name}\n{log.read_text()[-1500:]}" for log in sorted(self.folder.glob("*.log")))


class World:
    """The product as its processes, the servers that it hangs on, and the provider."""

    def __init__(self, family: Family, seed: str, url: str, database: Server | None, redis: Server | None) -> None:
        folder = family.folder
        self.family, self.seed, self.database, self.redis = family, seed, database, redis
        self.port, self.stub_port = free_port(), free_port()
        provider = f"http://127.0.0.1:{self.stub_port}"
        self.settings = {
            **SECRETS,
            "SOMITI_VAR": str(folder),
            "DATABASE_URL": url,
            "REDIS_URL": redis.url if redis else "",
            "SMS_PROVIDERS": "africastalking,sslwireless,bdapps",
            "AT_USERNAME": "somiti", "AT_API_KEY": "key", "AT_URL": provider,
            "SSLWIRELESS_TOKEN": "token", "SSLWIRELESS_SID": "SOMITI", "SSLWIRELESS_URL": provider,
            "BDAPPS_APPLICATION_ID": "APP_000001", "BDAPPS_PASSWORD": "password", "BDAPPS_URL": provider,
        }  # fmt: skip
        self.commands: dict[str, tuple[str, ...]] = {"web": ("serve", "--port", str(self.port))}
        if redis:
            self.commands |= {"worker 1": ("worker",), "worker 2": ("worker",), "clock": ("clock",)}
        self.environ = {"PATH": os.environ["PATH"], "HOME": str(folder), **self.settings}
        self.ledger = Ledger(folder / FILE)

    @property
    def victims(self) -> tuple[str, ...]:
        """Whom a round may kill, the important ones first; with SQLite and a thread, there is the one process."""
        return ("worker", "web", "redis", "database", "clock", "flush") if self.redis else ("web",)

    def open(self) -> None:
        """Start the provider and all processes; returns when the web answers."""
        callback = f"http://127.0.0.1:{self.port}/sms/{{provider}}/{SECRETS['CALLBACK_SECRET']}"
        trouble = ["--trouble", ACTS, "--receipts", KINDS, "--hold", str(HOLD), "--late", str(LATE)]
        where = ["--port", str(self.stub_port), "--var", str(self.family.folder), "--callback", callback]
        dice = ["--latency", str(LATENCY), "--seed", str(Random(self.seed).getrandbits(30))]
        self.family.start("stub", self.environ, "provider-stub", *where, *trouble, *dice)
        for name, command in self.commands.items():
            self.family.start(name, self.environ, *command)
        patiently(lambda: self.ask("/health", None, self.stub_port)[0] == 200, 60)
        patiently(lambda: self.ask("/health")[0] == 200, 60)

    def close(self) -> None:
        """Let go of the provider's ledger; the processes end with their family."""
        self.ledger.close()

    def strike(self, plan: Plan) -> None:
        """Kill the victim and bring it back; to flush Redis is to make it forget all."""
        if plan.victim == "flush":
            assert self.redis
            with Redis.from_url(self.redis.url) as redis:
                redis.flushall()
            return
        server = {"redis": self.redis, "database": self.database}.get(plan.victim)
        name = Random(plan.seed).choice(["worker 1", "worker 2"]) if plan.victim == "worker" else plan.victim
        if server:
            server.kill()
        else:
            self.family.kill(name)
        time.sleep(plan.away)
        if server:
            server.start()
        else:
            self.family.start(name, self.environ, *self.commands[name])

    def ask(self, path: str, form: Mapping[str, str] | None = None, port: int = 0) -> tuple[int, str, str]:
        """Status, screen and body of an answer of the web; 0 where there is none."""
        body = urlencode(form).encode() if form is not None else None
        request = urllib.request.Request(f"http://127.0.0.1:{port or self.port}{path}", body)
        try:
            with urllib.request.urlopen(request, timeout=10) as reply:
                return reply.status, reply.headers.get("at-ussd-hop-metadata", ""), reply.read().decode()
        except urllib.error.HTTPError as refused:
            refused.close()
            return refused.code, "", ""
        except OSError:
            return 0, "", ""


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def patiently(done: Callable[[], bool], limit: float) -> bool:
    """Whether it is done before the limit, in seconds."""
    until = time.monotonic() + limit
    while not done():
        if time.monotonic() > until:
            return False
        time.sleep(NAP)
    return True


@dataclass
class Told:
    """What callers and transactions were told: it must be in the outbox.

    `begun` calls may be in it, `ended` calls must be.
    """

    begun: Counter[str] = field(default_factory=Counter)
    ended: Counter[str] = field(default_factory=Counter)
    queued: set[str] = field(default_factory=set)
    faults: list[str] = field(default_factory=list)


class Series:
    """Rounds one after the other in one world."""

    def __init__(self, world: World, runtime: Runtime) -> None:
        self.world, self.runtime, self.told = world, runtime, Told()
        self.rows: list[Row] = []

    def round(self, plan: Plan) -> None:
        """Feed, kill, bring back, wait until nothing is on its way."""
        began, first, before = time.monotonic(), self._last_id(), len(self.world.ledger.requests())
        feeding = [Thread(target=self._call, args=call) for call in plan.calls]
        feeding += [Thread(target=self._queue, args=(plan.drafts,))]
        for thread in feeding:
            thread.start()
        patiently(lambda: len(self.world.ledger.requests()) >= before + plan.after, FIRST_REQUEST)
        time.sleep(plan.moment)
        self.world.strike(plan)
        for thread in feeding:
            thread.join()
        self._forge()
        patiently(self._quiet, QUIET_LIMIT)
        self.rows.append(Row(plan, first, time.monotonic() - began))

    def end(self) -> None:
        """Wait for the repeats, and for the last receipts."""
        patiently(self._repeated, QUIET_LIMIT)
        patiently(self._quiet, QUIET_LIMIT)
        heard, since = -1, time.monotonic()
        while time.monotonic() < since + SILENCE:
            if heard != (heard := len(self.world.ledger.reports())):
                since = time.monotonic()
            time.sleep(NAP)

    def _call(self, phone: str, session: str, kind: str, hangs_up: bool) -> None:
        """A whole call; who does not hang up at an apology has the hop sent again, as after no answer at all."""
        self.told.begun[phone] += 1
        form = {"sessionId": session, "phoneNumber": phone, "serviceCode": "*384*27#", "networkCode": "47001"}
        typed, screen = CALLS[kind], ""
        for place in range(len(typed)):
            screen, promise = self._hop(form | {"text": "*".join(typed[1 : place + 1])}, screen, hangs_up)
            if promise:
                # Only the last hop writes; what an apology leaves open about it may be written or not.
                self.told.begun[phone] -= promise == NOTHING_WRITTEN or place + 1 < len(typed)
                return
        if screen == f"{kind}.done":
            self.told.ended[phone] += 1
        else:
            self.told.faults.append(f"call of {phone} ({kind}) ended with {screen}")

    def _hop(self, form: Mapping[str, str], before: str, hangs_up: bool) -> tuple[str, str]:
        """The screen of the answer to a hop; and when she hangs up at an apology, what that promised."""
        path, screen = f"/ussd/africastalking/{SECRETS['CALLBACK_SECRET']}", ""
        for place in range(HOP_TRIES):
            status, screen, body = self.world.ask(path, form)
            if screen == "sorry" and hangs_up:
                return screen, NOTHING_WRITTEN if body[4:] in SORRIES and not place else "nothing"
            if status == 200 and screen not in (before, "sorry"):
                break
            time.sleep(NAP * 2)
        return screen, ""

    def _queue(self, transactions: Sequence[Sequence[Draft]]) -> None:
        """Queue drafts, some in a transaction; again until it is committed for certain."""
        for drafts in transactions:
            ids: list[int | None] = []
            for _ in range(HOP_TRIES):
                try:
                    with self.runtime.database.writing() as db:
                        ids = [outbox.queue(db, draft, datetime.now(UTC)) for draft in drafts]
                    break
                except Exception:
                    time.sleep(NAP * 2)
            self.told.queued |= {draft.once_key for draft in drafts}
            self.runtime.jobs.wake([message for message in ids if message is not None])
            time.sleep(NAP * 2)

    def _forge(self) -> None:
        """Somebody without the secret, and somebody with it who has an id and not its number."""
        taken = [each for each in self.world.ledger.taken() if each.provider == "africastalking"][-3:]
        for each in taken:
            form = {"id": each.id, "status": "Success", "phoneNumber": "+8801999999999", "networkCode": "47001"}
            for secret, answer in (("x" * 48, 404), (SECRETS["CALLBACK_SECRET"], 200)):
                path = f"/sms/africastalking/{secret}/receipt"
                if not patiently(lambda: self.world.ask(path, form)[0] == answer, 20):  # noqa: B023
                    self.told.faults.append(f"a forged receipt is not answered with {answer}")

    def _last_id(self) -> int:
        with self.runtime.database.reading(60) as db:
            ids = select(message_table.c.id).order_by(message_table.c.id.desc()).limit(1)
            return db.execute(ids).scalar_one_or_none() or 0

    def _quiet(self) -> bool:
        with suppress(Exception), self.runtime.database.reading(60) as db:
            return not {State.QUEUED, State.SENDING} & set(outbox.counts(db))
        return False

    def _repeated(self) -> bool:
        unsure = (message_table.c.state == State.UNSURE) & (message_table.c.repeats == 0)
        waiting = select(message_table.c.id).where(unsure, message_table.c.purpose.in_(MARKED))
        with self.runtime.database.reading(60) as db:
            return db.execute(waiting).first() is None

    def verdict(self) -> Verdict:
        """Every message of the outbox against what the provider took, and what was told to anybody."""
        with self.runtime.database.reading(60) as db:
            messages = db.execute(select(message_table).order_by(message_table.c.id)).mappings().all()
            attempts = db.execute(select(attempt_table).order_by(attempt_table.c.id)).mappings().all()
            listed = {each.message for each in outbox.in_doubt(db, 1_000_000)}
        ledger = self.world.ledger
        books = Books(attempts, ledger.taken(), ledger.requests(), ledger.reports(), listed)
        return Verdict([fate(each, books) for each in messages], [*self.told.faults, *promised(messages, self.told)])


Mapped = Mapping[str, Any]


@dataclass
class Books:
    """What both sides have written down, as it is looked up: by text and number, by id."""

    attempts: Sequence[Mapped]
    taken: Sequence[Message]
    asked: Sequence[Message]
    reports: Sequence[Report]
    listed: set[int]

    def __post_init__(self) -> None:
        self.of: dict[int, list[Mapped]] = {}
        for attempt in self.attempts:
            self.of.setdefault(attempt["message"], []).append(attempt)
        self.takes = _by_text(self.taken)
        self.requests = _by_text(self.asked)
        self.words: dict[str, set[str]] = {}
        self.posted: dict[str, set[str]] = {}
        for report in self.reports:
            self.posted.setdefault(report.id, set()).add(report.word)
            if report.answer == "200":
                self.words.setdefault(report.id, set()).add(report.word)


def _by_text(messages: Sequence[Message]) -> dict[tuple[str, str], list[Message]]:
    found: dict[tuple[str, str], list[Message]] = {}
    for each in messages:
        found.setdefault((each.number, each.text.removeprefix(MARK)), []).append(each)
    return found


@dataclass(frozen=True)
class Fate:
    """What became of one message: how often it was taken, in which state it is, what is wrong with that."""

    message: int
    purpose: str
    state: str
    taken: int
    lapsed: int
    faults: tuple[str, ...]

    def has(self, fault: str) -> bool:
        return any(each.startswith(fault) for each in self.faults)


def fate(message: Mapped, books: Books) -> Fate:
    key = (message["number"], (message["text"] or "").removeprefix(MARK))
    takes, state = books.takes.get(key, []), State(message["state"])
    faults = [
        *_lost(message, takes, state, books, key),
        *_doubled(message, takes),
        *_stuck(message, state),
        *_misled(message, takes, state, books),
    ]
    lapsed = sum(LEASE_RAN_OUT in each["detail"] for each in books.of.get(message["id"], []))
    return Fate(message["id"], message["purpose"], state, len(takes), lapsed, tuple(faults))


def _lost(message: Mapped, takes: Sequence[Message], state: State, books: Books, key: tuple[str, str]) -> Iterator[str]:
    if state in TAKEN and not takes:
        yield f"lost: {state}, and no provider has it"
    if state in (State.FAILED, State.EXPIRED) and not takes:
        refused = [each for each in books.requests.get(key, []) if each.act == "refuse"]
        if not refused:
            yield f"lost: {state} ({message['reason']}), and no provider refused it"
    if state is State.DROPPED:
        yield f"lost: dropped ({message['reason']})"
    if state is State.UNSURE:
        unclear = [each for each in books.of.get(message["id"], []) if each["outcome"] == "ambiguous"]
        if not unclear or message["id"] not in books.listed:
            yield "lost: unsure without evidence"


def _doubled(message: Mapped, takes: Sequence[Message]) -> Iterator[str]:
    if len(takes) <= 1:
        return
    policy = AGAIN.get(message["purpose"], Again.NEVER)
    if len(takes) > 1 + message["repeats"] or policy is Again.NEVER:
        yield f"doubled: taken {len(takes)} times, {message['repeats']} repeats, {policy}"
    elif policy is Again.MARKED and [take.text.startswith(MARK) for take in takes] != [False, True]:
        yield "doubled: the copy is not marked"


def _stuck(message: Mapped, state: State) -> Iterator[str]:
    unrepeated = state is State.UNSURE and message["purpose"] in MARKED and not message["repeats"]
    if unrepeated or state in (State.QUEUED, State.SENDING):
        yield f"stuck: {state}, due {message['due_at']}, attempts {message['attempts']}"


def _misled(message: Mapped, takes: Sequence[Message], state: State, books: Books) -> Iterator[str]:
    """Delivered only where the provider said so; and what it said and we answered well has been applied."""
    if state is State.DELIVERED and not any("delivered" in books.posted.get(take.id, ()) for take in takes):
        yield "misled: delivered, and its provider did not say so"
    for attempt in books.of.get(message["id"], []):
        heard = books.words.get(attempt["provider_id"], set()) if attempt["provider_id"] else set()
        if "delivered" in heard and state is not State.DELIVERED:
            yield f"behind: {state}, and a delivery was reported"
        latest = attempt["number"] == message["attempts"]
        if "failed" in heard and latest and state not in (State.FAILED, State.DELIVERED):
            yield f"behind: {state}, and a failure was reported"


def promised(messages: Sequence[Mapped], told: Told) -> Iterator[str]:
    """What was promised to callers and transactions and is not there once."""
    keys = Counter(message["once_key"] for message in messages)
    yield from (f"lost: {key} was committed" for key in sorted(told.queued) if keys[key] != 1)
    calls = Counter(message["number"] for message in messages if not message["once_key"].startswith("fault:"))
    for phone in sorted(calls | told.begun):
        if not told.ended[phone] <= calls[phone] <= told.begun[phone]:
            yield f"lost or doubled: {phone} made {told.ended[phone]} of {told.begun[phone]} calls, {calls[phone]} SMS"


@dataclass(frozen=True)
class Row:
    """A round that was played: its plan, the last message before it, its seconds."""

    plan: Plan
    after: int
    seconds: float


@dataclass(frozen=True)
class Verdict:
    """The fates of all messages, and what else is wrong."""

    fates: Sequence[Fate]
    others: Sequence[str]

    @property
    def faults(self) -> list[str]:
        found = [f"message {each.message} ({each.purpose}) {fault}" for each in self.fates for fault in each.faults]
        return [*self.others, *found]


COLUMNS = ("messages", "taken", "lapsed", "repeated", "in doubt", "failed", "lost", "doubled", "stuck", "misled")


def table(rows: Sequence[Row], verdict: Verdict) -> Iterator[str]:
    """The rounds with their seeds, a line each, and the sums."""
    width = max(len(row.plan.seed) for row in rows)
    yield f"{'seed':{width}}  {'killed':8} {'at':>3} {'s':>5}  " + "  ".join(COLUMNS)
    sums = Counter[str]()
    for row, following in zip(rows, [*rows[1:], None], strict=True):
        end = following.after if following else max([each.message for each in verdict.fates], default=0)
        some = [each for each in verdict.fates if row.after < each.message <= end]
        counts = _counts(some)
        sums += counts
        yield f"{row.plan.seed:{width}}  {row.plan.victim:8} {row.plan.after:3} {row.seconds:5.1f}  {_figures(counts)}"
    yield f"{'all':{width}}  {'':8} {'':3} {sum(row.seconds for row in rows):5.1f}  {_figures(sums)}"


def _counts(fates: Sequence[Fate]) -> Counter[str]:
    counts = Counter({"messages": len(fates), "taken": sum(each.taken for each in fates)})
    counts["lapsed"] = sum(each.lapsed for each in fates)
    for each in fates:
        counts["repeated"] += max(each.taken - 1, 0)
        counts["in doubt"] += each.state == State.UNSURE
        counts["failed"] += each.state == State.FAILED
        counts["misled"] += each.has("misled") or each.has("behind")
        for fault in ("lost", "doubled", "stuck"):
            counts[fault] += each.has(fault)
    return counts


def _figures(counts: Counter[str]) -> str:
    return "  ".join(f"{counts[name]:{len(name)}}" for name in COLUMNS)
