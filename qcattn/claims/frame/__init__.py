"""What all claims share: how one is run, checked and concluded."""
