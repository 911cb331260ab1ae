"""What decides about Google's answers, from facts in hand: no database, no network."""
