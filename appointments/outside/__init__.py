"""Handlers of what other apps ask and tell: calendars at Google."""
