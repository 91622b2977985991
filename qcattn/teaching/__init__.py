"""A page that teaches Born-rule sampling, and the server that draws its shots."""
