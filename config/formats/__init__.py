"""How the admin writes dates and times. Pages of the product never use these: they have words of their own."""
