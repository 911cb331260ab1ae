"""What pages and jobs ask about appointments. None costs more queries for more rows."""
