//! The allocator of every process that links this crate.
//!
//! Promises that memory comes from mimalloc. Services fold many small rows and messages: with the system's allocator a third
//! of the projector's time went into it, and musl's, which static images would use, is slower still.

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;
