// Written by sdk/generate.py: change Cargo.toml and run it again.

/** Of the workspace. */
export const VERSION = "0.1.0";
