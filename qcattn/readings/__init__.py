"""Circuit surgery: what a prepared circuit is made to do before its keys are read."""
