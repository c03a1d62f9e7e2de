"""Running a statement by the driver itself: what SQLAlchemy makes of one costs more than most statements."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError


def run(db: Connection, text: str, values: Any = (), *, many: bool = False) -> Any:
    """The driver's own cursor after a statement in its own spelling, or after many with a list of values.

    As with SQLAlchemy, listeners hear of it before (a deadline is kept so), and an error of the driver is a
    DBAPIError, which knows whether the connection is lost.
    """
    cursor = db.connection.cursor()
    for heard in db.dispatch.before_cursor_execute:
        text, values = heard(db, cursor, text, values, None, many)
    try:
        (cursor.executemany if many else cursor.execute)(text, values)
    except db.dialect.loaded_dbapi.Error as error:
        raise _translated(db, text, error) from error
    return cursor


def _translated(db: Connection, text: str, error: Any) -> BaseException:
    dialect = db.dialect
    gone = dialect.is_disconnect(error, db.connection.dbapi_connection, None)
    if gone:
        db.invalidate(error)
    made: BaseException = DBAPIError.instance(
        text, None, error, dialect.loaded_dbapi.Error, True, connection_invalidated=gone, dialect=dialect
    )
    return made
