"""Folders on disk: written whole or not at all, sealed by a hash, read without trust."""
