"""Wiring: definitions, jobs, resources and the `labelaudit` command."""
