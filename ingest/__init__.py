"""From files to a collection: which files, what is in them, how it is cut, what changed."""
