"""The search for providers: filters (`wanted`), `results`, `cards`, counts (`figures`), `index`, bits (`quarters`)."""
