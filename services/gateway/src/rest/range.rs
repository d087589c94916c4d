//! Ranges of files: which bytes a request wants.

/// One range of bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Range {
    /// From this byte on.
    From(u64),
    /// Both bytes count.
    Between(u64, u64),
    /// So many at the end.
    Last(u64),
}

impl Range {
    /// Of the header. What is none, or several, counts as not given, as RFC 9110 (14.2) allows.
    pub(super) fn read(header: &str) -> Option<Self> {
        let (first, last) = header.trim().strip_prefix("bytes=")?.split_once('-')?;
        let number = |text: &str| {
            (!text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())).then(|| text.parse().ok())
        };
        match (first.is_empty(), last.is_empty()) {
            (true, false) => number(last)?.map(Self::Last),
            (false, true) => number(first)?.map(Self::From),
            (false, false) => {
                let (first, last) = (number(first)??, number(last)??);
                // Further than any log goes, and no number overflows.
                let within = |place: u64| place.min(u64::MAX - 1);
                (first <= last).then_some(Self::Between(within(first), within(last)))
            }
            (true, true) => None,
        }
    }

    /// The end of a file that has nothing in it: that is the whole file, and no range that is not there.
    pub(super) fn is_end_of_nothing(self, total: u64) -> bool {
        total == 0 && matches!(self, Self::Last(1..))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_range_is_read_and_everything_else_is_none() {
        for (header, expected) in [
            ("bytes=0-", Some(Range::From(0))),
            ("bytes=7-9", Some(Range::Between(7, 9))),
            ("bytes=-262144", Some(Range::Last(262_144))),
            ("bytes=-0", Some(Range::Last(0))),
            ("bytes=9-7", None),
            ("bytes=-", None),
            ("bytes=0-1,3-4", None),
            ("bytes=+1-", None),
            ("bytes=a-", None),
            ("bytes=99999999999999999999-", None),
            ("bytes=0-18446744073709551615", Some(Range::Between(0, u64::MAX - 1))),
            ("bytes=18446744073709551615-18446744073709551615", Some(Range::Between(u64::MAX - 1, u64::MAX - 1))),
            ("lines=0-", None),
            ("", None),
        ] {
            assert_eq!(Range::read(header), expected, "{header}");
        }
    }
}
