"""Findings on claims, as tables, pictures and a page."""
