"""`/ws/`: one WebSocket of a client, by which it follows many streams and makes requests, all at once."""
