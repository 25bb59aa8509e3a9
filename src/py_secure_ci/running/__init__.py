"""The only package that starts processes: a supervised, isolated child per request."""
