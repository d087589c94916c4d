//! Bytes that only the holder of a master key can read: envelopes of AES-256-GCM.
//!
//! Promises: every envelope has a data key of its own, drawn by chance, which the master key wraps; an envelope opens only for what it was
//! sealed for, and any change to it is noticed; errors hold nothing of keys or of what was sealed, and keys are overwritten when they are
//! dropped. It knows bytes only: not what they mean, nor where they are kept.

mod keys;
mod program;

use std::fmt;

use aws_lc_rs::{
    aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey},
    rand,
};
use zeroize::Zeroizing;

pub use keys::{MasterKey, MasterKeys, SETTING};

/// What an envelope begins with: the number of its form.
const FORM: &[u8; 4] = b"DBS1";
const KEY_LEN: usize = 32;
const TAG_LEN: usize = 16;
const ID_LEN: usize = 8;
/// Form, id of the master key, nonce and wrapped data key, nonce of what is sealed.
const HEAD_LEN: usize = FORM.len() + ID_LEN + NONCE_LEN + KEY_LEN + TAG_LEN + NONCE_LEN;
/// Bytes by which an envelope is larger than what it holds.
pub const OVERHEAD: usize = HEAD_LEN + TAG_LEN;

/// Why something cannot be sealed or opened.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// There is no such key here.
    #[error(
        "it was sealed with the master key {0}, which is not among those that are set here; set that one, too, behind the one that seals"
    )]
    UnknownKey(String),
    /// It is damaged, or was sealed for something else.
    #[error("it is damaged, or was sealed for something else")]
    Damaged,
    /// It has another form.
    #[error("it is none of the forms that this version can open")]
    Form,
    /// The operating system gives no randomness.
    #[error("the operating system gives no randomness")]
    Chance,
}

/// Seals, and opens.
pub struct Sealer {
    keys: MasterKeys,
}

impl fmt::Debug for Sealer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Sealer").field("seals_with", &self.key_id()).finish_non_exhaustive()
    }
}

impl Sealer {
    /// The first of these keys seals, and all of them open.
    pub fn new(keys: MasterKeys) -> Self {
        Self { keys }
    }

    /// The id of the master key that seals; it says nothing of the key.
    pub fn key_id(&self) -> String {
        self.keys.first().id()
    }

    /// An envelope that opens for the same `about` only.
    ///
    /// # Errors
    /// [`Error::Chance`].
    pub fn seal(&self, about: &[u8], plain: &[u8]) -> Result<Vec<u8>, Error> {
        let mut data_key = Zeroizing::new([0; KEY_LEN]);
        rand::fill(data_key.as_mut_slice()).map_err(|_| Error::Chance)?;
        let mut envelope = self.wrapped(about, &data_key)?;
        let nonce = drawn()?;
        envelope.extend_from_slice(&nonce);
        let mut sealed = Vec::with_capacity(plain.len() + TAG_LEN);
        sealed.extend_from_slice(plain);
        let key = cipher(&data_key)?;
        let aad = Aad::from(labelled(b"data", about));
        // In place: where the plain bytes stood there are sealed ones afterwards.
        key.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), aad, &mut sealed)
            .map_err(|_| Error::Damaged)?;
        envelope.extend_from_slice(&sealed);
        Ok(envelope)
    }

    /// What an envelope holds.
    ///
    /// # Errors
    /// [`Error::UnknownKey`], [`Error::Damaged`], [`Error::Form`].
    pub fn open(&self, about: &[u8], envelope: &[u8]) -> Result<Zeroizing<Vec<u8>>, Error> {
        let data_key = self.unwrapped(about, envelope)?;
        let (head, sealed) = envelope.split_at_checked(HEAD_LEN).ok_or(Error::Damaged)?;
        let nonce = Nonce::try_assume_unique_for_key(&head[HEAD_LEN - NONCE_LEN..]).map_err(|_| Error::Damaged)?;
        let mut plain = Zeroizing::new(sealed.to_vec());
        let aad = Aad::from(labelled(b"data", about));
        let length = cipher(&data_key)?.open_in_place(nonce, aad, &mut plain).map_err(|_| Error::Damaged)?.len();
        plain.truncate(length);
        Ok(plain)
    }

    /// The same envelope with its data key wrapped by the master key that seals; `None` = it is.
    ///
    /// # Errors
    /// As [`Sealer::open`].
    pub fn reseal(&self, about: &[u8], envelope: &[u8]) -> Result<Option<Vec<u8>>, Error> {
        let data_key = self.unwrapped(about, envelope)?;
        if envelope.get(FORM.len()..FORM.len() + ID_LEN) == Some(self.keys.first().id_bytes().as_slice()) {
            return Ok(None);
        }
        let mut again = self.wrapped(about, &data_key)?;
        again.extend_from_slice(envelope.get(HEAD_LEN - NONCE_LEN..).ok_or(Error::Damaged)?);
        Ok(Some(again))
    }

    /// Everything of an envelope before the nonce of what is sealed.
    fn wrapped(&self, about: &[u8], data_key: &[u8; KEY_LEN]) -> Result<Vec<u8>, Error> {
        let master = self.keys.first();
        let nonce = drawn()?;
        let mut wrapped = data_key.to_vec();
        cipher(master.bytes())?
            .seal_in_place_append_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(labelled(b"key", about)),
                &mut wrapped,
            )
            .map_err(|_| Error::Damaged)?;
        Ok([FORM.as_slice(), &master.id_bytes(), &nonce, &wrapped].concat())
    }

    fn unwrapped(&self, about: &[u8], envelope: &[u8]) -> Result<Zeroizing<[u8; KEY_LEN]>, Error> {
        let rest = envelope.strip_prefix(FORM.as_slice()).ok_or(Error::Form)?;
        let (id, rest) = rest.split_first_chunk::<ID_LEN>().ok_or(Error::Damaged)?;
        let master = self.keys.of_id(id).ok_or_else(|| Error::UnknownKey(keys::shown(id)))?;
        let (nonce, rest) = rest.split_first_chunk::<NONCE_LEN>().ok_or(Error::Damaged)?;
        let (wrapped, _) = rest.split_first_chunk::<{ KEY_LEN + TAG_LEN }>().ok_or(Error::Damaged)?;
        let mut key = Zeroizing::new(*wrapped);
        let aad = Aad::from(labelled(b"key", about));
        let opened = cipher(master.bytes())?
            .open_in_place(Nonce::assume_unique_for_key(*nonce), aad, key.as_mut_slice())
            .map_err(|_| Error::Damaged)?;
        let mut data_key = Zeroizing::new([0; KEY_LEN]);
        data_key.copy_from_slice(opened);
        Ok(data_key)
    }
}

/// What a ciphertext is bound to: the wrapped key of one cannot stand in for the content of another.
fn labelled(part: &[u8], about: &[u8]) -> Vec<u8> {
    [b"downbeat sealed v1 ".as_slice(), part, b" ", about].concat()
}

fn drawn() -> Result<[u8; NONCE_LEN], Error> {
    let mut nonce = [0; NONCE_LEN];
    rand::fill(&mut nonce).map_err(|_| Error::Chance)?;
    Ok(nonce)
}

fn cipher(key: &[u8; KEY_LEN]) -> Result<LessSafeKey, Error> {
    UnboundKey::new(&AES_256_GCM, key).map(LessSafeKey::new).map_err(|_| Error::Damaged)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sealer(keys: &[u8]) -> Sealer {
        let keys = keys.iter().map(|byte| MasterKey::from_bytes([*byte; KEY_LEN])).collect();
        Sealer::new(MasterKeys::of(keys).unwrap())
    }

    #[test]
    fn what_was_sealed_opens_for_what_it_was_sealed_for_and_for_nothing_else() {
        let sealer = sealer(&[1]);
        for plain in [&b""[..], b"hunter2", &[7; 70_000]] {
            let envelope = sealer.seal(b"shop 1", plain).unwrap();
            assert_eq!(envelope.len(), plain.len() + OVERHEAD);
            assert_eq!(sealer.open(b"shop 1", &envelope).unwrap().as_slice(), plain);
            assert_eq!(sealer.open(b"shop 2", &envelope).unwrap_err(), Error::Damaged);
            assert_eq!(sealer.reseal(b"shop 2", &envelope).unwrap_err(), Error::Damaged);
        }
        let (one, other) = (sealer.seal(b"a", b"same").unwrap(), sealer.seal(b"a", b"same").unwrap());
        assert_ne!(one, other, "each has a key of its own");
        assert!(!one.windows(4).any(|window| window == b"same"));
    }

    #[test]
    fn every_changed_bit_is_noticed_and_so_is_everything_cut() {
        let sealer = sealer(&[1]);
        let envelope = sealer.seal(b"a", b"hunter2").unwrap();
        for place in 0..envelope.len() {
            let mut changed = envelope.clone();
            changed[place] ^= 1;
            assert!(sealer.open(b"a", &changed).is_err(), "byte {place}");
            assert!(sealer.open(b"a", &envelope[..place]).is_err(), "cut at {place}");
        }
        assert!(sealer.open(b"a", &[envelope.as_slice(), b"x"].concat()).is_err());
    }

    #[test]
    fn the_first_key_seals_all_open_and_what_an_older_one_sealed_can_be_wrapped_anew() {
        let old = sealer(&[1]);
        let envelope = old.seal(b"a", b"hunter2").unwrap();
        let both = sealer(&[2, 1]);
        assert_eq!(both.open(b"a", &envelope).unwrap().as_slice(), b"hunter2");
        let resealed = both.reseal(b"a", &envelope).unwrap().unwrap();
        assert_eq!(both.reseal(b"a", &resealed).unwrap(), None, "it is the new key's");
        let new = sealer(&[2]);
        assert_eq!(new.open(b"a", &resealed).unwrap().as_slice(), b"hunter2");
        let error = new.open(b"a", &envelope).unwrap_err();
        assert_eq!(error, Error::UnknownKey(old.key_id()));
        assert!(error.to_string().contains(&old.key_id()), "{error}");
    }

    #[test]
    fn other_bytes_are_no_envelope() {
        assert_eq!(sealer(&[1]).open(b"a", b"{\"password\": 1}").unwrap_err(), Error::Form);
        assert_eq!(sealer(&[1]).open(b"a", b"DBS1").unwrap_err(), Error::Damaged);
    }

    #[test]
    fn nothing_of_a_key_is_printed() {
        let printed = format!("{:?}", sealer(&[0xab]));
        assert!(!printed.contains("abab") && !printed.contains("171"), "{printed}");
    }
}
