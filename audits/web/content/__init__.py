"""What a page shows of an item: its content, what speaks against its label, and what lies near it."""
