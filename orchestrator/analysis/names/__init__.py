"""DNS: messages, lookups, the walk through the tree of names, and what the plan has in it."""
