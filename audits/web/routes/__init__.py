"""The pages of the review room, a router a kind."""
