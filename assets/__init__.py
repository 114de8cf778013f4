"""Dagster assets and checks, one file per stage of the audit graph. They read, call `audits`, and write."""
