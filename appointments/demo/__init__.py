"""A place that looks real, for trying the product and for measuring it. Nothing here runs unless asked for."""
