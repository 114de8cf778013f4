"""Readers: from files as people have them to the canonical tables, one reader a format."""
