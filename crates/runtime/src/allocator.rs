//! The allocator of the services.
//!
//! Promises that whoever names it as the global one takes memory from mimalloc. Services fold many small rows and messages: with the
//! system's allocator a third of the projector's time went into it, and musl's, which static images would use, is slower still.
//! Programs that run once and for a moment (`downbeat validate`) keep the system's, which asks for less at the start.

pub use mimalloc::MiMalloc as Allocator;
