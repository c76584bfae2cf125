"""Reads Office documents, web pages, books, tables and notebooks by xberg."""
