//! Manifests as files: what is refused, and that all that are compiled in hold.

use super::load;

#[test]
fn every_manifest_that_is_compiled_in_holds() {
    let manifests = load::load(None).unwrap_or_else(|faults| panic!("{faults}"));
    assert!(!manifests.is_empty());
}
