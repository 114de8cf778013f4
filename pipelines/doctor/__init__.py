"""`labelaudit doctor`: whether this machine, and this workspace, are fit to run for months."""
