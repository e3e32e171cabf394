"""TCP and TLS: who was at the other end, handshakes, rounds of data, repetitions."""
