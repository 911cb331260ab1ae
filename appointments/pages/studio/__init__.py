"""The content of the studio's pages about appointments: today, week, requests, and the news of open pages."""
