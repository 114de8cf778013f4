"""Routing doubtful items to people, keeping what they say, and what it comes to."""
