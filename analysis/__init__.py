"""General tools that read and judge languages; they know no pipeline and import nothing of this project."""
