"""Notices: who is told of what happened, and in which words; one function a fact, one table.

shape    what a notice is
trade    what an agent is told
group    what a member and her leaders are told
days     what the clock tells them
answers  what is answered to an SMS or a missed call
worst    all of them at their worst: as long as they can get
"""

from __future__ import annotations

from gateway.notices import days
from gateway.notices import group
from gateway.notices import trade
from gateway.notices.shape import Cause as Cause
from gateway.notices.shape import Notice as Notice
from gateway.notices.shape import Notices as Notices
from gateway.notices.shape import Word as Word
from gateway.notices.shape import template as template

NOTICES: Notices = {**trade.NOTICES, **group.NOTICES, **days.NOTICES}
"""Every fact and what is said of it."""
