"""Messages and RPCs of proto/. Written by sdk/generate.py: change proto/ and run it again."""
