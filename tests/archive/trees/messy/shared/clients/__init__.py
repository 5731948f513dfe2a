"""No eager imports."""
