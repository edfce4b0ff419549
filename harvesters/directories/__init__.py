"""Folders of catalogue files as sources: below a root that the operator names, or on an SFTP server.

`walk` says which files are taken, whatever folder they lie in; `local` and `sftp` are the two kinds of folder.
"""
