//! Pages of lists that are filtered: by token or by number, with or without how many entries there are in all.
//!
//! Promises: pages by token and by number show the same entries in the same order; no question looks at more rows than its limit, and
//! where that is too few for an answer, it says so. Knows nothing about what is listed.

use super::{
    Refusal,
    page::{Page, token},
};
use crate::limits;

/// What a caller asked for.
#[derive(Clone, Copy, Debug)]
pub struct Sought<'a> {
    /// Size and token.
    pub page: Page<'a>,
    /// From 1 on; 0 = by token.
    pub number: u32,
    /// How many there are in all is wanted too.
    pub count: bool,
}

/// The same, checked.
pub(super) struct Bounds {
    /// Entries of the page.
    pub(super) size: usize,
    /// Entries before it.
    pub(super) skip: usize,
    /// The place that it begins after.
    pub(super) after: Option<Vec<u8>>,
    /// Rows that may be looked at.
    pub(super) limit: usize,
}

impl Sought<'_> {
    /// What it comes to in a list whose places all begin with `prefix`.
    ///
    /// # Errors
    /// `Invalid` for a bad size, number or token.
    pub(super) fn checked(&self, prefix: &[u8]) -> Result<Bounds, Refusal> {
        let size = self.page.size()?;
        if self.number > limits::PAGE_NUMBER_MAX {
            let most = limits::PAGE_NUMBER_MAX;
            return Err(Refusal::Invalid(format!("page: {} is above {most}", self.number)));
        }
        if self.number > 0 && !self.page.token.is_empty() {
            return Err(Refusal::Invalid("page, page_token: give one of the two".to_owned()));
        }
        let goes_far = self.number > 0 || self.count;
        Ok(Bounds {
            size,
            skip: self.number.saturating_sub(1) as usize * size,
            after: self.page.after(prefix)?,
            limit: if goes_far { limits::LOOKED_AT_PER_COUNT_MAX } else { limits::LOOKED_AT_PER_PAGE_MAX },
        })
    }
}

/// A page, and what was asked about all of them.
pub struct Listed<T> {
    /// The entries.
    pub rows: Vec<T>,
    /// For the next page; empty = there is none.
    pub next: String,
    /// Entries in all, if that was asked for.
    pub total: Option<u64>,
}

/// Why an answer that needs more rows than may be looked at is none.
pub(super) fn too_far(limit: usize) -> Refusal {
    Refusal::TooLarge(format!(
        "more than {limit} rows would have to be looked at for a total, a page by its number or this order: narrow the time or the \
         other filters, or go from page to page by tokens, without `count`"
    ))
}

/// Why a page by its number is none.
pub(super) fn too_long(size: usize) -> Refusal {
    Refusal::TooLarge(format!("page_size: {size} such entries do not fit into one answer; ask for smaller pages"))
}

/// A page on its way. Entries are given to it in the order of their places, which are compared as bytes.
pub(super) struct Gathering<T> {
    bounds: Bounds,
    count: bool,
    by_number: bool,
    looked_at: usize,
    fits: usize,
    rows: Vec<T>,
    bytes: usize,
    last: Option<Vec<u8>>,
    more: bool,
}

impl<T> Gathering<T> {
    /// Nothing yet. All places begin with `prefix`.
    ///
    /// # Errors
    /// `Invalid` for a bad size, number or token.
    pub(super) fn new(sought: Sought<'_>, prefix: &[u8]) -> Result<Self, Refusal> {
        Ok(Self {
            bounds: sought.checked(prefix)?,
            count: sought.count,
            by_number: sought.number > 0,
            looked_at: 0,
            fits: 0,
            rows: Vec::new(),
            bytes: 0,
            last: None,
            more: false,
        })
    }

    /// The place to begin after; `None` = at the first: whoever counts needs all.
    pub(super) fn begin_after(&self) -> Option<Vec<u8>> {
        if self.count { None } else { self.bounds.after.clone() }
    }

    /// Whether the next so many rows are wanted; they count as looked at.
    ///
    /// # Errors
    /// `TooLarge` where the answer needs more rows than may be looked at.
    pub(super) fn goes_on(&mut self, rows: usize) -> Result<bool, Refusal> {
        if self.is_full() && !self.count {
            self.more = true;
            return Ok(false);
        }
        // One row is always looked at, so that every token leads further.
        if self.looked_at > 0 && self.looked_at + rows > self.bounds.limit {
            if self.by_number || self.count {
                return Err(too_far(self.bounds.limit));
            }
            self.more = true;
            return Ok(false);
        }
        self.looked_at += rows;
        Ok(true)
    }

    /// Everything up to this place was looked at: the next page may begin after it.
    pub(super) fn passed(&mut self, place: &[u8]) {
        if !self.is_full() {
            self.last = Some(place.to_vec());
        }
    }

    /// An entry that fits stands at this place; says whether it is one of the page.
    pub(super) fn takes(&mut self, place: &[u8]) -> bool {
        self.fits += 1;
        if self.fits <= self.bounds.skip || self.is_before(place) {
            return false;
        }
        if self.is_full() {
            self.more = true;
            return false;
        }
        self.last = Some(place.to_vec());
        true
    }

    /// So many entries fit, the last of them at this place; says whether all of them are on other pages, and then has counted them.
    pub(super) fn passes(&mut self, entries: usize, last: &[u8]) -> bool {
        let before = self.is_before(last);
        if !before && !self.is_full() && self.fits + entries > self.bounds.skip {
            return false;
        }
        self.fits += entries;
        self.more |= self.is_full() && !before && entries > 0;
        true
    }

    fn is_before(&self, place: &[u8]) -> bool {
        self.bounds.after.as_deref().is_some_and(|after| place <= after)
    }

    fn is_full(&self) -> bool {
        self.rows.len() >= self.bounds.size || self.bytes >= limits::PAGE_BYTES_MAX
    }

    /// Whether nothing that follows changes the page.
    pub(super) fn is_done(&self) -> bool {
        self.is_full() && !self.count && self.more
    }

    /// An entry of the page, with its encoded size.
    ///
    /// # Errors
    /// `TooLarge` where a page by its number does not fit into one answer.
    pub(super) fn put(&mut self, entry: T, bytes: usize) -> Result<(), Refusal> {
        if self.by_number && self.bytes >= limits::PAGE_BYTES_MAX {
            return Err(too_long(self.bounds.size));
        }
        self.rows.push(entry);
        self.bytes += bytes;
        Ok(())
    }

    /// The page.
    ///
    /// # Errors
    /// As [`Self::put`].
    pub(super) fn end(self) -> Result<Listed<T>, Refusal> {
        if self.by_number && self.more && self.rows.len() < self.bounds.size {
            return Err(too_long(self.bounds.size));
        }
        let next = if self.more { self.last.as_deref().map(token).unwrap_or_default() } else { String::new() };
        Ok(Listed { rows: self.rows, next, total: self.count.then_some(self.fits as u64) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers below 20 that three divides, as a list.
    fn thirds(size: u32, number: u32, token: &str, count: bool) -> Result<Listed<u8>, Refusal> {
        let mut gathering = Gathering::new(Sought { page: Page { size, token }, number, count }, b"p")?;
        let after = gathering.begin_after().and_then(|after| after.last().copied());
        for value in after.map_or(0, |after| after + 1)..20_u8 {
            if !gathering.goes_on(1)? {
                break;
            }
            let place = [b'p', value];
            if !value.is_multiple_of(3) {
                gathering.passed(&place);
            } else if gathering.takes(&place) {
                gathering.put(value, 1)?;
            }
        }
        gathering.end()
    }

    #[test]
    fn pages_by_token_and_by_number_are_the_same() {
        for size in 1..9 {
            for count in [false, true] {
                let (mut by_token, mut next, mut by_number) = (Vec::new(), String::new(), Vec::new());
                loop {
                    let page = thirds(size, 0, &next, count).unwrap();
                    assert_eq!(page.total, count.then_some(7));
                    by_token.extend(page.rows);
                    next = page.next;
                    if next.is_empty() {
                        break;
                    }
                }
                for number in 1..=8 {
                    let page = thirds(size, number, "", count).unwrap();
                    assert_eq!(page.total, count.then_some(7));
                    by_number.extend(page.rows);
                }
                assert_eq!((&by_token, &by_number), (&vec![0, 3, 6, 9, 12, 15, 18], &by_token), "{size} {count}");
            }
        }
    }

    #[test]
    fn questions_that_make_no_sense_are_refused() {
        for (size, number, token, said) in [
            (1_001, 0, "", "page_size"),
            (1, limits::PAGE_NUMBER_MAX + 1, "", "page:"),
            (1, 1, "7000", "give one of the two"),
            (1, 0, "7100", "page_token"),
        ] {
            let refused = thirds(size, number, token, false).err().map(|refusal| refusal.to_string());
            assert!(refused.as_deref().is_some_and(|refused| refused.contains(said)), "{said}: {refused:?}");
        }
    }

    #[test]
    fn what_needs_too_many_rows_is_refused_or_goes_on_later() {
        let sought = |number, count| Sought { page: Page { size: 1, token: "" }, number, count };
        let mut by_token = Gathering::<u8>::new(sought(0, false), b"p").unwrap();
        assert!(by_token.goes_on(limits::LOOKED_AT_PER_PAGE_MAX).unwrap());
        by_token.passed(b"p7");
        assert!(!by_token.goes_on(1).unwrap());
        let page = by_token.end().unwrap();
        assert_eq!((page.rows.len(), page.next), (0, token(b"p7")));
        for (number, count) in [(3, false), (0, true), (1, true)] {
            let mut far = Gathering::<u8>::new(sought(number, count), b"p").unwrap();
            assert!(far.goes_on(limits::LOOKED_AT_PER_COUNT_MAX).unwrap());
            assert!(matches!(far.goes_on(1), Err(Refusal::TooLarge(_))));
        }
    }

    #[test]
    fn a_page_by_its_number_is_whole_or_refused() {
        let sought = Sought { page: Page { size: 3, token: "" }, number: 1, count: false };
        let mut gathering = Gathering::new(sought, b"p").unwrap();
        assert!(gathering.takes(b"p1"));
        gathering.put(1, limits::PAGE_BYTES_MAX).unwrap();
        assert!(!gathering.goes_on(1).unwrap());
        assert!(matches!(gathering.end(), Err(Refusal::TooLarge(_))));
    }
}
