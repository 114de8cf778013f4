"""Signals: one detector a file, each giving every item a score in [0, 1] (lower is worse) and a flag."""
