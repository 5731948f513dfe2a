"""What runs, compared with what was declared: `declared` expects, `cloud` reads, `checks` compare, `synthetic` tries."""
