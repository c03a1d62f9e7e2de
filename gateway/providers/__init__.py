"""Providers: one file translates one wire, and these tables are all the providers there are.

A new one is a file here, a row in a table below, and its names in `settings.PROVIDER_NEEDS`.
"""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Mapping

from gateway.providers.africastalking import AfricasTalkingSms
from gateway.providers.africastalking import AfricasTalkingUssd
from gateway.providers.contract import SmsProvider
from gateway.providers.contract import UssdProvider
from gateway.providers.simulator import Simulator
from gateway.settings import Settings


def _africastalking(settings: Settings) -> SmsProvider:
    return AfricasTalkingSms(settings.at_username, settings.at_api_key, settings.at_sender_id)


def _simulator(settings: Settings) -> SmsProvider:
    return Simulator()


PROVIDERS: Mapping[str, Callable[[Settings], SmsProvider]] = {
    "simulator": _simulator,
    "africastalking": _africastalking,
}
"""SMS: the name in SMS_PROVIDERS and what makes its provider."""

USSD: Mapping[str, UssdProvider] = {
    "africastalking": AfricasTalkingUssd(),
}
"""USSD: the name in the callback path and its wire."""
