"""What the reference pages are made of: a module a page, from the code itself."""
