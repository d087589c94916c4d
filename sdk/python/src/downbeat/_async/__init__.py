"""The asyncio client. The blocking one is written from it by sdk/generate.py."""
