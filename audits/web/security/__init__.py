"""What keeps the review room safe: who signs in, sessions, and what every request and answer must have."""
