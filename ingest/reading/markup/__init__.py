"""Reads web pages, XML, books, notebooks and subtitles: text between tags."""
