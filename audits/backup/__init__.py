"""A whole workspace as one file, taken while it is in use, and a workspace made from such a file."""
