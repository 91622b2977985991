"""What teaching leaves behind, on the terminal: an exported page, and a saved setting."""
