"""The JSON API: what the pages do, for programs, under /api/v1."""
