"""A PIN that is dialled through the real server is found nowhere afterwards: no log, row, file or error report."""

from __future__ import annotations

import re
from pathlib import Path

from conftest import SECRETS
from conftest import Templates
from handsets import Server

OLD, NEW, WRONG = "52907", "83614", "60428"
RAHIMA = "+8801711000001"


def places(folder: Path, pin: str) -> list[str]:
    """Where the digits stand alone in any file below a folder (`dialogue.md` §1)."""
    alone = re.compile(rb"(?<![0-9A-Fa-f.])" + pin.encode() + rb"(?![0-9A-Fa-f])")
    return [str(path) for path in folder.rglob("*") if path.is_file() and alone.search(path.read_bytes())]


def call(server: Server, session: str, keys: str) -> list[str]:
    """One call, each hop twice, with an end event that repeats all the input, as the provider sends it."""
    answers, shown = keys.split(), []
    for n in range(len(answers) + 1):
        for _ in range(2):
            status, text = server.hop(RAHIMA, session, "*".join(answers[:n]))
            assert status == 200
        shown.append(text)
    event = {
        "date": "2026-11-22 10:00:00",
        "sessionId": session,
        "serviceCode": "*384*27#",
        "networkCode": "1",
        "phoneNumber": RAHIMA,
        "status": "Success",
        "cost": "0",
        "durationInMillis": "100",
        "hopsCount": "3",
        "hopsMetadata": "",
        "input": "*".join(answers),
        "lastAppResponse": shown[-1],
        "errorMessage": "",
    }
    assert server.post(f"/ussd/africastalking/{server.secret}/events", event)[0] == 200
    return shown


def test_a_pin_is_kept_nowhere(templates: Templates, tmp_path: Path) -> None:
    templates.copy("sqlite", True, tmp_path)
    assert [places(tmp_path, pin) for pin in (OLD, NEW, WRONG)] == [[], [], []]
    with Server(tmp_path, SECRETS) as server:
        assert "নতুন পিন চালু হয়েছে" in call(server, "c1", f"1 {OLD} 7 2 {WRONG} {OLD} {NEW} {WRONG} {NEW}")[-1]
        assert "মোট জমা" in call(server, "c2", f"1 {WRONG} {NEW} 3 1")[-1]
        assert "নং" in call(server, "c3", f"1 {NEW} 1 1 2 101 3 1")[-1]
        call(server, "c4", f"0 1001 {WRONG} 1001 {NEW}")
        # typed at the wrong place: as a member code, an item's code, a quantity, a name, a request that cannot be read
        call(server, "c9", f"0 {NEW} {NEW} {WRONG} {WRONG}")
        call(server, "c10", f"1 {NEW} 1 1 2 {NEW} 101 {WRONG}")
        call(server, "c11", f"1 {NEW} 2 2 101 1 2 2 4 {NEW}")
        server.raw(f"POST /x HTTP/1.1\r\nContent-Length: 4\r\n\r\ntext=1*{NEW} {server.secret}\r\n\r\n".encode())
        # refused requests: a star in the answer, a mismatch, a malformed field, a lost secret
        server.hop(RAHIMA, "c5", "")
        server.hop(RAHIMA, "c5", f"1*{NEW}")
        assert server.hop("+8801711000002", "c5", f"1*{NEW}")[0] == 400
        assert server.hop("nobody", "c6", f"1*{NEW}")[0] == 400
        assert server.post("/ussd/africastalking/wrong", {"text": NEW})[0] == 404
        assert server.post(f"/ussd/africastalking/{server.secret}", {"text": f"{NEW}" * 3000})[0] == 413
        # a fault of ours, with the PIN in the hop that met it
        break_the_books(tmp_path)
        assert "দুঃখিত" in server.hop(RAHIMA, "c7", "")[1] + server.hop(RAHIMA, "c8", f"1*{NEW}")[1]
        assert [places(tmp_path, pin) for pin in (OLD, NEW, WRONG)] == [[], [], []]
    assert [places(tmp_path, pin) for pin in (OLD, NEW, WRONG)] == [[], [], []]
    log = server.log.read_text()
    assert "hop failed" in log
    assert RAHIMA not in log
    assert server.secret not in log


def break_the_books(var: Path) -> None:
    import sqlite3

    db = sqlite3.connect(var / "somiti.db")
    db.execute("ALTER TABLE handset RENAME TO handset_gone")
    db.commit()
    db.close()
