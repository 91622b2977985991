"""What a conformance run found, as tables, a page, and JUnit XML."""
