"""What Alembic runs: the migrations, on the connection and in the transaction of whoever opens the store."""

from alembic import context

from audits.review.schema import metadata

# a tool that imports every module (a documentation or doctest run) finds no migration going on here
if hasattr(context, "config"):
    context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
    with context.begin_transaction():
        context.run_migrations()
