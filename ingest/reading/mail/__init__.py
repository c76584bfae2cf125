"""Readers of mail: e-mails, mailboxes and the messages of Outlook."""
