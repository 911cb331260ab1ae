"""Calls to Google: signing in for calendars, and the Calendar API. The only modules that know Google's libraries.

They touch no rows and are never called inside a transaction or a page, but for the one exchange of a code when somebody
comes back from Google. Whatever goes wrong is one of `errors`.
"""
