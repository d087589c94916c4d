//! The engine: inputs in, outputs out, under virtual time.
#![allow(clippy::unwrap_used, missing_docs)]

mod alerts;
mod assets;
mod attach;
mod authors;
mod bench;
mod commit;
mod crowd;
mod inquiries;
mod leases;
mod rejections;
mod sensors;
mod simulation;
