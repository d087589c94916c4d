//! Chance, hashes and comparisons of secrets, as the login needs them.

use aws_lc_rs::{constant_time, digest, rand};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

use crate::http::Fault;

/// 256 bits of the operating system's chance, as 43 letters.
///
/// # Errors
/// 500: it has none.
pub(super) fn seed() -> Result<String, Fault> {
    let mut chance = [0; 32];
    rand::fill(&mut chance).map_err(|_| {
        let said = "the operating system has no randomness";
        Fault::Text(axum::http::StatusCode::INTERNAL_SERVER_ERROR, said.to_owned())
    })?;
    Ok(URL_SAFE_NO_PAD.encode(chance))
}

/// Whether this text is such a seed.
pub(super) fn is_seed(text: &str) -> bool {
    text.len() == 43 && text.bytes().all(|letter| letter.is_ascii_alphanumeric() || matches!(letter, b'-' | b'_'))
}

/// SHA-256.
pub(super) fn hash(text: &str) -> [u8; 32] {
    let mut hash = [0; 32];
    hash.copy_from_slice(digest::digest(&digest::SHA256, text.as_bytes()).as_ref());
    hash
}

/// Something for this purpose that nobody guesses who does not know the seed, as 43 letters: what it is for changes all of it.
pub(super) fn derived(purpose: &str, seed: &str, of: &str) -> String {
    URL_SAFE_NO_PAD.encode(hash(&format!("downbeat {purpose}\n{seed}\n{of}")))
}

/// As S256 of RFC 7636 writes a hash.
pub(super) fn challenge(verifier: &str) -> String {
    URL_SAFE_NO_PAD.encode(hash(verifier))
}

/// The hash that a challenge of S256 is.
pub(super) fn of_challenge(challenge: &str) -> Option<[u8; 32]> {
    URL_SAFE_NO_PAD.decode(challenge).ok()?.try_into().ok()
}

/// How long it takes says nothing of where they differ.
pub(super) fn are_equal(one: &str, other: &str) -> bool {
    constant_time::verify_slices_are_equal(one.as_bytes(), other.as_bytes()).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_derived_depends_on_all_of_it() {
        let one = derived("a", "seed", "x");
        assert_eq!(one, derived("a", "seed", "x"));
        for other in [derived("b", "seed", "x"), derived("a", "seed2", "x"), derived("a", "seed", "y")] {
            assert!(!are_equal(&one, &other));
        }
        assert!(is_seed(&seed().unwrap()) && is_seed(&one) && !is_seed("") && !is_seed(&format!("{one}0")));
        assert_ne!(seed().unwrap(), seed().unwrap());
    }

    #[test]
    fn a_challenge_is_the_hash_of_its_verifier() {
        // The example of RFC 7636, appendix B.
        let challenge = challenge("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
        assert_eq!(challenge, "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
        assert_eq!(of_challenge(&challenge), Some(hash("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")));
        for wrong in ["", "abc", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM=", "not base64!"] {
            assert_eq!(of_challenge(wrong), None, "{wrong}");
        }
    }
}
