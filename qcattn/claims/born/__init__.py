"""The claims A1 to A16, that softmax and Born's rule are one thing: one file a claim."""
