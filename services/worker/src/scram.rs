//! SCRAM (RFC 5802, RFC 7677): how a password is proved to a server without saying it, and how the server proves that it knows it, too.
//!
//! Promises: a server that wants more work than [`ROUNDS`] allow, or less than is safe, is refused; nothing that fails repeats the password. It
//! knows nothing of how the messages travel. Channels are not bound.

use std::{num::NonZeroU32, ops::RangeInclusive};

use aws_lc_rs::{constant_time, digest, hmac, pbkdf2, rand};
use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};

/// How often a server may want a password to be hashed: less is no protection, more is work for nothing.
const ROUNDS: RangeInclusive<u32> = 4_096..=1_000_000;
/// Characters of our half of the nonce.
const NONCE_BYTES: usize = 24;
/// `n,,` as base64: no channel is bound.
const UNBOUND: &str = "biws";

/// With what is hashed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Hash {
    Sha1,
    Sha256,
    Sha512,
}

impl Hash {
    fn digest(self) -> &'static digest::Algorithm {
        match self {
            Self::Sha1 => &digest::SHA1_FOR_LEGACY_USE_ONLY,
            Self::Sha256 => &digest::SHA256,
            Self::Sha512 => &digest::SHA512,
        }
    }

    fn hmac(self) -> hmac::Algorithm {
        match self {
            Self::Sha1 => hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
            Self::Sha256 => hmac::HMAC_SHA256,
            Self::Sha512 => hmac::HMAC_SHA512,
        }
    }

    fn rounds(self) -> pbkdf2::Algorithm {
        match self {
            Self::Sha1 => pbkdf2::PBKDF2_HMAC_SHA1,
            Self::Sha256 => pbkdf2::PBKDF2_HMAC_SHA256,
            Self::Sha512 => pbkdf2::PBKDF2_HMAC_SHA512,
        }
    }
}

/// One sign-in.
#[derive(Debug)]
pub(crate) struct Scram {
    hash: Hash,
    nonce: String,
    /// The first message without its head.
    bare: String,
}

/// What proves the password.
pub(crate) struct Proof {
    /// Goes to the server.
    pub(crate) message: String,
    /// What the server has to know.
    signature: Vec<u8>,
}

impl Scram {
    pub(crate) fn new(hash: Hash, username: &str) -> Self {
        let mut bytes = [0; NONCE_BYTES];
        rand::fill(&mut bytes).expect("the machine has random numbers");
        Self::with_nonce(hash, username, BASE64.encode(bytes))
    }

    fn with_nonce(hash: Hash, username: &str, nonce: String) -> Self {
        let username = username.replace('=', "=3D").replace(',', "=2C");
        let bare = format!("n={username},r={nonce}");
        Self { hash, nonce, bare }
    }

    /// The first message.
    pub(crate) fn first(&self) -> String {
        format!("n,,{}", self.bare)
    }

    /// Answers the server's first message.
    pub(crate) fn prove(&self, said: &[u8], password: &[u8]) -> Result<Proof, String> {
        let strange = || "the server's part of SCRAM cannot be read".to_owned();
        let said = std::str::from_utf8(said).map_err(|_| strange())?;
        let mut parts = said.split(',');
        let mut part = |name: &str| parts.next().and_then(|part| part.strip_prefix(name)).ok_or_else(strange);
        let (nonce, salt, rounds) = (part("r=")?, part("s=")?, part("i=")?);
        if !nonce.starts_with(&self.nonce) || nonce.len() == self.nonce.len() {
            return Err("the server answers to somebody else's SCRAM".to_owned());
        }
        let salt = BASE64.decode(salt).map_err(|_| strange())?;
        let rounds = rounds.parse().ok().filter(|rounds| ROUNDS.contains(rounds)).and_then(NonZeroU32::new);
        let rounds = rounds.ok_or_else(|| {
            format!(
                "the server wants the password to be hashed more than {} or less than {} times",
                ROUNDS.end(),
                ROUNDS.start()
            )
        })?;
        let unproved = format!("c={UNBOUND},r={nonce}");
        let both = format!("{},{said},{unproved}", self.bare);
        let mut salted = vec![0; self.hash.digest().output_len()];
        pbkdf2::derive(self.hash.rounds(), rounds, &salt, password, &mut salted);
        let client = self.sign(&salted, b"Client Key");
        let stored = digest::digest(self.hash.digest(), &client);
        let mask = self.sign(stored.as_ref(), both.as_bytes());
        let proof: Vec<u8> = client.iter().zip(mask).map(|(key, mask)| key ^ mask).collect();
        let server = self.sign(&salted, b"Server Key");
        Ok(Proof {
            message: format!("{unproved},p={}", BASE64.encode(proof)),
            signature: self.sign(&server, both.as_bytes()),
        })
    }

    fn sign(&self, key: &[u8], text: &[u8]) -> Vec<u8> {
        hmac::sign(&hmac::Key::new(self.hash.hmac(), key), text).as_ref().to_vec()
    }
}

impl Proof {
    /// Whether the server's last message shows that it knows the password.
    pub(crate) fn check(&self, said: &[u8]) -> Result<(), String> {
        let said = std::str::from_utf8(said).unwrap_or_default();
        if let Some(why) = said.strip_prefix("e=") {
            let why: String = why.chars().filter(char::is_ascii_graphic).take(64).collect();
            return Err(format!("the server refuses the proof of the password: {why}"));
        }
        let signature = said.strip_prefix("v=").and_then(|rest| BASE64.decode(rest.split(',').next()?).ok());
        match signature {
            Some(signature) if constant_time::verify_slices_are_equal(&signature, &self.signature).is_ok() => Ok(()),
            _ => {
                Err("the server does not prove that it knows the password: it is not the one that it says it is"
                    .to_owned())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The examples of RFC 5802, of RFC 7677, and of MongoDB's specification of SCRAM-SHA-1 (whose password is a digest).
    #[test]
    fn examples_of_the_standards_come_out() {
        for (hash, nonce, password, first, proved, last) in [
            (
                Hash::Sha1,
                "fyko+d2lbbFgONRv9qkxdawL",
                "pencil",
                "r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096",
                "c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=",
                "v=rmF9pqV8S7suAoZWja4dJRkFsKQ=",
            ),
            (
                Hash::Sha256,
                "rOprNGfwEbeRWgbNEkqO",
                "pencil",
                "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
                "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
                "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=",
            ),
        ] {
            let scram = Scram::with_nonce(hash, "user", nonce.to_owned());
            assert_eq!(scram.first(), format!("n,,n=user,r={nonce}"));
            let proof = scram.prove(first.as_bytes(), password.as_bytes()).unwrap();
            assert_eq!(proof.message, proved);
            assert_eq!(proof.check(last.as_bytes()), Ok(()));
            for forged in ["v=", "v=AAAA", "", "e=invalid-proof", "v=6rriTRBi23WpRR"] {
                assert!(proof.check(forged.as_bytes()).is_err(), "{forged}");
            }
        }
    }

    #[test]
    fn a_server_that_asks_for_something_strange_is_refused() {
        let scram = Scram::with_nonce(Hash::Sha512, "a,b=c", "abc".to_owned());
        assert_eq!(scram.first(), "n,,n=a=2Cb=3Dc,r=abc");
        for (said, why) in [
            ("", "cannot be read"),
            ("r=abcd,s=AAAA", "cannot be read"),
            ("r=abcd,s=*,i=4096", "cannot be read"),
            ("e=other-error", "cannot be read"),
            ("r=abc,s=AAAA,i=4096", "somebody else's"),
            ("r=xyz,s=AAAA,i=4096", "somebody else's"),
            ("r=abcd,s=AAAA,i=1", "less than 4096"),
            ("r=abcd,s=AAAA,i=4294967295", "more than 1000000"),
        ] {
            let Err(refused) = scram.prove(said.as_bytes(), b"p") else { panic!("{said}") };
            assert!(refused.contains(why), "{said}: {refused}");
        }
        assert!(scram.prove(b"\xff", b"p").is_err());
    }
}
