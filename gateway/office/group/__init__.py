"""`somiti group`: what the office does for groups from the shell, until there is a console.

people  who is in a group: joining, numbers, roles, leaving
rules   what a group agreed on
money   interest on savings
tree    the federation above the groups
figures a group, and the indicators of groups and what is above them
approvals
        what waits for approval, and an officer's word
"""

from __future__ import annotations

from gateway.office.group import approvals
from gateway.office.group import figures
from gateway.office.group import money
from gateway.office.group import people
from gateway.office.group import rules
from gateway.office.group import tree

COMMANDS = (
    *figures.COMMANDS, *rules.COMMANDS, *people.COMMANDS, *money.COMMANDS, *tree.COMMANDS, *approvals.COMMANDS,
)  # fmt: skip

HELP = """What the office does for groups: members and their numbers, rules, interest, the federation, indicators.

A GROUP is said by its number or its name, a member by her CODE. Sums are typed as 48 or 48.50. --by says who does it
and is kept. What changes something gets an operation id, which is printed first and can be given again with --operation
when nobody knows whether it was done.
"""
