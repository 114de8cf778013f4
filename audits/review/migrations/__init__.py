"""Alembic migrations of the review store, run by `audits.review.database` whenever a store is opened."""
