"""From the chunks of a collection to a picture of it: places, named clusters, and passages that say the same."""
