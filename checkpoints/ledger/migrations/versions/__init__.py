"""The revisions, named by the version that they make."""
