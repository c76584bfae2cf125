"""The pages Map, History and Settings."""
