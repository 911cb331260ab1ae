"""Services of the connections to Google. What takes or frees a provider's time holds the provider's lock."""
