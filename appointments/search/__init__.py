"""Find a provider: what was asked (`wanted`), who fits (`results`), what a card shows (`cards`), counts (`figures`)."""
