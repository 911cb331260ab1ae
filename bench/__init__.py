"""What the product costs, measured against bare twins on the same server in one run. `bin/bench` starts it."""
