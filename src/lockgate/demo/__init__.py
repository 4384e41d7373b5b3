"""Things to see: a small shop, and recorded conversations, run by a real agent loop."""
