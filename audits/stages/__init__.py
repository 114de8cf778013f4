"""The stages of an audit, each a function from the work at hand to its outcome; Dagster's assets call them."""
