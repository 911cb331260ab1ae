"""What changes appointments and answers which times are open."""
