"""One reader a format, each a function that turns a file's bytes into pages."""
