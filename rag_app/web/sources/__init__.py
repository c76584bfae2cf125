"""Shows the source of a citation, over HTTP and on the page."""
