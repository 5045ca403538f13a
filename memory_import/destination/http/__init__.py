"""HTTP: connections, the client, what an answer means, and when the next request may leave."""
