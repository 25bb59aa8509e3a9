"""One run on several machines: who does what, what each tells, and all of it put together again."""
