"""The opt-in tier: links under the kernel's own netem, for which a kernel must have it."""
