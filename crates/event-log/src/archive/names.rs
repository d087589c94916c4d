//! The names of ranges in a folder, and which of them follow each other.
//!
//! Promises: what is there already is told from the names alone, so nobody keeps a checkpoint that could be wrong. Two writers may have written
//! ranges that overlap (a coordinator that was fenced, and its successor): the records are the same, so either will do.

use std::path::Path;

use super::ArchiveError;
use crate::limits::SEQUENCE_MAX;

const SUFFIX: &str = ".range";

/// Sequences of the first and the last record of a range.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span {
    /// Of the first.
    pub first: u64,
    /// Of the last.
    pub last: u64,
}

/// The name of a range in its folder. Names sort as their records do.
pub fn name(span: Span) -> String {
    format!("{:020}-{:020}{SUFFIX}", span.first, span.last)
}

/// The range of that name; `None` for other files.
pub fn span_of(name: &str) -> Option<Span> {
    let (first, last) = name.strip_suffix(SUFFIX)?.split_once('-')?;
    let number = |text: &str| (text.len() == 20).then(|| text.parse::<u64>().ok()).flatten();
    let span = Span { first: number(first)?, last: number(last)? };
    (span.first > 0 && span.first <= span.last && span.last <= SEQUENCE_MAX).then_some(span)
}

/// All ranges of a folder, sorted; none where there is no folder.
///
/// # Errors
/// `Io`.
pub fn spans(folder: &Path) -> Result<Vec<Span>, ArchiveError> {
    let files = match std::fs::read_dir(folder) {
        Ok(files) => files,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(ArchiveError::io("cannot read", folder)(error)),
    };
    let mut spans = Vec::new();
    for file in files {
        let file = file.map_err(ArchiveError::io("cannot read", folder))?;
        spans.extend(file.file_name().to_str().and_then(span_of));
    }
    spans.sort_unstable();
    Ok(spans)
}

/// Of sorted ranges those that lead from the first one on without a gap: each begins at most one behind the end of that before it, and ends
/// behind it. The second value is the range behind the first gap, if there is one.
pub fn follow(spans: &[Span]) -> (Vec<Span>, Option<Span>) {
    let mut chosen: Vec<Span> = Vec::new();
    for span in spans {
        match chosen.last() {
            Some(last) if span.last <= last.last => {}
            Some(last) if span.first > last.last + 1 => return (chosen, Some(*span)),
            // It begins where the one before begins, and has more.
            Some(last) if span.first == last.first => {
                chosen.pop();
                chosen.push(*span);
            }
            _ => chosen.push(*span),
        }
    }
    (chosen, None)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(pairs: &[(u64, u64)]) -> Vec<Span> {
        pairs.iter().map(|&(first, last)| Span { first, last }).collect()
    }

    #[test]
    fn names_read_back_and_others_are_left_alone() {
        let span = Span { first: 1, last: 4_096 };
        assert_eq!(name(span), "00000000000000000001-00000000000000004096.range");
        assert_eq!(span_of(&name(span)), Some(span));
        for other in ["mark.json", "1-2.range", "00000000000000000000-00000000000000000001.range", "x.range", ".tmp1"] {
            assert_eq!(span_of(other), None, "{other}");
        }
        assert_eq!(span_of("00000000000000000003-00000000000000000002.range"), None, "it ends before it begins");
        assert_eq!(span_of("00000000000000000003-18446744073709551615.range"), None, "no log comes to that");
    }

    #[test]
    fn ranges_follow_each_other_up_to_the_first_gap() {
        type Pairs = &'static [(u64, u64)];
        let cases: [(Pairs, Pairs, Option<Span>); 7] = [
            (&[], &[], None),
            (&[(1, 5)], &[(1, 5)], None),
            (&[(1, 5), (6, 9)], &[(1, 5), (6, 9)], None),
            (&[(1, 5), (1, 9), (6, 8), (10, 10)], &[(1, 9), (10, 10)], None),
            (&[(1, 5), (3, 8), (9, 9)], &[(1, 5), (3, 8), (9, 9)], None),
            (&[(1, 5), (7, 9)], &[(1, 5)], Some(Span { first: 7, last: 9 })),
            (&[(4, 5), (6, 7)], &[(4, 5), (6, 7)], None),
        ];
        for (there, chosen, gap) in cases {
            assert_eq!(follow(&all(there)), (all(chosen), gap), "{there:?}");
        }
    }
}
