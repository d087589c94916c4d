# Written by sdk/generate.py: change ../_async/__init__.py and run it again.
"""The blocking client. The blocking one is written from it by sdk/generate.py."""
