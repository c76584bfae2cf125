"""Reads workbooks: spreadsheets of Excel and OpenDocument."""
