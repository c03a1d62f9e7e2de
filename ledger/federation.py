"""The federation: a tree of village organisations, federations, blocks and states, with the groups as its leaves.

Lists are in the order of names, never of a figure: nobody is ranked by credit.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import CTE
from sqlalchemy import BindParameter
from sqlalchemy import Column
from sqlalchemy import Connection
from sqlalchemy import ForeignKey
from sqlalchemy import Select
from sqlalchemy import String
from sqlalchemy import Table
from sqlalchemy import bindparam
from sqlalchemy import cast
from sqlalchemy import literal
from sqlalchemy import select

from ledger import groups
from ledger.books import Origin
from ledger.chart import GROUP
from ledger.errors import NotAllowed
from ledger.errors import NotFound
from ledger.groups import Group
from ledger.journal import begin
from ledger.tables import Id
from ledger.tables import Names
from ledger.tables import insert_new
from ledger.tables import metadata
from ledger.tables import name_columns
from ledger.tables import names

LEVELS = ("village", "federation", "block", "state")
"""From below: a group hangs on a village organisation, each node on one of the next level, or on none yet."""

node_table = Table(
    "node",
    metadata,
    Column("id", Id, primary_key=True),
    Column("programme", ForeignKey("programme.id"), nullable=False, index=True),
    Column("parent", Id, ForeignKey("node.id"), index=True),
    Column("level", String(12), nullable=False),
    *name_columns(),
    Column("operation", String(64), nullable=False, unique=True),
)

node_group_table = Table(
    "node_group",
    metadata,
    Column("group", Id, ForeignKey("member_group.id"), primary_key=True),
    Column("node", Id, ForeignKey("node.id"), nullable=False, index=True),
)


@dataclass(frozen=True, slots=True)
class Node:
    """A place in the tree: of which programme and level, under which node (None: under none)."""

    id: int
    programme: int
    parent: int | None
    level: str
    names: Names


def groups_under(node: BindParameter[Any]) -> Select[Any]:
    """The ids of all groups under a node, at any depth."""
    tree: CTE = select(node_table.c.id).where(node_table.c.id == node).cte("under_node", recursive=True)
    below = node_table.alias("below")
    tree = tree.union_all(select(below.c.id).join(tree, below.c.parent == tree.c.id))
    return select(node_group_table.c.group).join(tree, node_group_table.c.node == tree.c.id)


def books_under(node: BindParameter[Any]) -> Select[Any]:
    """The ids of the books of all groups under a node, at any depth."""
    found = groups_under(node).subquery()
    return select(literal(f"{GROUP}:") + cast(found.c.group, String))


_NODE = select(node_table).where(node_table.c.id == bindparam("id"))
_LOCKED = _NODE.with_for_update()
_BY_OPERATION = select(node_table).where(node_table.c.operation == bindparam("operation"))
_TOPS = select(node_table).where(node_table.c.programme == bindparam("programme"), node_table.c.parent.is_(None))
_OF_LEVEL = (
    select(node_table)
    .where(node_table.c.programme == bindparam("programme"), node_table.c.level == bindparam("level"))
    .order_by(node_table.c.name_latn, node_table.c.id)
    .limit(bindparam("most"))
)
_CHILDREN = select(node_table).where(node_table.c.parent == bindparam("parent"))
_HUNG = select(node_group_table.c.group).where(node_group_table.c.node == bindparam("node"))
_PLACE = select(node_group_table.c.node).where(node_group_table.c.group == bindparam("of"))
_NEW_PLACE = insert_new(node_group_table)
_HANG = node_group_table.update().where(node_group_table.c.group == bindparam("of")).values(node=bindparam("on"))
_MOVE = node_table.update().where(node_table.c.id == bindparam("which")).values(parent=bindparam("under"))


def _node(row: Any) -> Node:
    return Node(row.id, row.programme, row.parent, row.level, names(row))


def _by_name(found: Iterable[Any]) -> list[Any]:
    return sorted(found, key=lambda each: (each.names.bn_Latn.casefold(), each.names.bn, each.id))


def get(db: Connection, node: int) -> Node:
    """A node by its id; NotFound when there is none."""
    row = db.execute(_NODE, {"id": node}).one_or_none()
    if row is None:
        raise NotFound("unknown-node", node=node)
    return _node(row)


def tops(db: Connection, programme: int) -> list[Node]:
    """The nodes of a programme that hang on no other, by name."""
    return _by_name(map(_node, db.execute(_TOPS, {"programme": programme})))


def of_level(db: Connection, programme: int, level: str, most: int) -> list[Node]:
    """Up to `most` nodes of a level of a programme, by their Latin names."""
    found = db.execute(_OF_LEVEL, {"programme": programme, "level": level, "most": most})
    return [_node(row) for row in found]


def children(db: Connection, node: Node) -> list[Node]:
    """The nodes right under a node, by name."""
    return _by_name(map(_node, db.execute(_CHILDREN, {"parent": node.id})))


def groups_of(db: Connection, node: Node) -> list[Group]:
    """The groups that hang on a node itself, by name."""
    return _by_name(groups.get(db, group) for group in db.execute(_HUNG, {"node": node.id}).scalars().all())


def place(db: Connection, group: int) -> list[Node]:
    """Where a group hangs: its village organisation, and what is above it, from below; nothing for one that does not.

    One statement for each level.
    """
    above = db.execute(_PLACE, {"of": group}).scalar_one_or_none()
    path: list[Node] = []
    while above is not None:
        path.append(get(db, above))
        above = path[-1].parent
    return path


def add(db: Connection, programme: int, level: str, called: Names, origin: Origin, parent: Node | None = None) -> Node:
    """Add a node, under `parent` or under none yet; the same operation again: the same node.

    Refused: a parent that is not of the next level, or of another programme; a name that is there already.
    """
    if level not in LEVELS:
        raise ValueError(f"the tree has no level {level}")
    inputs = {"programme": programme, "level": level, "names": repr(called), "parent": parent and parent.id}
    if begin(db, origin, "node.add", **inputs) is not None:
        return _node(db.execute(_BY_OPERATION, {"operation": origin.operation}).one())
    _check_fits(programme, level, parent)
    _check_name(db, programme, level, called, parent)
    values = {
        "programme": programme,
        "parent": parent.id if parent else None,
        "level": level,
        "name_bn": called.bn,
        "name_latn": called.bn_Latn,
        "name_en": called.en,
        "operation": origin.operation,
    }
    return get(db, db.execute(node_table.insert().values(values).returning(node_table.c.id)).scalar_one())


def move(db: Connection, node: Node, parent: Node, origin: Origin) -> Node:
    """Hang a node, with all that is under it, on another one of the next level of its programme.

    Levels rise along every path, so the tree has no circles.
    """
    if begin(db, origin, "node.move", node=node.id, parent=parent.id) is None:
        _check_fits(node.programme, node.level, parent)
        _check_name(db, node.programme, node.level, node.names, parent, but=node.id)
        db.execute(_MOVE, {"which": node.id, "under": parent.id})
    return get(db, node.id)


def hang(db: Connection, group: Group, node: Node, origin: Origin) -> None:
    """Hang a group on a village organisation of its programme; where it hung before it hangs no more."""
    if begin(db, origin, "node.hang", group=group.id, node=node.id) is not None:
        return
    if node.level != LEVELS[0]:
        raise NotAllowed("wrong-level", level=node.level, under=LEVELS[0])
    if node.programme != group.programme:
        raise NotAllowed("other-programme", node=node.id)
    if db.execute(_HANG, {"of": group.id, "on": node.id}).rowcount == 0:
        db.execute(_NEW_PLACE[db.dialect.name], {"group": group.id, "node": node.id})


def _check_fits(programme: int, level: str, parent: Node | None) -> None:
    if parent is None:
        return
    next_level = LEVELS[LEVELS.index(level) + 1] if level != LEVELS[-1] else ""
    if parent.level != next_level:
        raise NotAllowed("wrong-level", level=parent.level, under=next_level or level)
    if parent.programme != programme:
        raise NotAllowed("other-programme", node=parent.id)


def _check_name(
    db: Connection, programme: int, level: str, called: Names, parent: Node | None, *, but: int = 0
) -> None:
    """Two of the same name side by side could not be told apart."""
    if parent is not None:
        # One after the other: a second one of the same name waits for the first.
        db.execute(_LOCKED, {"id": parent.id}).all()
    beside = children(db, parent) if parent else tops(db, programme)
    for each in beside:
        same = (each.names.bn, each.names.bn_Latn.casefold()) == (called.bn, called.bn_Latn.casefold())
        if same and each.level == level and each.id != but:
            raise NotAllowed("name-there", node=each.id)
