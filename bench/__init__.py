"""The benchmark: the product's cost against bare twins on the same server in one run. `bin/bench` starts it."""
