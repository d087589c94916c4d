//! Pages of a scan. A token is the key of the last row of the page before, opaque to callers.

use super::Refusal;
use crate::{limits, served::Served};

/// What a caller asked for.
#[derive(Clone, Copy, Debug)]
pub struct Page<'a> {
    /// 1 to 1000; 0 = 100.
    pub size: u32,
    /// As the page before gave it; empty = the first page.
    pub token: &'a str,
}

impl Page<'_> {
    /// Entries of the page.
    ///
    /// # Errors
    /// `Invalid` where it is too large.
    pub(super) fn size(&self) -> Result<usize, Refusal> {
        match self.size {
            0 => Ok(limits::PAGE_SIZE_DEFAULT as usize),
            size if size <= limits::PAGE_SIZE_MAX => Ok(size as usize),
            size => Err(Refusal::Invalid(format!("page_size: {size} is above {}", limits::PAGE_SIZE_MAX))),
        }
    }

    /// The key to go on after; `None` = this is the first page.
    ///
    /// # Errors
    /// `Invalid` for a token of another query.
    pub(super) fn after(&self, prefix: &[u8]) -> Result<Option<Vec<u8>>, Refusal> {
        after(prefix, self.token)
    }
}

/// Rows of one page and the token of the next; empty = there is none.
pub struct Paged<T> {
    /// The rows.
    pub rows: Vec<T>,
    /// For the next page.
    pub next: String,
}

/// What a row of a scan is to whoever asks.
pub enum Found<T> {
    /// An entry, with its encoded size.
    Row(T, usize),
    /// Nothing.
    Not,
    /// The first of those that are not asked for any more: nothing behind it is either.
    NoMore,
}

/// Reads a page of the rows below `prefix`. `row` makes an entry of key and bytes, with its encoded size; `None` skips.
///
/// # Errors
/// `Invalid` for a bad size or token; those of `row`.
pub fn read<T>(
    store: &Served,
    prefix: &[u8],
    page: Page<'_>,
    mut row: impl FnMut(&[u8], &[u8]) -> Result<Option<(T, usize)>, Refusal>,
) -> Result<Paged<T>, Refusal> {
    read_until(store, prefix, page, |key, bytes| {
        Ok(row(key, bytes)?.map_or(Found::Not, |(entry, length)| Found::Row(entry, length)))
    })
}

/// The same, of rows that end before the prefix does.
///
/// # Errors
/// As [`read`].
pub fn read_until<T>(
    store: &Served,
    prefix: &[u8],
    page: Page<'_>,
    mut row: impl FnMut(&[u8], &[u8]) -> Result<Found<T>, Refusal>,
) -> Result<Paged<T>, Refusal> {
    let size = page.size()?;
    let after = page.after(prefix)?;
    let mut paged = Paged { rows: Vec::new(), next: String::new() };
    let (mut bytes, mut last) = (0, None::<sled::IVec>);
    for found in store.scan(prefix, after.as_deref()) {
        let (key, value) = found?;
        if paged.rows.len() >= size || bytes >= limits::PAGE_BYTES_MAX {
            paged.next = last.map(|last| token(&last)).unwrap_or_default();
            break;
        }
        match row(&key, &value)? {
            Found::Row(entry, length) => {
                bytes += length;
                paged.rows.push(entry);
            }
            Found::Not => {}
            Found::NoMore => break,
        }
        last = Some(key);
    }
    Ok(paged)
}

/// The token of the page behind this key.
pub fn token(key: &[u8]) -> String {
    key.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn after(prefix: &[u8], token: &str) -> Result<Option<Vec<u8>>, Refusal> {
    if token.is_empty() {
        return Ok(None);
    }
    let refused = || Refusal::Invalid("page_token: not one that this query gave".to_owned());
    if token.len() > limits::PAGE_TOKEN_CHARS_MAX || !token.len().is_multiple_of(2) {
        return Err(refused());
    }
    let digit = |digit: u8| char::from(digit).to_digit(16);
    let byte = |pair: &[u8]| u8::try_from(digit(pair[0])? * 16 + digit(pair[1])?).ok();
    let key: Option<Vec<u8>> = token.as_bytes().chunks_exact(2).map(byte).collect();
    key.filter(|key| key.starts_with(prefix)).map(Some).ok_or_else(refused)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_those_of_the_same_query_only() {
        assert_eq!(after(b"r", &token(b"r123")).unwrap(), Some(b"r123".to_vec()));
        assert_eq!(after(b"r", "").unwrap(), None);
        for bad in ["7", "zz", "72 1", "é", &token(b"p123"), &"72".repeat(limits::PAGE_TOKEN_CHARS_MAX)] {
            assert!(matches!(after(b"r", bad), Err(Refusal::Invalid(_))), "{bad}");
        }
    }
}
