"""A journey as text: for the terminal, as Markdown, as JSON, as a page of its own. Pure."""
