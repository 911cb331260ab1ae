"""Real rows with sensible defaults; a test names only what matters to it."""
