"""A reviewer's desk: everything that people do with one dataset's queue, without HTTP."""
