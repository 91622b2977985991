"""What the corpus holds: one file a topic, each with a function ``recipes``."""
