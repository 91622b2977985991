"""One run, as tables, pictures, words and a page."""
