"""What differs between two plans: `trees` gets the plans of commits, `compare` compares, `render` writes it down."""
