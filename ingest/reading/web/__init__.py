"""Fetches web pages, from public addresses alone unless asked otherwise."""
