"""Passwords, logins and single sign-on of the page."""
