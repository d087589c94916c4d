//! Real processes for tests and benches: programs, clusters, command lines, the judge of the language; and the deterministic
//! simulator ([`sim`]), which needs none of them.
//!
//! Promises that everything started here is killed by its own pid when its handle is dropped, and listens on free ports of
//! 127.0.0.1 only. Knows nothing about how the services work inside.

pub mod aftermath;
pub mod answers;
pub mod arms;
pub mod clockwork;
pub mod cluster;
pub mod fleet;
pub mod http;
pub mod judge;
pub mod pipelines;
pub mod postgres;
pub mod process;
pub mod proxy;
pub mod sim;
pub mod truth;

use std::path::{Path, PathBuf};

/// The folder of the programs that were built with the running test: `target/<profile>`.
pub fn programs() -> PathBuf {
    let test = std::env::current_exe().expect("the test knows its own file");
    let folder = test.ancestors().find(|folder| folder.join("downbeat").is_file());
    folder
        .unwrap_or_else(|| {
            panic!("no `downbeat` above {}: run the tests with `make test`, which builds it", test.display())
        })
        .to_owned()
}

/// The repository.
pub fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the crate lies in the repository")
}
