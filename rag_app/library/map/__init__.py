"""The map of a collection: layout, clusters and near-duplicates."""
