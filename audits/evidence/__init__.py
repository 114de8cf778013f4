"""Evidence: all signals of an item combined into one probability that its label is wrong, and one ranking."""
