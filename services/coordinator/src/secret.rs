//! Keys, codes and tokens of logins, addresses and secrets of endpoints, as people and programs hold them.
//!
//! Promises: each is 256 bits of the operating system's chance, written so that scanners of secrets find it, and an address 128; nothing
//! here shows or keeps one. Knows nothing about what they are for.

use aws_lc_rs::{digest, rand};
use downbeat_domain::{EndpointId, KeyId, LoginId, id::with_version_4};

const PREFIX: &str = "downbeat_";
const CODE_PREFIX: &str = "downbeat_code_";
const REFRESH_PREFIX: &str = "downbeat_refresh_";
const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/// So many digits hold 256 bits.
const LENGTH: usize = 43;
/// So many hold 128.
const ADDRESS_LENGTH: usize = 22;

/// A new key. It cannot be printed: it is shown once, by whoever takes it out.
pub(crate) struct Drawn {
    /// Its id.
    pub(crate) id: KeyId,
    /// The whole key.
    pub(crate) secret: String,
    /// SHA-256 of it.
    pub(crate) hash: [u8; 32],
}

/// Something secret of a login: whole, and its hash.
pub(crate) struct Secret {
    pub(crate) text: String,
    pub(crate) hash: [u8; 32],
}

/// A refresh token: what all of a login have in common, and what this one has alone.
pub(crate) struct Refresh {
    pub(crate) text: String,
    pub(crate) family: [u8; 32],
    pub(crate) own: [u8; 32],
}

/// Draws the id of a login.
pub(crate) fn login_id() -> Option<LoginId> {
    let mut id = [0; 16];
    rand::fill(&mut id).ok()?;
    Some(LoginId(with_version_4(id)))
}

/// Draws the code of a login.
pub(crate) fn code() -> Option<Secret> {
    let text = format!("{CODE_PREFIX}{}", chance()?);
    Some(Secret { hash: hash(&text)?, text })
}

/// Draws an access token of this login. It looks like a key: scanners find both.
pub(crate) fn access_token(login: LoginId) -> Option<Secret> {
    let text = format!("{}{}", beginning(&login.0), chance()?);
    Some(Secret { hash: hash(&text)?, text })
}

/// Draws a refresh token, of this family or of a new one.
pub(crate) fn refresh_token(family: Option<&str>) -> Option<Refresh> {
    let (family, own) = (family.map_or_else(chance, |known| Some(known.to_owned()))?, chance()?);
    let (of_family, of_own) = (hash(&family)?, hash(&own)?);
    Some(Refresh { text: format!("{REFRESH_PREFIX}{family}{own}"), family: of_family, own: of_own })
}

/// What all refresh tokens of the login have in common, and what this one has alone. `None` = it is none.
pub(crate) fn halves(token: &str) -> Option<(&str, &str)> {
    let digits = token.strip_prefix(REFRESH_PREFIX)?;
    let fits = digits.len() == 2 * LENGTH && digits.bytes().all(|digit| digit.is_ascii_alphanumeric());
    fits.then(|| digits.split_at(LENGTH))
}

/// SHA-256.
pub(crate) fn hash(text: &str) -> Option<[u8; 32]> {
    digest::digest(&digest::SHA256, text.as_bytes()).as_ref().try_into().ok()
}

/// 256 bits.
fn chance() -> Option<String> {
    let mut chance = [0; 32];
    rand::fill(&mut chance).ok()?;
    Some(base62(chance))
}

/// Draws a key. `None` = the operating system has no randomness.
pub(crate) fn draw() -> Option<Drawn> {
    let (mut id, mut chance) = ([0; 16], [0; 32]);
    rand::fill(&mut id).ok()?;
    rand::fill(&mut chance).ok()?;
    let id = KeyId(with_version_4(id));
    let secret = written(id, chance);
    let hash = hash(&secret)?;
    Some(Drawn { id, secret, hash })
}

/// The last part of a new address: 128 bits.
pub(crate) struct Address {
    /// Its endpoint.
    pub(crate) id: EndpointId,
    /// 22 letters and digits.
    pub(crate) token: String,
    /// SHA-256 of it.
    pub(crate) hash: [u8; 32],
}

/// Draws an address. `None` = the operating system has no randomness.
pub(crate) fn draw_address() -> Option<Address> {
    let (mut id, mut chance) = ([0; 16], [0; 32]);
    rand::fill(&mut id).ok()?;
    rand::fill(&mut chance[16..]).ok()?;
    let digits = base62(chance);
    let token = digits[LENGTH - ADDRESS_LENGTH..].to_owned();
    let hash = hash(&token)?;
    Some(Address { id: EndpointId(with_version_4(id)), token, hash })
}

/// The key of a new secret. `None` = the operating system has no randomness.
pub(crate) fn draw_bytes() -> Option<[u8; 32]> {
    let mut chance = [0; 32];
    rand::fill(&mut chance).ok()?;
    Some(chance)
}

fn written(id: KeyId, chance: [u8; 32]) -> String {
    format!("{}{}", beginning(&id.0), base62(chance))
}

/// It says which one it is.
fn beginning([first, second, third, fourth, ..]: &[u8; 16]) -> String {
    format!("{PREFIX}{first:02x}{second:02x}{third:02x}{fourth:02x}_")
}

/// The number that the bytes are, in as many digits whatever it is.
pub(crate) fn base62(mut number: [u8; 32]) -> String {
    let mut digits = [b'0'; LENGTH];
    for digit in digits.iter_mut().rev() {
        let mut rest = 0_u16;
        for byte in &mut number {
            let whole = rest << 8 | u16::from(*byte);
            *byte = (whole / 62) as u8;
            rest = whole % 62;
        }
        *digit = DIGITS[usize::from(rest)];
    }
    digits.iter().map(|digit| char::from(*digit)).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn numbers_are_written_whole() {
        let mut one = [0; 32];
        one[31] = 62;
        assert_eq!(base62(one), format!("{}10", "0".repeat(41)));
        assert_eq!(base62([0; 32]), "0".repeat(43));
        // 2^256 - 1, worked out elsewhere.
        let all: String = base62([0xff; 32]);
        let back = all.bytes().fold([0_u8; 32], |number, letter| {
            let mut carry = DIGITS.iter().position(|digit| *digit == letter).unwrap() as u16;
            let mut next = number;
            for byte in next.iter_mut().rev() {
                let whole = u16::from(*byte) * 62 + carry;
                *byte = (whole & 0xff) as u8;
                carry = whole >> 8;
            }
            assert_eq!(carry, 0);
            next
        });
        assert_eq!(back, [0xff; 32]);
    }

    #[test]
    fn addresses_are_22_letters_and_digits_and_no_two_are_alike() {
        let mut seen = BTreeSet::new();
        for _ in 0..200 {
            let drawn = draw_address().unwrap();
            assert_eq!(drawn.token.len(), 22);
            assert!(drawn.token.bytes().all(|letter| letter.is_ascii_alphanumeric()), "{}", drawn.token);
            assert_eq!(digest::digest(&digest::SHA256, drawn.token.as_bytes()).as_ref(), drawn.hash);
            assert!(seen.insert(drawn.token));
        }
        // All bits set fit, too.
        let mut most = [0; 32];
        most[16..].fill(0xff);
        assert!(base62(most).starts_with(&"0".repeat(LENGTH - ADDRESS_LENGTH)));
    }

    #[test]
    fn what_is_drawn_for_a_login_is_read_back_and_never_the_same() {
        let login = login_id().unwrap();
        let (one, other) = (refresh_token(None).unwrap(), refresh_token(None).unwrap());
        let (family, own) = halves(&one.text).unwrap();
        assert_eq!((hash(family).unwrap(), hash(own).unwrap()), (one.family, one.own));
        assert_ne!((one.family, one.own), (other.family, other.own));
        let next = refresh_token(Some(family)).unwrap();
        assert_eq!(next.family, one.family);
        assert_ne!(next.own, one.own);
        let (access, code) = (access_token(login).unwrap(), code().unwrap());
        assert!(access.text.starts_with(&format!("downbeat_{}_", &login.to_string()[..8])));
        assert_eq!((hash(&access.text).unwrap(), hash(&code.text).unwrap()), (access.hash, code.hash));
        for no in ["", "downbeat_refresh_", &access.text, &code.text, &one.text[1..], &format!("{}0", one.text)] {
            assert!(halves(no).is_none(), "{no}");
        }
        let strange = format!("{REFRESH_PREFIX}{}", "ü".repeat(LENGTH));
        assert!(halves(&strange).is_none(), "no letter is cut in two");
    }

    #[test]
    fn a_key_says_which_one_it_is_and_no_two_are_alike() {
        let mut seen = BTreeSet::new();
        for _ in 0..200 {
            let drawn = draw().unwrap();
            let (begin, digits) = drawn.secret.split_at(18);
            assert_eq!(begin, format!("downbeat_{}_", &drawn.id.to_string()[..8]));
            assert_eq!(digits.len(), 43);
            assert!(digits.bytes().all(|letter| letter.is_ascii_alphanumeric()), "{digits}");
            assert_eq!(&drawn.id.to_string()[14..15], "4");
            assert_eq!(digest::digest(&digest::SHA256, drawn.secret.as_bytes()).as_ref(), drawn.hash);
            assert!(seen.insert(drawn.secret));
        }
    }
}
