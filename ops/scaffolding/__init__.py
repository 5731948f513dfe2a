"""What `ops new` writes: a project to begin with, and parts of one that is there."""
