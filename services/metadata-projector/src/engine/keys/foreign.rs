//! Keys of work in other systems; see the table of [`super`].

use downbeat_domain::RunId;

use super::key;

/// Of what hangs below a run and no task is known.
const NO_PLACE: u32 = u32::MAX;

/// Where a run of another system hangs.
pub fn run(run: [u8; 16]) -> Vec<u8> {
    key(b'X', &[b"r", &run])
}

/// An operation of another system among those of a run of ours: after those of the task's attempts.
pub fn operation(run: RunId, place: Option<u32>, external_id: &str) -> Vec<u8> {
    let place = place.unwrap_or(NO_PLACE).to_be_bytes();
    let digest = operation_digest(run, external_id);
    key(b'o', &[&run.0, &place, &u32::MAX.to_be_bytes(), &digest[..8]])
}

/// What tells the operations of another system below a run apart.
pub fn operation_digest(run: RunId, external_id: &str) -> [u8; 16] {
    let mut hasher = blake3::Hasher::new_derive_key("downbeat foreign operation v1");
    hasher.update(&run.0);
    hasher.update(external_id.as_bytes());
    let mut digest = [0; 16];
    hasher.finalize_xof().fill(&mut digest);
    digest
}
