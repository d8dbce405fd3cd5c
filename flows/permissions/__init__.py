"""Find, in a change, what takes something away from an account that the pipeline lives by."""
