"""From a fault that a run found to a line in the log and a post to a webhook, told once."""
