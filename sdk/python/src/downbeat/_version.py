"""Of the workspace. Written by sdk/generate.py: change Cargo.toml and run it again."""

VERSION = "0.1.0"
