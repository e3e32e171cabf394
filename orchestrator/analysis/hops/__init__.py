"""Which frames are the same packet, over every interface, and what happened to it there."""
