"""The views, one file per noun: each a function of a transaction and a visit."""
