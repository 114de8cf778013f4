"""In which order people see the queue: one policy a file, by name in `orders`."""
