"""HTTP for the stand-in: what it is asked, by which route, and how it answers."""
