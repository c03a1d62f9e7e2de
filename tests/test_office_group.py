"""`somiti group` as a script: members, numbers, rules, interest, the tree, figures; a sentence for every refusal."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from dataclasses import replace
from datetime import UTC
from datetime import datetime
from pathlib import Path

import pytest
import time_machine
from click.testing import CliRunner
from conftest import BOTH
from ledger_world import World
from ledger_world import everything
from ledger_world import findings
from ledger_world import open_world
from ledger_world import taka

from gateway import office
from gateway import schema
from gateway.backend import Database
from gateway.backend import ThreadJobs
from gateway.backend import open_database
from gateway.cli import main
from gateway.office.sentences import SAID
from gateway.runtime import Runtime
from gateway.settings import load
from gateway.transaction import transaction
from ledger import cutoff
from ledger import decisions
from ledger import fines
from ledger import groups
from ledger import indicators
from ledger import members
from ledger import payouts
from ledger import pins
from ledger import programmes
from ledger import savings
from ledger.tables import Names


@dataclass
class Shell:
    """A shell of the groups' office: runs scripts of commands, each with what was said behind three blanks."""

    runtime: Runtime
    world: World

    def say(self, line: str) -> str:
        """Run one command: what it said; an exit code that is not 0 comes first."""

        @contextmanager
        def opened() -> Iterator[Runtime]:
            yield self.runtime

        done = CliRunner().invoke(office.group_command(opened), shlex.split(line))
        if done.exception and not isinstance(done.exception, SystemExit):
            raise done.exception
        if done.exit_code:
            return f"{done.exit_code}: {done.stderr.strip().splitlines()[-1].removeprefix('Error: ')}"
        return " | ".join(" ".join(line.split()) for line in done.stdout.splitlines())

    def run(self, script: str) -> None:
        """Run every line by Mina, and compare what was said."""
        for line in filter(None, map(str.strip, script.strip().splitlines())):
            did, expected = (part.strip() for part in (line + "   ").split("   ", 1))
            said = self.say(f"{did} --by Mina")
            assert said == expected, f"{did}: {said!r} instead of {expected!r}"

    def everything(self) -> dict[str, list[str]]:
        with self.runtime.database.reading(60) as db:
            return everything(db)


@pytest.fixture
def shell(database: Database, codes: Callable[[], str], tmp_path: Path) -> Iterator[Shell]:
    """The world's group; in the end the books are sound."""
    with time_machine.travel(datetime(2026, 11, 22, 6, tzinfo=UTC)):
        runtime = Runtime(load({"SOMITI_VAR": str(tmp_path)}), database, ThreadJobs(), {})
        with transaction(runtime, tell=False, patience=60) as db:
            world = open_world(db, codes)
        yield Shell(runtime, world)
        with database.reading(60) as db:
            assert findings(db) == []


@BOTH
def test_she_joins_with_a_number_and_a_pin(shell: Shell) -> None:
    said = shell.say(
        "add-member Shapla --name-bn বিথী --name-latn Bithi --number 01711-000099 --number ০১৮১১০০০০৯৯ --language en"
        " --by Mina"
    )
    found = re.fullmatch(r"Bithi 1004: PIN (\d{5})", said)
    assert found
    with shell.runtime.database.writing(60) as db:
        bithi = members.by_code(db, "1004")
        assert (bithi.group, bithi.role, bithi.language, bithi.digits) == (
            shell.world.group.id,
            "member",
            "en",
            "latin",
        )
        assert members.numbers(db, bithi.id) == ["+8801711000099", "+8801811000099"]
        assert pins.verify(db, shell.runtime.peppers, bithi.id, found[1], datetime.now(UTC)).right
    assert shell.say("number list 1004") == (
        "1004 Bithi: +8801711000099, +8801811000099 | 2026-11-22 joined - -> 1004 by office:Mina"
    )


@BOTH
def test_numbers_and_roles(shell: Shell) -> None:
    shell.run("""
        number add 1003 01911000003 --operation N1        1003 Ayesha: +8801711000002, +8801911000003
        number add 1003 01911000003 --operation N1        1003 Ayesha: +8801711000002, +8801911000003
        number change 1003 01711000002 1811000004         1003 Ayesha: +8801811000004, +8801911000003
        number remove 1003 +8801811000004                 1003 Ayesha: +8801911000003
        number remove 1003 01911000003                    1: That is her only number: say --last if she is to have none, and to get no SMS.
        number remove 1003 01911000003 --last             1003 Ayesha: no number
        role 1003 leader                                  1003 Ayesha is a leader.
        role 1001 member                                  1001 Rahima is a member.
    """)  # noqa: E501
    assert shell.say("number list 1003") == (
        "1003 Ayesha: no number"
        " | 2026-11-22 role member -> leader by office:Mina"
        " | 2026-11-22 number +8801911000003 -> - by office:Mina"
        " | 2026-11-22 number +8801811000004 -> - by office:Mina"
        " | 2026-11-22 number +8801711000002 -> +8801811000004 by office:Mina"
        " | 2026-11-22 number - -> +8801911000003 by office:Mina"
    )


@BOTH
def test_who_may_leave_and_who_comes_back(shell: Shell) -> None:
    world = shell.world
    with transaction(shell.runtime, tell=False, patience=60) as db:
        savings.deposit(db, world.ayesha, taka(50), world.origin())
        fines.charge(db, world.ayesha, taka(5), "late", world.origin())
        savings.deposit(db, world.ayesha, taka(20), world.origin(), "voluntary")
        savings.ask(db, world.ayesha, taka(10), world.origin())
    assert shell.say("leave-check 1003") == (
        "She owes fines of Tk 5. | Her request 4 for savings is not paid or refused yet. | "
        "1003 Ayesha cannot leave yet; her group has Tk 70 of hers: compulsory Tk 50, voluntary Tk 20."
    )
    assert shell.say("leave-check 1002") == "1002 Salma can leave; her group has Tk 0 of hers."
    with transaction(shell.runtime, tell=False, patience=60) as db:
        savings.leave(db, world.salma, world.origin())
    assert shell.say("leave-check 1002") == "1: She is in no group."
    assert "Salma" not in shell.say("show Shapla")
    assert "1002 Salma member +8801711000001, left on 2026-11-22" in shell.say("show Shapla --left")
    shell.run("""
        role 1002 leader      1: She is in no group.
        back 1002             1002 Salma is a member again.
        back 1002             1: She has not left.
    """)


@BOTH
def test_rules(shell: Shell) -> None:
    shell.run("""
        rules set Shapla --saving 20 --social 2.50 --absent-fine 5 --loan-rate 1.5% --operation R1    saving: Tk 20 | social: Tk 2.50 | absent-fine: Tk 5 | loan-rate: 3/2% a month
        rules set Shapla --saving 20 --social 2.50 --absent-fine 5 --loan-rate 1.5% --operation R1    saving: Tk 20 | social: Tk 2.50 | absent-fine: Tk 5 | loan-rate: 3/2% a month
        rules set শাপলা --weekday tuesday --at 15:30 --first loan --loan-unit 1     first: loan | loan-unit: 1 | weekday: tuesday | at: 15:30
        rules set Shapla --reminders "meeting-2, approvals"     reminders: meeting-2, approvals
        rules set Shapla --reminders none           reminders: none
        rules set Shapla --reminders loan-9         2: Invalid value for '--reminders': no such reminder: 'loan-9'.
        rules set Shapla                    2: say at least one rule.
        rules set Shapla --at noon          2: Invalid value for '--at': say an hour as 10:00, not 'noon'.
        rules set Shapla --loan-rate two    2: Invalid value for '--loan-rate': say a rate for a month as 2%, not 'two'.
    """)  # noqa: E501
    shown = shell.say("rules show Shapla")
    assert "saving: Tk 20 | " in shown
    assert "rest: voluntary | " in shown
    with shell.runtime.database.reading(60) as db:
        rules = groups.rules(db, shell.world.group.id)
        assert (rules.saving, rules.loan_rate, rules.weekday, rules.loan_unit) == (20_00, "3/200", 1, 100)


@BOTH
def test_interest_for_all(shell: Shell) -> None:
    world = shell.world
    with transaction(shell.runtime, tell=False, patience=60) as db:
        savings.deposit(db, world.rahima, taka(100), world.origin())
        savings.deposit(db, world.ayesha, taka(50), world.origin())
    before = shell.everything()
    assert shell.say("interest Shapla --rate 6%/year --months 12 --dry-run") == (
        "1001 Rahima Tk 6 | 1003 Ayesha Tk 3 | Dry run: Tk 9 for 2 members."
    )
    assert shell.everything() == before
    shell.run("""
        interest Shapla --rate 0.5%/month --months 12 --operation I1     Interest is added: entry 3 of Shapla.
        interest Shapla --rate 0.5%/month --months 12 --operation I1     Interest is added: entry 3 of Shapla.
        interest Shapla --rate 0.5%/month --months 6 --operation I1      1: The operation office:I1 was something else the first time; nothing was done.
        interest Shapla --rate 6%/year --months 12 --kind share          1: There are no savings of this kind that bear interest.
        interest Shapla --rate 6 --months 12      2: Invalid value for '--rate': say a rate with its time, as 2%/month, 12.5%/year or 0.1%/day, not '6'.
    """)  # noqa: E501
    assert shell.say("interest Shapla --rate 6%/year --months 12") == "2: say --by: who does it stays in the books."
    with shell.runtime.database.reading(60) as db:
        assert savings.balance(db, world.rahima) == taka(106)


TREE = """
    tree add state --name-bn অসম --name-latn Assam                          state 1: Assam
    tree add block --name-bn বরপেটা --name-latn Barpeta --under 1            block 2: Barpeta
    tree add federation --name-bn একতা --name-latn Ekota --under 2           federation 3: Ekota
    tree add village --name-bn রায়পুর --name-latn Raipur --under 3 --operation T1      village 4: Raipur
    tree add village --name-bn রায়পুর --name-latn Raipur --under 3 --operation T1      village 4: Raipur
    tree add village --name-bn রায়পুর --name-latn Raipur --under 3           1: Node 4 beside it has this name already.
    tree add village --name-bn বেলি --name-latn Beli --under 2               1: That does not hang together: village organisation, federation, block, state, each on the next.
    tree add village --name-bn বেলি --name-latn Beli                         village 5: Beli
    tree hang Shapla 4                                                      Shapla hangs on Raipur.
    tree hang Shapla 3                                                      1: That does not hang together: village organisation, federation, block, state, each on the next.
    tree move 5 3                                                           Beli hangs on Ekota.
    tree move 2 4                                                           1: That does not hang together: village organisation, federation, block, state, each on the next.
    tree hang Shapla 9                                                      1: There is no node 9.
    tree hang Joba 4                                                        1: no group is called Joba
    tree hang 77 4                                                          1: There is no group 77.
"""  # noqa: E501


@BOTH
def test_the_tree_and_its_figures(shell: Shell) -> None:
    world = shell.world
    with transaction(shell.runtime, tell=False, patience=60) as db:
        savings.deposit(db, world.ayesha, taka(50), world.origin())
    shell.run(TREE)
    assert shell.say("tree show") == (
        "state 1: Assam | block 2: Barpeta | federation 3: Ekota | village 5: Beli | village 4: Raipur | "
        "group 1: Shapla"
    )
    assert shell.say("tree show 4") == "village 4: Raipur | group 1: Shapla"
    shown = shell.say("show 1")
    assert "Hangs on: village Raipur > federation Ekota > block Barpeta > state Assam" in shown
    assert "2010 Compulsory savings: Tk 50 credit" in shown
    assert "1001 Rahima leader +8801711000001" in shown
    table = shell.say("indicators --node 1 --from 2026-01-01 --to 2026-12-31")
    assert table.startswith("state 1 Assam, 2026-01-01 to 2026-12-31 | ")
    assert "meetings held 0 1 0.0 | " in table
    assert "recovery 0.00 0.00 – | " in table
    for each in indicators.INDICATORS:
        assert f"{each.name}: {each.meaning}" in table
    found = json.loads(shell.say("indicators --node 3 --parts --json").replace(" | ", "\n"))
    assert [each["of"] for each in found["figures"]] == ["federation 3 Ekota", "village 5 Beli", "village 4 Raipur"]
    assert (found["from"], found["to"], found["currency"]) == ("2026-11-01", "2026-11-22", "BDT")
    assert found["figures"][0]["indicators"]["meetings held"] == {"part": 0, "whole": 1, "share": "0.0000"}
    assert found["figures"][0]["indicators"]["recovery"] == {"part": "0.00", "whole": "0.00", "share": None}
    assert list(found["meanings"]) == [each.name for each in indicators.INDICATORS]
    for wanted in ("--group Shapla", "--programme Somiti", ""):
        assert "meetings held 0 1 0.0" in shell.say(f"indicators {wanted}"), wanted
    shell_says = shell.say("indicators --group Shapla --node 1")
    assert shell_says == "2: say one of --group, --node and --programme."
    assert shell.say("indicators --parts") == "2: --parts are those of a --node."
    assert shell.say("indicators --from 2026-12-01") == "2: 2026-11-22 is before 2026-12-01."


@BOTH
def test_groups_begin_and_are_listed(shell: Shell) -> None:
    name = "--name-bn 'জবা দল' --name-latn 'Joba dol' --short-bn জবা --short-latn Joba --district Rangpur"
    assert shell.say(f"start {name}") == "Group 2: Joba dol"
    assert shell.say(f"start {name}") == "1: group 2 is called Joba dol already"
    assert shell.say(f"start {name} --programme Other").startswith("2: no programme is called 'Other'")
    assert shell.say("list") == "2 Joba dol Rangpur | 1 Shapla Jashore"
    assert shell.say("show joba").startswith("Group 2: Joba dol (জবা দল), Rangpur, Somiti | Hangs on: nothing yet")
    with transaction(shell.runtime, tell=False, patience=60) as db:
        other = programmes.start(db, "Other")
        groups.start(db, other, Names("জবা", "Joba"), Names("জবা", "Joba"), "Bogura")
    assert shell.say("show Joba") == (
        "1: several groups are called Joba, say which by its number: 2 (Joba dol, Rangpur), 3 (Joba, Bogura)"
    )


REFUSED = """
    add-member Shapla --code 1001 --name-bn ক --name-latn K      1: Somebody has the code 1001 already, or had it.
    add-member Shapla --code K7 --name-bn ক --name-latn K        2: a member code has digits only.
    add-member Shapla --name-bn ক --name-latn K --number 999     2: '999' is no phone number: type it as +8801711000001.
    number add 1003 01711000002      1: She has the number +8801711000002 already.
    number change 1003 01711000009 01711000008      1: She has no number +8801711000009.
    number add 77 01711000009        1: no member has the code 77
    role 1001 leader                 1: She is a leader already.
    role 1001 queen                  2: Invalid value for '{leader|member}': 'queen' is not one of 'member', 'leader'.
    back 1003                        1: She has not left.
"""


@BOTH
def test_every_refusal_is_a_sentence_and_leaves_nothing(shell: Shell) -> None:
    before = shell.everything()
    shell.run(REFUSED.replace("{leader|member}", "{member|leader}"))
    assert shell.everything() == before


def test_a_full_hand_of_numbers(shell: Shell) -> None:
    shell.run("""
        number add 1003 01711000003      1003 Ayesha: +8801711000002, +8801711000003
        number add 1003 01711000004      1003 Ayesha: +8801711000002, +8801711000003, +8801711000004
        number add 1003 01711000005      1: She has 3 numbers already: change one, or remove one.
    """)


def test_where_nothing_is_yet(tmp_path: Path) -> None:
    database = open_database(f"sqlite:///{tmp_path / 'new.db'}")
    runtime = Runtime(load({"SOMITI_VAR": str(tmp_path)}), database, ThreadJobs(), {})

    @contextmanager
    def opened() -> Iterator[Runtime]:
        yield runtime

    done = CliRunner().invoke(office.group_command(opened), ["show", "1"])
    assert (done.exit_code, done.stderr.strip()) == (1, "Error: there is no group yet: run `somiti migrate`")
    schema.migrate(database)
    done = CliRunner().invoke(office.group_command(opened), ["list"])
    assert (done.exit_code, done.stderr.strip()) == (2, "Error: there is no programme yet")
    database.dispose()


def test_it_is_a_command_of_somiti(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOMITI_VAR", str(tmp_path))
    shown = CliRunner().invoke(main, ["group", "--help"])
    assert shown.exit_code == 0
    guide = (Path(__file__).parents[1] / "docs" / "group.md").read_text(encoding="utf-8")
    commands = main.commands["group"].commands  # type: ignore[attr-defined]
    assert [name for name in commands if f"`{name}`" not in guide and f"somiti group {name}" not in guide] == []


def test_every_refusal_has_its_sentence() -> None:
    """The codes are read from the verbs that the office calls; some are met only by who asks, in her own call."""
    asking = {"approval-pending", "no-number", "not-her-entry", "unknown-entry"}
    sources = [
        Path(cutoff.__file__).with_name(f"{name}.py")
        for name in ("cutoff", "decisions", "federation", "groups", "membership", "payouts", "voices")
    ]
    raised = {
        code
        for path in sources
        for code in re.findall(
            r"(?:NotFound|NotAllowed|Shortfall|Conflict|LedgerError)\(\s*\"([a-z-]+)\"",
            path.read_text(encoding="utf-8"),
        )
    }
    assert raised - asking - set(SAID) == set()


@BOTH
def test_an_officer_says_yes_where_leaders_are_few(shell: Shell) -> None:
    """Rahima is the only leader: she and an officer say yes, and she hands the cash over."""
    world = shell.world
    with transaction(shell.runtime, tell=False, patience=60) as db:
        savings.deposit(db, world.ayesha, taka(50), world.origin(), "voluntary")
        asks = replace(world.origin(), actor=f"member:{world.ayesha.id}")
        decisions.ask_withdrawal(db, world.ayesha, taka(20), asks)
        leads = replace(world.origin(), actor=f"member:{world.rahima.id}")
        decisions.ask_pin_reset(db, world.rahima, world.ayesha, leads)
    assert shell.say("approvals Shapla") == (
        "1 withdrawal 1003 Ayesha, Tk 20: open until 2026-11-29 | 2 pin-reset 1003 Ayesha: open until 2026-11-29"
    )
    shell.run("""
        pay-out 1                        1: A leader of the group hands over what request 1 is for.
        approve 1 --operation Y1         Request 1 is open: 1 more must say yes.
        approve 1 --operation Y1         Request 1 is open: 1 more must say yes.
        approve 1                        1: She has spoken to request 1 already.
        approve 2 --no --reason 'she remembers it'      Request 2 is rejected.
        approve 2                        1: Request 2 is rejected: nobody can speak to it any more.
        approve 77                       1: There is no request 77.
    """)
    assert shell.say("approvals Shapla") == (
        "1 withdrawal 1003 Ayesha, Tk 20: open until 2026-11-29 | 2026-11-22 yes by officer:Mina"
    )
    with transaction(shell.runtime, tell=False, patience=60) as db:
        yes = decisions.decide(db, world.rahima, 1, True, leads := replace(leads, operation="yes"))
        assert yes.state == "approved"
        payouts.pay_out(db, world.rahima, 1, replace(leads, operation="pay"))
    assert shell.say("approvals Shapla") == ""


@BOTH
def test_an_officer_pays_a_leader_who_is_alone(shell: Shell) -> None:
    world = shell.world
    with transaction(shell.runtime, tell=False, patience=60) as db:
        savings.deposit(db, world.rahima, taka(50), world.origin(), "voluntary")
        asks = replace(world.origin(), actor=f"member:{world.rahima.id}")
        decisions.ask_withdrawal(db, world.rahima, taka(20), asks)
    shell.run("""
        pay-out 1                        1: Request 1 is not approved yet.
        approve 1                        Request 1 is approved.
        pay-out 1 --operation P1         Request 1 is paid: Tk 20.
        pay-out 1 --operation P1         Request 1 is paid: Tk 20.
        pay-out 1                        1: Request 1 is done: nobody can speak to it any more.
    """)


@BOTH
def test_who_made_an_entry_at_the_office_does_not_approve_its_reversal(shell: Shell) -> None:
    world = shell.world
    with transaction(shell.runtime, tell=False, patience=60) as db:
        savings.deposit(db, world.ayesha, taka(100), world.origin())
    shell.run("interest Shapla --rate 6%/year --months 12     Interest is added: entry 2 of Shapla.")
    with transaction(shell.runtime, tell=False, patience=60) as db:
        leads = replace(world.origin(), actor=f"member:{world.rahima.id}")
        decisions.ask_reversal(db, world.rahima, None, 2, "too early", leads)
    shell.run("approve 1      1: Who made an entry does not speak to its reversal.")
    assert shell.say("approve 1 --by Karim") == "Request 1 is done."
