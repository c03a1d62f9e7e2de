"""The first tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from ledger.tables import GUARDS
from ledger.tables import AppendOnly

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

APPEND_ONLY = (
    AppendOnly(table="operation", keys=(("id",),)),
    AppendOnly(table="entry", keys=(("book", "number"), ("operation", "book"), ("book", "reverses"))),
    AppendOnly(table="line", keys=(("book", "entry", "position"),)),
    AppendOnly(table="hold", keys=(("book", "entry"),)),
    AppendOnly(table="hold_end", keys=(("book", "entry", "hold", "how"),)),
    AppendOnly(table="move", keys=(("book", "entry", "item"),)),
    AppendOnly(table="allocation", keys=(("book", "entry", "code", "party", "number", "how"),)),
    AppendOnly(table="member_change", keys=(("member", "number"), ("operation",))),
    AppendOnly(table="receipt", keys=(("programme", "code"),)),
    AppendOnly(table="price", keys=(("item", "number"),)),
    AppendOnly(table="order_step", keys=(("book", "entry"),)),
    AppendOnly(table="emi_contract", keys=(("id",), ("operation",))),
    AppendOnly(table="voice", keys=(("approval", "who"), ("operation",))),
    AppendOnly(table="delivery_report", keys=(("provider_id", "provider", "who", "word", "reason"),)),
    AppendOnly(table="operator_act", keys=(("id",),)),
)


def upgrade() -> None:
    """Go to this revision."""
    op.create_table(
        "book",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("owner", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("entries", sa.BigInteger(), nullable=False),
        sa.Column("head", sa.String(length=64), nullable=False),
        sa.Column("ceiling", sa.BigInteger(), nullable=True),
        sa.Column("closed_on", sa.String(length=10), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_book")),
    )
    op.create_table(
        "books_check",
        sa.Column("book", sa.String(length=40), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("entries", sa.BigInteger(), nullable=False),
        sa.Column("lines", sa.BigInteger(), nullable=False),
        sa.Column("wrong", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("book", name=op.f("pk_books_check")),
    )
    op.create_table(
        "code_try",
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("wrong", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_code_try")),
    )
    with op.batch_alter_table("code_try", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_code_try_since"), ["since"], unique=False)

    op.create_table(
        "delivery_report",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("provider", sa.String(length=24), nullable=False),
        sa.Column("provider_id", sa.String(length=100), nullable=False),
        sa.Column("who", sa.String(length=32), nullable=False),
        sa.Column("status", sa.String(length=12), nullable=False),
        sa.Column("word", sa.String(length=40), nullable=False),
        sa.Column("reason", sa.String(length=60), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delivery_report")),
        sa.UniqueConstraint(
            "provider_id",
            "provider",
            "who",
            "word",
            "reason",
            name=op.f("uq_delivery_report_provider_id_provider_who_word_reason"),
        ),
    )
    with op.batch_alter_table("delivery_report", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_delivery_report_who_received_at"), ["who", "received_at"], unique=False)

    op.create_table(
        "dialogue",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("provider", sa.String(length=20), nullable=False),
        sa.Column("session", sa.String(length=128), nullable=False),
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("dialled", sa.String(length=40), nullable=False),
        sa.Column("state", sa.Text(), nullable=True),
        sa.Column("length", sa.Integer(), nullable=False),
        sa.Column("transcript", sa.String(length=64), nullable=False),
        sa.Column("hops", sa.Integer(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("status", sa.String(length=12), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dialogue")),
        sa.UniqueConstraint("provider", "session", name=op.f("uq_dialogue_provider_session")),
    )
    with op.batch_alter_table("dialogue", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_dialogue_ended_at"), ["ended_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_dialogue_last_at"), ["last_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_dialogue_number"), ["number"], unique=False)

    op.create_table(
        "inbound",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("provider", sa.String(length=24), nullable=False),
        sa.Column("provider_id", sa.String(length=128), nullable=False),
        sa.Column("who", sa.String(length=32), nullable=False),
        sa.Column("keyword", sa.String(length=16), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inbound")),
        sa.UniqueConstraint("provider", "provider_id", name=op.f("uq_inbound_provider_provider_id")),
    )
    with op.batch_alter_table("inbound", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_inbound_received_at"), ["received_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_inbound_who_received_at"), ["who", "received_at"], unique=False)

    op.create_table(
        "lease",
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("holder", sa.String(length=80), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_lease")),
    )
    op.create_table(
        "message",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("once_key", sa.String(length=80), nullable=False),
        sa.Column("purpose", sa.String(length=24), nullable=False),
        sa.Column("programme", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("member", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("number", sa.String(length=20), nullable=True),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("template", sa.String(length=8), nullable=False),
        sa.Column("text", sa.Text(), nullable=True),
        sa.Column("encoding", sa.String(length=8), nullable=False),
        sa.Column("units", sa.Integer(), nullable=False),
        sa.Column("parts", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("reason", sa.String(length=40), nullable=False),
        sa.Column("provider", sa.String(length=24), nullable=False),
        sa.Column("provider_id", sa.String(length=100), nullable=False),
        sa.Column("cost", sa.String(length=24), nullable=False),
        sa.Column("price", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("repeats", sa.Integer(), nullable=False),
        sa.Column("bound_to", sa.String(length=24), nullable=False),
        sa.Column("bound_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("evidence", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("timezone", sa.String(length=40), nullable=False),
        sa.Column("wakes_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_message")),
        sa.UniqueConstraint("once_key", name=op.f("uq_message_once_key")),
    )
    with op.batch_alter_table("message", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_message_created_at_id"), ["created_at", "id"], unique=False)
        batch_op.create_index(
            "ix_message_inferred",
            ["changed_at"],
            unique=False,
            sqlite_where=sa.text("evidence IS NOT NULL"),
            postgresql_where=sa.text("evidence IS NOT NULL"),
        )
        batch_op.create_index(
            "ix_message_leased",
            ["lease_until"],
            unique=False,
            sqlite_where=sa.text("state = 'sending'"),
            postgresql_where=sa.text("state = 'sending'"),
        )
        batch_op.create_index(
            "ix_message_lost",
            ["changed_at"],
            unique=False,
            sqlite_where=sa.text("state IN ('expired', 'failed', 'unknown')"),
            postgresql_where=sa.text("state IN ('expired', 'failed', 'unknown')"),
        )
        batch_op.create_index(
            batch_op.f("ix_message_member_created_at_id"), ["member", "created_at", "id"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_message_number_created_at"), ["number", "created_at"], unique=False)
        batch_op.create_index(
            "ix_message_numbered",
            ["created_at"],
            unique=False,
            sqlite_where=sa.text("number IS NOT NULL"),
            postgresql_where=sa.text("number IS NOT NULL"),
        )
        batch_op.create_index(
            "ix_message_silent",
            ["changed_at"],
            unique=False,
            sqlite_where=sa.text("state IN ('accepted', 'buffered', 'sent')"),
            postgresql_where=sa.text("state IN ('accepted', 'buffered', 'sent')"),
        )
        batch_op.create_index(
            "ix_message_unsure",
            ["changed_at"],
            unique=False,
            sqlite_where=sa.text("state = 'unsure'"),
            postgresql_where=sa.text("state = 'unsure'"),
        )
        batch_op.create_index(
            "ix_message_waiting",
            ["due_at"],
            unique=False,
            sqlite_where=sa.text("state = 'queued'"),
            postgresql_where=sa.text("state = 'queued'"),
        )

    op.create_table(
        "message_counted",
        sa.Column("programme", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("month", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("programme", "month", name=op.f("pk_message_counted")),
    )
    op.create_table(
        "message_month",
        sa.Column("programme", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("month", sa.Integer(), nullable=False),
        sa.Column("provider", sa.String(length=24), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("messages", sa.BigInteger(), nullable=False),
        sa.Column("parts", sa.BigInteger(), nullable=False),
        sa.Column("price", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("programme", "month", "provider", "state", "currency", name=op.f("pk_message_month")),
    )
    op.create_table(
        "month_figures",
        sa.Column("book", sa.String(length=40), nullable=False),
        sa.Column("month", sa.Integer(), nullable=False),
        sa.Column("meetings_part", sa.BigInteger(), nullable=False),
        sa.Column("meetings_whole", sa.BigInteger(), nullable=False),
        sa.Column("attendance_part", sa.BigInteger(), nullable=False),
        sa.Column("attendance_whole", sa.BigInteger(), nullable=False),
        sa.Column("savers_part", sa.BigInteger(), nullable=False),
        sa.Column("savers_whole", sa.BigInteger(), nullable=False),
        sa.Column("in_time_part", sa.BigInteger(), nullable=False),
        sa.Column("in_time_whole", sa.BigInteger(), nullable=False),
        sa.Column("recovery_part", sa.BigInteger(), nullable=False),
        sa.Column("recovery_whole", sa.BigInteger(), nullable=False),
        sa.Column("late_1_part", sa.BigInteger(), nullable=False),
        sa.Column("late_1_whole", sa.BigInteger(), nullable=False),
        sa.Column("late_30_part", sa.BigInteger(), nullable=False),
        sa.Column("late_30_whole", sa.BigInteger(), nullable=False),
        sa.Column("late_60_part", sa.BigInteger(), nullable=False),
        sa.Column("late_60_whole", sa.BigInteger(), nullable=False),
        sa.Column("late_90_part", sa.BigInteger(), nullable=False),
        sa.Column("late_90_whole", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("book", "month", name=op.f("pk_month_figures")),
    )
    op.create_table(
        "month_sum",
        sa.Column("place", sa.String(length=40), nullable=False),
        sa.Column("code", sa.Integer(), nullable=False),
        sa.Column("month", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("debit", sa.BigInteger(), nullable=False),
        sa.Column("credit", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("place", "code", "month", "kind", name=op.f("pk_month_sum")),
    )
    op.create_table(
        "operation",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_operation")),
    )
    op.create_table(
        "optout",
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column("source", sa.String(length=40), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_optout")),
    )
    op.create_table(
        "programme",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("timezone", sa.String(length=40), nullable=False),
        sa.Column("pin_length", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_programme")),
        sa.UniqueConstraint("name", name=op.f("uq_programme_name")),
    )
    op.create_table(
        "round",
        sa.Column("name", sa.String(length=20), nullable=False),
        sa.Column("programme", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("whole_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("after", sa.String(length=60), nullable=False),
        sa.Column("finished", sa.Boolean(), nullable=False),
        sa.Column("seen", sa.Integer(), nullable=False),
        sa.Column("told", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("name", "programme", name=op.f("pk_round")),
    )
    op.create_table(
        "sign_in_try",
        sa.Column("about", sa.String(length=64), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("locked_until", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("about", name=op.f("pk_sign_in_try")),
    )
    with op.batch_alter_table("sign_in_try", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_sign_in_try_last_at"), ["last_at"], unique=False)

    op.create_table(
        "standing",
        sa.Column("provider", sa.String(length=24), nullable=False),
        sa.Column("points", sa.Integer(), nullable=False),
        sa.Column("troubled_at", sa.BigInteger(), nullable=False),
        sa.Column("next_at", sa.BigInteger(), nullable=False),
        sa.Column("stopped_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("stopped_for", sa.String(length=40), nullable=False),
        sa.PrimaryKeyConstraint("provider", name=op.f("pk_standing")),
    )
    op.create_table(
        "account",
        sa.Column("book", sa.String(length=40), nullable=False),
        sa.Column("code", sa.Integer(), nullable=False),
        sa.Column("party", sa.BigInteger(), nullable=False),
        sa.Column("balance", sa.BigInteger(), nullable=False),
        sa.Column("pending", sa.BigInteger(), nullable=False),
        sa.Column("ceiling", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["book"], ["book.id"], name=op.f("fk_account_book_book")),
        sa.PrimaryKeyConstraint("book", "code", "party", name=op.f("pk_account")),
    )
    op.create_table(
        "attempt",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("message", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("provider", sa.String(length=24), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("outcome", sa.String(length=12), nullable=False),
        sa.Column("provider_id", sa.String(length=100), nullable=False),
        sa.Column("detail", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(["message"], ["message.id"], name=op.f("fk_attempt_message_message")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attempt")),
    )
    with op.batch_alter_table("attempt", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_attempt_message"), ["message"], unique=False)
        batch_op.create_index(batch_op.f("ix_attempt_provider_id_provider"), ["provider_id", "provider"], unique=False)

    op.create_table(
        "category",
        sa.Column("programme", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("name_bn", sa.String(length=60), nullable=False),
        sa.Column("name_latn", sa.String(length=60), nullable=False),
        sa.Column("name_en", sa.String(length=60), nullable=False),
        sa.ForeignKeyConstraint(["programme"], ["programme.id"], name=op.f("fk_category_programme_programme")),
        sa.PrimaryKeyConstraint("programme", "number", name=op.f("pk_category")),
    )
    op.create_table(
        "entry",
        sa.Column("book", sa.String(length=40), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("operation", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("event_on", sa.Date(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.String(length=40), nullable=False),
        sa.Column("channel", sa.String(length=16), nullable=False),
        sa.Column("reverses", sa.BigInteger(), nullable=True),
        sa.Column("memo", sa.Text(), nullable=False),
        sa.Column("previous", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["book"], ["book.id"], name=op.f("fk_entry_book_book")),
        sa.ForeignKeyConstraint(["operation"], ["operation.id"], name=op.f("fk_entry_operation_operation")),
        sa.PrimaryKeyConstraint("book", "number", name=op.f("pk_entry")),
        sa.UniqueConstraint("book", "reverses", name=op.f("uq_entry_book_reverses")),
        sa.UniqueConstraint("operation", "book", name=op.f("uq_entry_operation_book")),
    )
    with op.batch_alter_table("entry", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_entry_book_event_on"), ["book", "event_on"], unique=False)

    op.create_table(
        "figures_counted",
        sa.Column("book", sa.String(length=40), nullable=False),
        sa.Column("entries", sa.BigInteger(), nullable=False),
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["book"], ["book.id"], name=op.f("fk_figures_counted_book_book")),
        sa.PrimaryKeyConstraint("book", name=op.f("pk_figures_counted")),
    )
    op.create_table(
        "hop",
        sa.Column("dialogue", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("transcript", sa.String(length=64), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("screen", sa.String(length=40), nullable=False),
        sa.Column("reply", sa.Text(), nullable=True),
        sa.Column("ends", sa.Boolean(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["dialogue"], ["dialogue.id"], name=op.f("fk_hop_dialogue_dialogue")),
        sa.PrimaryKeyConstraint("dialogue", "transcript", name=op.f("pk_hop")),
    )
    op.create_table(
        "hub",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("programme", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name_bn", sa.String(length=60), nullable=False),
        sa.Column("name_latn", sa.String(length=60), nullable=False),
        sa.Column("name_en", sa.String(length=60), nullable=False),
        sa.ForeignKeyConstraint(["programme"], ["programme.id"], name=op.f("fk_hub_programme_programme")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hub")),
    )
    op.create_table(
        "instalment",
        sa.Column("book", sa.String(length=40), nullable=False),
        sa.Column("code", sa.Integer(), nullable=False),
        sa.Column("party", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("due", sa.Date(), nullable=False),
        sa.Column("principal", sa.BigInteger(), nullable=False),
        sa.Column("interest", sa.BigInteger(), nullable=False),
        sa.Column("fine", sa.BigInteger(), nullable=False),
        sa.Column("principal_cleared", sa.BigInteger(), nullable=False),
        sa.Column("interest_cleared", sa.BigInteger(), nullable=False),
        sa.Column("fine_cleared", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("fine >= 0 AND fine_cleared BETWEEN 0 AND fine", name=op.f("ck_instalment_fine")),
        sa.CheckConstraint(
            "interest >= 0 AND interest_cleared BETWEEN 0 AND interest", name=op.f("ck_instalment_interest")
        ),
        sa.CheckConstraint(
            "principal >= 0 AND principal_cleared BETWEEN 0 AND principal", name=op.f("ck_instalment_principal")
        ),
        sa.ForeignKeyConstraint(["book"], ["book.id"], name=op.f("fk_instalment_book_book")),
        sa.PrimaryKeyConstraint("book", "code", "party", "number", name=op.f("pk_instalment")),
    )
    with op.batch_alter_table("instalment", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_instalment_book_due"), ["book", "due"], unique=False)

    op.create_table(
        "member_group",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("programme", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("district", sa.String(length=40), nullable=False),
        sa.Column("short_bn", sa.String(length=12), nullable=False),
        sa.Column("short_latn", sa.String(length=12), nullable=False),
        sa.Column("rules", sa.Text(), nullable=False),
        sa.Column("name_bn", sa.String(length=60), nullable=False),
        sa.Column("name_latn", sa.String(length=60), nullable=False),
        sa.ForeignKeyConstraint(["programme"], ["programme.id"], name=op.f("fk_member_group_programme_programme")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_member_group")),
    )
    with op.batch_alter_table("member_group", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_member_group_programme"), ["programme"], unique=False)

    op.create_table(
        "month_counted",
        sa.Column("book", sa.String(length=40), nullable=False),
        sa.Column("entries", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["book"], ["book.id"], name=op.f("fk_month_counted_book_book")),
        sa.PrimaryKeyConstraint("book", name=op.f("pk_month_counted")),
    )
    op.create_table(
        "node",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("programme", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("parent", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("level", sa.String(length=12), nullable=False),
        sa.Column("name_bn", sa.String(length=60), nullable=False),
        sa.Column("name_latn", sa.String(length=60), nullable=False),
        sa.Column("name_en", sa.String(length=60), nullable=False),
        sa.Column("operation", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["parent"], ["node.id"], name=op.f("fk_node_parent_node")),
        sa.ForeignKeyConstraint(["programme"], ["programme.id"], name=op.f("fk_node_programme_programme")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_node")),
        sa.UniqueConstraint("operation", name=op.f("uq_node_operation")),
    )
    with op.batch_alter_table("node", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_node_parent"), ["parent"], unique=False)
        batch_op.create_index(batch_op.f("ix_node_programme"), ["programme"], unique=False)

    op.create_table(
        "screen_use",
        sa.Column("programme", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column("screen", sa.String(length=40), nullable=False),
        sa.Column("took", sa.Integer(), nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["programme"], ["programme.id"], name=op.f("fk_screen_use_programme_programme")),
        sa.PrimaryKeyConstraint("programme", "on", "screen", "took", name=op.f("pk_screen_use")),
    )
    op.create_table(
        "stock",
        sa.Column("book", sa.String(length=40), nullable=False),
        sa.Column("item", sa.BigInteger(), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.Column("reserved", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["book"], ["book.id"], name=op.f("fk_stock_book_book")),
        sa.PrimaryKeyConstraint("book", "item", name=op.f("pk_stock")),
    )
    op.create_table(
        "supplier",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("programme", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("name_bn", sa.String(length=60), nullable=False),
        sa.Column("name_latn", sa.String(length=60), nullable=False),
        sa.ForeignKeyConstraint(["programme"], ["programme.id"], name=op.f("fk_supplier_programme_programme")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_supplier")),
        sa.UniqueConstraint("programme", "number", name=op.f("uq_supplier_programme_number")),
    )
    op.create_table(
        "allocation",
        sa.Column("book", sa.String(length=40), nullable=False),
        sa.Column("entry", sa.BigInteger(), nullable=False),
        sa.Column("code", sa.Integer(), nullable=False),
        sa.Column("party", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("how", sa.String(length=12), nullable=False),
        sa.Column("due", sa.Date(), nullable=True),
        sa.Column("principal", sa.BigInteger(), nullable=False),
        sa.Column("interest", sa.BigInteger(), nullable=False),
        sa.Column("fine", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("how IN ('charged', 'paid', 'waived', 'written-off')", name=op.f("ck_allocation_how")),
        sa.ForeignKeyConstraint(
            ["book", "entry"], ["entry.book", "entry.number"], name=op.f("fk_allocation_book_entry_entry")
        ),
        sa.PrimaryKeyConstraint("book", "entry", "code", "party", "number", "how", name=op.f("pk_allocation")),
    )
    with op.batch_alter_table("allocation", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_allocation_book_code_party_entry"), ["book", "code", "party", "entry"], unique=False
        )

    op.create_table(
        "approval",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("group", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("about", sa.BigInteger(), nullable=False),
        sa.Column("subject", sa.String(length=64), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("reason", sa.String(length=160), nullable=False),
        sa.Column("reasoned", sa.Boolean(), nullable=False),
        sa.Column("maker", sa.String(length=40), nullable=False),
        sa.Column("started_by", sa.String(length=40), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("pending", sa.Integer(), nullable=True),
        sa.Column("operation", sa.String(length=64), nullable=False),
        sa.CheckConstraint("(pending IS NOT NULL) = (state IN ('open', 'approved'))", name=op.f("ck_approval_pending")),
        sa.CheckConstraint(
            "kind IN ('withdrawal', 'loan', 'reversal', 'pin-reset', 'leave', 'share-out')",
            name=op.f("ck_approval_kind"),
        ),
        sa.CheckConstraint(
            "state IN ('open', 'approved', 'done', 'rejected', 'expired', 'taken-back')", name=op.f("ck_approval_state")
        ),
        sa.CheckConstraint("pending = 1", name=op.f("ck_approval_one")),
        sa.ForeignKeyConstraint(["group"], ["member_group.id"], name=op.f("fk_approval_group_member_group")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_approval")),
        sa.UniqueConstraint("group", "kind", "about", "pending", name=op.f("uq_approval_group_kind_about_pending")),
        sa.UniqueConstraint("operation", name=op.f("uq_approval_operation")),
    )
    with op.batch_alter_table("approval", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_approval_about"), ["about"], unique=False)
        batch_op.create_index(batch_op.f("ix_approval_pending_until"), ["pending", "until"], unique=False)

    op.create_table(
        "hold",
        sa.Column("book", sa.String(length=40), nullable=False),
        sa.Column("entry", sa.BigInteger(), nullable=False),
        sa.Column("code", sa.Integer(), nullable=False),
        sa.Column("party", sa.BigInteger(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("amount > 0", name=op.f("ck_hold_amount")),
        sa.ForeignKeyConstraint(
            ["book", "entry"], ["entry.book", "entry.number"], name=op.f("fk_hold_book_entry_entry")
        ),
        sa.PrimaryKeyConstraint("book", "entry", name=op.f("pk_hold")),
    )
    with op.batch_alter_table("hold", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_hold_book_code_party"), ["book", "code", "party"], unique=False)

    op.create_table(
        "item",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("programme", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("code", sa.Integer(), nullable=False),
        sa.Column("category", sa.Integer(), nullable=False),
        sa.Column("supplier", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name_bn", sa.String(length=60), nullable=False),
        sa.Column("name_latn", sa.String(length=60), nullable=False),
        sa.Column("name_en", sa.String(length=60), nullable=False),
        sa.Column("price", sa.BigInteger(), nullable=False),
        sa.Column("retail", sa.BigInteger(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["programme", "category"],
            ["category.programme", "category.number"],
            name=op.f("fk_item_programme_category_category"),
        ),
        sa.ForeignKeyConstraint(["programme"], ["programme.id"], name=op.f("fk_item_programme_programme")),
        sa.ForeignKeyConstraint(["supplier"], ["supplier.id"], name=op.f("fk_item_supplier_supplier")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_item")),
        sa.UniqueConstraint("programme", "code", name=op.f("uq_item_programme_code")),
    )
    op.create_table(
        "line",
        sa.Column("book", sa.String(length=40), nullable=False),
        sa.Column("entry", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("code", sa.Integer(), nullable=False),
        sa.Column("party", sa.BigInteger(), nullable=False),
        sa.Column("side", sa.String(length=1), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("balance", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("side IN ('D', 'C')", name=op.f("ck_line_side")),
        sa.CheckConstraint("amount > 0", name=op.f("ck_line_amount")),
        sa.ForeignKeyConstraint(
            ["book", "entry"], ["entry.book", "entry.number"], name=op.f("fk_line_book_entry_entry")
        ),
        sa.PrimaryKeyConstraint("book", "entry", "position", name=op.f("pk_line")),
    )
    with op.batch_alter_table("line", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_line_book_code_party_entry"), ["book", "code", "party", "entry"], unique=False
        )

    op.create_table(
        "member",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("programme", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("group", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("hub", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("code", sa.String(length=12), nullable=False),
        sa.Column("name_bn", sa.String(length=60), nullable=False),
        sa.Column("name_latn", sa.String(length=60), nullable=False),
        sa.Column("role", sa.String(length=12), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("digits", sa.String(length=8), nullable=False),
        sa.Column("sms", sa.String(length=8), nullable=False),
        sa.Column("month_sms", sa.Boolean(), nullable=False),
        sa.Column("pin_hash", sa.String(length=160), nullable=False),
        sa.Column("pin_failures", sa.Integer(), nullable=False),
        sa.Column("pin_locked_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("pin_once_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("left_on", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(["group"], ["member_group.id"], name=op.f("fk_member_group_member_group")),
        sa.ForeignKeyConstraint(["hub"], ["hub.id"], name=op.f("fk_member_hub_hub")),
        sa.ForeignKeyConstraint(["programme"], ["programme.id"], name=op.f("fk_member_programme_programme")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_member")),
        sa.UniqueConstraint("code", name=op.f("uq_member_code")),
    )
    with op.batch_alter_table("member", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_member_group"), ["group"], unique=False)
        batch_op.create_index(batch_op.f("ix_member_hub"), ["hub"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_member_programme_name_latn_id"), ["programme", "name_latn", "id"], unique=False
        )

    op.create_table(
        "move",
        sa.Column("book", sa.String(length=40), nullable=False),
        sa.Column("entry", sa.BigInteger(), nullable=False),
        sa.Column("item", sa.BigInteger(), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["book", "entry"], ["entry.book", "entry.number"], name=op.f("fk_move_book_entry_entry")
        ),
        sa.PrimaryKeyConstraint("book", "entry", "item", name=op.f("pk_move")),
    )
    op.create_table(
        "node_group",
        sa.Column("group", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("node", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(["group"], ["member_group.id"], name=op.f("fk_node_group_group_member_group")),
        sa.ForeignKeyConstraint(["node"], ["node.id"], name=op.f("fk_node_group_node_node")),
        sa.PrimaryKeyConstraint("group", name=op.f("pk_node_group")),
    )
    with op.batch_alter_table("node_group", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_node_group_node"), ["node"], unique=False)

    op.create_table(
        "operator",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("programme", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.String(length=30), nullable=False),
        sa.Column("display", sa.String(length=60), nullable=False),
        sa.Column("role", sa.String(length=12), nullable=False),
        sa.Column("hub", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("password", sa.String(length=160), nullable=False),
        sa.Column("password_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("totp", sa.String(length=80), nullable=True),
        sa.Column("totp_step", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("disabled_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(hub IS NOT NULL) = (role = 'keeper')", name=op.f("ck_operator_hub")),
        sa.CheckConstraint(
            "role IN ('admin', 'officer', 'keeper', 'lender', 'auditor', 'trainer')", name=op.f("ck_operator_role")
        ),
        sa.ForeignKeyConstraint(["hub"], ["hub.id"], name=op.f("fk_operator_hub_hub")),
        sa.ForeignKeyConstraint(["programme"], ["programme.id"], name=op.f("fk_operator_programme_programme")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_operator")),
        sa.UniqueConstraint("name", name=op.f("uq_operator_name")),
    )
    with op.batch_alter_table("operator", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_operator_programme"), ["programme"], unique=False)

    op.create_table(
        "receipt",
        sa.Column("programme", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("code", sa.String(length=6), nullable=False),
        sa.Column("book", sa.String(length=40), nullable=False),
        sa.Column("entry", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("event_on", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(
            ["book", "entry"], ["entry.book", "entry.number"], name=op.f("fk_receipt_book_entry_entry")
        ),
        sa.ForeignKeyConstraint(["programme"], ["programme.id"], name=op.f("fk_receipt_programme_programme")),
        sa.PrimaryKeyConstraint("programme", "code", name=op.f("pk_receipt")),
    )
    with op.batch_alter_table("receipt", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_receipt_book_entry"), ["book", "entry"], unique=False)

    op.create_table(
        "sale",
        sa.Column("book", sa.String(length=40), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("customer", sa.Integer(), nullable=False),
        sa.Column("channel", sa.String(length=12), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.Column("cost", sa.BigInteger(), nullable=False),
        sa.Column("event_on", sa.Date(), nullable=False),
        sa.Column("owed", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["book", "number"], ["entry.book", "entry.number"], name=op.f("fk_sale_book_number_entry")
        ),
        sa.PrimaryKeyConstraint("book", "number", name=op.f("pk_sale")),
    )
    with op.batch_alter_table("sale", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_sale_book_event_on"), ["book", "event_on"], unique=False)

    op.create_table(
        "broadcast",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("programme", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("operator", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("text_bn", sa.Text(), nullable=False),
        sa.Column("text_en", sa.Text(), nullable=False),
        sa.Column("audience", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("asked_for", sa.Integer(), nullable=False),
        sa.Column("second", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("task", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("operation", sa.String(length=64), nullable=False),
        sa.CheckConstraint("state IN ('draft', 'asked', 'going', 'held', 'stopped')", name=op.f("ck_broadcast_state")),
        sa.ForeignKeyConstraint(["operator"], ["operator.id"], name=op.f("fk_broadcast_operator_operator")),
        sa.ForeignKeyConstraint(["programme"], ["programme.id"], name=op.f("fk_broadcast_programme_programme")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_broadcast")),
        sa.UniqueConstraint("operation", name=op.f("uq_broadcast_operation")),
    )
    with op.batch_alter_table("broadcast", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_broadcast_programme_id"), ["programme", "id"], unique=False)

    op.create_table(
        "console_form",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("operator", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("location", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(["operator"], ["operator.id"], name=op.f("fk_console_form_operator_operator")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_console_form")),
    )
    with op.batch_alter_table("console_form", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_console_form_at"), ["at"], unique=False)

    op.create_table(
        "customer",
        sa.Column("shop", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=24), nullable=False),
        sa.ForeignKeyConstraint(["shop"], ["member.id"], name=op.f("fk_customer_shop_member")),
        sa.PrimaryKeyConstraint("shop", "number", name=op.f("pk_customer")),
    )
    op.create_table(
        "emi_contract",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("book", sa.String(length=40), nullable=False),
        sa.Column("member", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("item", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("terms", sa.Text(), nullable=False),
        sa.Column("operation", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["item"], ["item.id"], name=op.f("fk_emi_contract_item_item")),
        sa.ForeignKeyConstraint(["member"], ["member.id"], name=op.f("fk_emi_contract_member_member")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_emi_contract")),
        sa.UniqueConstraint("operation", name=op.f("uq_emi_contract_operation")),
    )
    with op.batch_alter_table("emi_contract", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_emi_contract_book"), ["book"], unique=False)
        batch_op.create_index(batch_op.f("ix_emi_contract_member"), ["member"], unique=False)

    op.create_table(
        "handset",
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column("member", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["member"], ["member.id"], name=op.f("fk_handset_member_member")),
        sa.PrimaryKeyConstraint("number", "member", name=op.f("pk_handset")),
    )
    with op.batch_alter_table("handset", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_handset_member"), ["member"], unique=False)

    op.create_table(
        "hold_end",
        sa.Column("book", sa.String(length=40), nullable=False),
        sa.Column("entry", sa.BigInteger(), nullable=False),
        sa.Column("hold", sa.BigInteger(), nullable=False),
        sa.Column("how", sa.String(length=8), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("how IN ('settled', 'voided', 'expired')", name=op.f("ck_hold_end_how")),
        sa.CheckConstraint("amount > 0", name=op.f("ck_hold_end_amount")),
        sa.ForeignKeyConstraint(
            ["book", "entry"], ["entry.book", "entry.number"], name=op.f("fk_hold_end_book_entry_entry")
        ),
        sa.ForeignKeyConstraint(["book", "hold"], ["hold.book", "hold.entry"], name=op.f("fk_hold_end_book_hold_hold")),
        sa.PrimaryKeyConstraint("book", "entry", "hold", "how", name=op.f("pk_hold_end")),
    )
    with op.batch_alter_table("hold_end", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_hold_end_book_hold"), ["book", "hold"], unique=False)

    op.create_table(
        "loan",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("book", sa.String(length=40), nullable=False),
        sa.Column("member", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("cycle", sa.Integer(), nullable=False),
        sa.Column("terms", sa.Text(), nullable=False),
        sa.Column("operation", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["member"], ["member.id"], name=op.f("fk_loan_member_member")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_loan")),
    )
    with op.batch_alter_table("loan", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_loan_book"), ["book"], unique=False)
        batch_op.create_index(batch_op.f("ix_loan_member"), ["member"], unique=False)
        batch_op.create_index(batch_op.f("ix_loan_operation"), ["operation"], unique=False)

    op.create_table(
        "meeting",
        sa.Column("group", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("held_on", sa.Date(), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("recorder", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("operation", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["group"], ["member_group.id"], name=op.f("fk_meeting_group_member_group")),
        sa.ForeignKeyConstraint(["recorder"], ["member.id"], name=op.f("fk_meeting_recorder_member")),
        sa.PrimaryKeyConstraint("group", "number", name=op.f("pk_meeting")),
        sa.UniqueConstraint("group", "held_on", name=op.f("uq_meeting_group_held_on")),
        sa.UniqueConstraint("operation", name=op.f("uq_meeting_operation")),
    )
    op.create_table(
        "member_change",
        sa.Column("member", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("what", sa.String(length=12), nullable=False),
        sa.Column("old", sa.String(length=20), nullable=False),
        sa.Column("new", sa.String(length=20), nullable=False),
        sa.Column("actor", sa.String(length=40), nullable=False),
        sa.Column("channel", sa.String(length=16), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("operation", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["member"], ["member.id"], name=op.f("fk_member_change_member_member")),
        sa.PrimaryKeyConstraint("member", "number", name=op.f("pk_member_change")),
        sa.UniqueConstraint("operation", name=op.f("uq_member_change_operation")),
    )
    op.create_table(
        "operator_act",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("programme", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("operator", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("act", sa.String(length=40), nullable=False),
        sa.Column("about", sa.String(length=80), nullable=False),
        sa.Column("detail", sa.String(length=400), nullable=False),
        sa.Column("address", sa.String(length=45), nullable=False),
        sa.ForeignKeyConstraint(["operator"], ["operator.id"], name=op.f("fk_operator_act_operator_operator")),
        sa.ForeignKeyConstraint(["programme"], ["programme.id"], name=op.f("fk_operator_act_programme_programme")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_operator_act")),
    )
    with op.batch_alter_table("operator_act", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_operator_act_programme_at_id"), ["programme", "at", "id"], unique=False)

    op.create_table(
        "operator_group",
        sa.Column("operator", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("group", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(["group"], ["member_group.id"], name=op.f("fk_operator_group_group_member_group")),
        sa.ForeignKeyConstraint(["operator"], ["operator.id"], name=op.f("fk_operator_group_operator_operator")),
        sa.PrimaryKeyConstraint("operator", "group", name=op.f("pk_operator_group")),
    )
    op.create_table(
        "past_call",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("programme", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("member", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("provider", sa.String(length=20), nullable=False),
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seconds", sa.Integer(), nullable=False),
        sa.Column("screen", sa.String(length=40), nullable=False),
        sa.Column("ended", sa.Boolean(), nullable=False),
        sa.Column("status", sa.String(length=12), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["member"], ["member.id"], name=op.f("fk_past_call_member_member")),
        sa.ForeignKeyConstraint(["programme"], ["programme.id"], name=op.f("fk_past_call_programme_programme")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_past_call")),
    )
    with op.batch_alter_table("past_call", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_past_call_programme_id"), ["programme", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_past_call_started_at"), ["started_at"], unique=False)

    op.create_table(
        "price",
        sa.Column("item", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("price", sa.BigInteger(), nullable=False),
        sa.Column("retail", sa.BigInteger(), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("price > 0 AND retail > 0", name=op.f("ck_price_above_zero")),
        sa.ForeignKeyConstraint(["item"], ["item.id"], name=op.f("fk_price_item_item")),
        sa.PrimaryKeyConstraint("item", "number", name=op.f("pk_price")),
    )
    op.create_table(
        "sale_line",
        sa.Column("book", sa.String(length=40), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("item", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("price", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["book", "number"], ["sale.book", "sale.number"], name=op.f("fk_sale_line_book_number_sale")
        ),
        sa.ForeignKeyConstraint(["item"], ["item.id"], name=op.f("fk_sale_line_item_item")),
        sa.PrimaryKeyConstraint("book", "number", "item", name=op.f("pk_sale_line")),
    )
    op.create_table(
        "second_person",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("programme", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("subject", sa.String(length=80), nullable=False),
        sa.Column("group", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("hub", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("summary", sa.String(length=200), nullable=False),
        sa.Column("reason", sa.String(length=160), nullable=False),
        sa.Column("inputs", sa.Text(), nullable=False),
        sa.Column("asked_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("pending", sa.Integer(), nullable=True),
        sa.Column("decided_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answer", sa.String(length=160), nullable=False),
        sa.Column("operation", sa.String(length=64), nullable=False),
        sa.CheckConstraint("(pending IS NOT NULL) = (state = 'waiting')", name=op.f("ck_second_person_pending")),
        sa.CheckConstraint(
            "kind IN ('reversal', 'pin-reset', 'bulk-send', 'limit')", name=op.f("ck_second_person_kind")
        ),
        sa.CheckConstraint("state IN ('waiting', 'yes', 'no', 'expired')", name=op.f("ck_second_person_state")),
        sa.CheckConstraint("decided_by <> asked_by", name=op.f("ck_second_person_another")),
        sa.CheckConstraint("pending = 1", name=op.f("ck_second_person_one")),
        sa.ForeignKeyConstraint(["asked_by"], ["operator.id"], name=op.f("fk_second_person_asked_by_operator")),
        sa.ForeignKeyConstraint(["decided_by"], ["operator.id"], name=op.f("fk_second_person_decided_by_operator")),
        sa.ForeignKeyConstraint(["group"], ["member_group.id"], name=op.f("fk_second_person_group_member_group")),
        sa.ForeignKeyConstraint(["hub"], ["hub.id"], name=op.f("fk_second_person_hub_hub")),
        sa.ForeignKeyConstraint(["programme"], ["programme.id"], name=op.f("fk_second_person_programme_programme")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_second_person")),
        sa.UniqueConstraint("operation", name=op.f("uq_second_person_operation")),
        sa.UniqueConstraint(
            "programme", "kind", "subject", "pending", name=op.f("uq_second_person_programme_kind_subject_pending")
        ),
    )
    with op.batch_alter_table("second_person", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_second_person_programme_pending_until"), ["programme", "pending", "until"], unique=False
        )

    op.create_table(
        "sign_in",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("operator", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("token", sa.String(length=64), nullable=False),
        sa.Column("passed", sa.Boolean(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("address", sa.String(length=45), nullable=False),
        sa.Column("device", sa.String(length=120), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["operator"], ["operator.id"], name=op.f("fk_sign_in_operator_operator")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_in")),
        sa.UniqueConstraint("token", name=op.f("uq_sign_in_token")),
    )
    with op.batch_alter_table("sign_in", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_sign_in_operator_seen_at"), ["operator", "seen_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_sign_in_seen_at"), ["seen_at"], unique=False)

    op.create_table(
        "stock_order",
        sa.Column("book", sa.String(length=40), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("agent", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.Column("placed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("operation", sa.String(length=64), nullable=False),
        sa.Column("prepaid", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["agent"], ["member.id"], name=op.f("fk_stock_order_agent_member")),
        sa.ForeignKeyConstraint(
            ["book", "number"], ["entry.book", "entry.number"], name=op.f("fk_stock_order_book_number_entry")
        ),
        sa.PrimaryKeyConstraint("book", "number", name=op.f("pk_stock_order")),
        sa.UniqueConstraint("operation", name=op.f("uq_stock_order_operation")),
    )
    with op.batch_alter_table("stock_order", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_stock_order_agent_placed_at"), ["agent", "placed_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_stock_order_book_state_number"), ["book", "state", "number"], unique=False)

    op.create_table(
        "task",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("programme", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("operator", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("about", sa.String(length=80), nullable=False),
        sa.Column("inputs", sa.Text(), nullable=False),
        sa.Column("sheet", sa.LargeBinary(), nullable=True),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("after", sa.String(length=60), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("told", sa.Text(), nullable=False),
        sa.Column("trouble", sa.String(length=80), nullable=False),
        sa.Column("held_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("operation", sa.String(length=64), nullable=False),
        sa.CheckConstraint("state IN ('running', 'done', 'stopped', 'failed')", name=op.f("ck_task_state")),
        sa.ForeignKeyConstraint(["operator"], ["operator.id"], name=op.f("fk_task_operator_operator")),
        sa.ForeignKeyConstraint(["programme"], ["programme.id"], name=op.f("fk_task_programme_programme")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_task")),
        sa.UniqueConstraint("operation", name=op.f("uq_task_operation")),
    )
    with op.batch_alter_table("task", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_task_programme_id"), ["programme", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_task_state_held_until"), ["state", "held_until"], unique=False)

    op.create_table(
        "voice",
        sa.Column("approval", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("who", sa.String(length=40), nullable=False),
        sa.Column("yes", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.String(length=160), nullable=False),
        sa.Column("needed", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("operation", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["approval"], ["approval.id"], name=op.f("fk_voice_approval_approval")),
        sa.PrimaryKeyConstraint("approval", "who", name=op.f("pk_voice")),
        sa.UniqueConstraint("operation", name=op.f("uq_voice_operation")),
    )
    op.create_table(
        "application",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("group", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("member", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("cycle", sa.Integer(), nullable=False),
        sa.Column("purpose", sa.String(length=12), nullable=False),
        sa.Column("elsewhere", sa.BigInteger(), nullable=False),
        sa.Column("income", sa.BigInteger(), nullable=False),
        sa.Column("terms", sa.Text(), nullable=False),
        sa.Column("findings", sa.Text(), nullable=False),
        sa.Column("asked_on", sa.Date(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("operation", sa.String(length=64), nullable=False),
        sa.Column("loan", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.ForeignKeyConstraint(["group"], ["member_group.id"], name=op.f("fk_application_group_member_group")),
        sa.ForeignKeyConstraint(["loan"], ["loan.id"], name=op.f("fk_application_loan_loan")),
        sa.ForeignKeyConstraint(["member"], ["member.id"], name=op.f("fk_application_member_member")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_application")),
        sa.UniqueConstraint("operation", name=op.f("uq_application_operation")),
    )
    with op.batch_alter_table("application", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_application_group"), ["group"], unique=False)
        batch_op.create_index(batch_op.f("ix_application_member"), ["member"], unique=False)

    op.create_table(
        "attendance",
        sa.Column("group", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("meeting", sa.Integer(), nullable=False),
        sa.Column("member", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("how", sa.String(length=8), nullable=False),
        sa.Column("entry", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("how IN ('present', 'late', 'absent', 'excused')", name=op.f("ck_attendance_how")),
        sa.ForeignKeyConstraint(
            ["group", "meeting"], ["meeting.group", "meeting.number"], name=op.f("fk_attendance_group_meeting_meeting")
        ),
        sa.ForeignKeyConstraint(["member"], ["member.id"], name=op.f("fk_attendance_member_member")),
        sa.PrimaryKeyConstraint("group", "meeting", "member", name=op.f("pk_attendance")),
    )
    op.create_table(
        "handover",
        sa.Column("book", sa.String(length=40), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("code", sa.String(length=4), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["book", "number"],
            ["stock_order.book", "stock_order.number"],
            name=op.f("fk_handover_book_number_stock_order"),
        ),
        sa.PrimaryKeyConstraint("book", "number", name=op.f("pk_handover")),
    )
    op.create_table(
        "order_line",
        sa.Column("book", sa.String(length=40), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("item", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("price", sa.BigInteger(), nullable=False),
        sa.Column("arrived", sa.Integer(), nullable=False),
        sa.Column("cost", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["book", "number"],
            ["stock_order.book", "stock_order.number"],
            name=op.f("fk_order_line_book_number_stock_order"),
        ),
        sa.ForeignKeyConstraint(["item"], ["item.id"], name=op.f("fk_order_line_item_item")),
        sa.PrimaryKeyConstraint("book", "number", "item", name=op.f("pk_order_line")),
    )
    op.create_table(
        "order_step",
        sa.Column("book", sa.String(length=40), nullable=False),
        sa.Column("entry", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("step", sa.String(length=12), nullable=False),
        sa.ForeignKeyConstraint(
            ["book", "entry"], ["entry.book", "entry.number"], name=op.f("fk_order_step_book_entry_entry")
        ),
        sa.ForeignKeyConstraint(
            ["book", "number"],
            ["stock_order.book", "stock_order.number"],
            name=op.f("fk_order_step_book_number_stock_order"),
        ),
        sa.PrimaryKeyConstraint("book", "entry", name=op.f("pk_order_step")),
    )
    with op.batch_alter_table("order_step", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_order_step_book_number"), ["book", "number"], unique=False)
    for guarded in APPEND_ONLY:
        for statement in GUARDS[op.get_context().dialect.name](guarded):
            op.execute(statement)
