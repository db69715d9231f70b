"""The pages, in a real browser, in three languages, wide and on a phone."""
