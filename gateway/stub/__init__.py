"""The provider stub: a real server that speaks every provider's dialect, keeps a ledger of its own, makes trouble.

Tests and load runs send to it instead of to a provider; afterwards its ledger says what really was taken, however
their process died. `trouble` says what may happen, `dialects` how it sounds, `http` and `smpp` are the two doors.
"""

from __future__ import annotations

import signal
from pathlib import Path
from threading import Event
from types import TracebackType

import click

from gateway.stub.http import Door
from gateway.stub.ledger import Ledger
from gateway.stub.reports import Reporter
from gateway.stub.smpp import Centre
from gateway.stub.trouble import Act
from gateway.stub.trouble import Kind
from gateway.stub.trouble import Share
from gateway.stub.trouble import Trouble
from gateway.stub.trouble import weights

FILE = "provider-stub.db"


class Stub:
    """Both doors, one ledger, one trouble; a context manager, or `start` and `close`."""

    def __init__(
        self, var: Path, *, port: int = 0, smpp_port: int = 0, trouble: Trouble | None = None, callback: str = ""
    ) -> None:
        """Open the doors on this machine; with the port 0 on any free ones.

        `callback` is where receipts go, up to the word `receipt`, with {provider} for the provider's name.
        """
        self.trouble = trouble or Trouble()
        self.ledger = Ledger(var / FILE)
        self._reporter = Reporter(self.ledger, self.trouble)
        self._door = Door(port, self.ledger, self.trouble, self._reporter, callback)
        self.centre = Centre(smpp_port, self.ledger, self.trouble, self._reporter)
        self.url = f"http://127.0.0.1:{self._door.port}"
        self.smpp_address = f"127.0.0.1:{self.centre.port}"

    def start(self) -> None:
        """Serve in threads."""
        self._door.start()
        self.centre.start()

    def close(self) -> None:
        """Stop serving; the ledger stays."""
        self._reporter.close()
        self._door.close()
        self.centre.close()
        self.ledger.close()

    def __enter__(self) -> Stub:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class _Weights(click.ParamType[object]):
    """`hang=0.1,down=0.05`."""

    name = "name=share,…"

    def __init__(self, names: type[Act] | type[Kind]) -> None:
        self._names = names

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> object:
        try:
            return weights(self._names, str(value)) if isinstance(value, str) else value
        except ValueError as error:
            self.fail(f"{error}; there are {', '.join(self._names)}", param, ctx)


@click.command("provider-stub")
@click.option("--port", default=8900, show_default=True, help="Port of the HTTP dialects; 0 takes any.")
@click.option("--smpp-port", default=0, show_default=True, help="Port of SMPP; 0 takes any.")
@click.option("--var", type=click.Path(path_type=Path), default=Path("var"), show_default=True, help="Its ledger.")
@click.option("--callback", default="", help="Where receipts go: http://HOST/sms/{provider}/CALLBACK_SECRET")
@click.option("--trouble", "acts", type=_Weights(Act), default="", help="Shares of requests: hang=0.1,down=0.05")
@click.option("--receipts", "kinds", type=_Weights(Kind), default="", help="Shares of receipts: twice=0.1,late=0.1")
@click.option("--latency", default=0.0, show_default=True, help="Seconds before every answer.")
@click.option("--hold", default=15.0, show_default=True, help="Seconds of a line that hangs.")
@click.option("--late", default=5.0, show_default=True, help="Seconds of a late receipt.")
@click.option("--seed", default=0, show_default=True, help="The dice.")
def provider_stub(
    port: int,
    smpp_port: int,
    var: Path,
    callback: str,
    acts: dict[Act, Share],
    kinds: dict[Kind, Share],
    latency: float,
    hold: float,
    late: float,
    seed: int,
) -> None:
    """Play every provider on this machine, and make trouble; see docs/add-a-provider.md."""
    trouble = Trouble(acts, kinds, seed=seed, latency=latency, hold=hold, late=late)
    stop = Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stop.set())
    with Stub(var, port=port, smpp_port=smpp_port, trouble=trouble, callback=callback) as stub:
        click.echo(f"AT_URL={stub.url} SSLWIRELESS_URL={stub.url} BDAPPS_URL={stub.url}")
        click.echo(f"SMPP_URL=smpp://stub:stub@{stub.smpp_address}")
        click.echo(f"ledger {var / FILE}, seed {seed}")
        stop.wait()
