"""Reads PDF files and finds the boxes of quotes on their pages."""
