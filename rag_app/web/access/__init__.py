"""Passwords, logins and single sign-on of the web app."""
