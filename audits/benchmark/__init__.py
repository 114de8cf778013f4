"""Cleaned label versions of a benchmark, the scores of models on them, and the comparison."""
