"""`labelaudit up`: Dagster's UI and daemon for a workspace, started and stopped together."""
