//! "Did you mean": the known name nearest to a mistyped one. Knows nothing about what the names mean.

use crate::limits::{SUGGESTION_CANDIDATES, SUGGESTION_CHARACTERS};

/// The candidate nearest to `word`, if one is near enough to be a likely slip of the keyboard.
///
/// Case differences are free; near enough means at most one edit per three characters (and at least one).
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word_folded = word.to_lowercase();
    let length = word.chars().count();
    let allowed = (length / 3).max(1);
    candidates
        .into_iter()
        .take(SUGGESTION_CANDIDATES)
        // Words of very different lengths are never near; asking first saves the work for most candidates.
        .filter(|candidate| *candidate != word && candidate.chars().count().abs_diff(length) <= allowed)
        .map(|candidate| (edit_distance(&word_folded, &candidate.to_lowercase()), candidate))
        .filter(|(distance, _)| *distance <= allowed)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// The number of insertions, deletions, replacements and swaps of neighbours that turn `left` into `right`.
///
/// Words longer than [`SUGGESTION_CHARACTERS`] are never near: the answer is `usize::MAX`.
pub fn edit_distance(left: &str, right: &str) -> usize {
    let left: Vec<char> = left.chars().take(SUGGESTION_CHARACTERS + 1).collect();
    let right: Vec<char> = right.chars().take(SUGGESTION_CHARACTERS + 1).collect();
    if left.len().max(right.len()) > SUGGESTION_CHARACTERS {
        return usize::MAX;
    }
    // Three rows of the usual table: a swap of neighbours looks two rows back.
    let mut before_last: Vec<usize> = vec![0; right.len() + 1];
    let mut last: Vec<usize> = (0..=right.len()).collect();
    for (row, left_character) in left.iter().enumerate() {
        let mut current = vec![row + 1];
        for (column, right_character) in right.iter().enumerate() {
            let replaced = last[column] + usize::from(left_character != right_character);
            let mut best = replaced.min(last[column + 1] + 1).min(current[column] + 1);
            let swapped =
                row > 0 && column > 0 && *left_character == right[column - 1] && left[row - 1] == *right_character;
            if swapped {
                best = best.min(before_last[column - 1] + 1);
            }
            current.push(best);
        }
        before_last = std::mem::replace(&mut last, current);
    }
    last[right.len()]
}

/// The help line for [`nearest`]: "did you mean `name`?".
pub(crate) fn did_you_mean<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<String> {
    nearest(word, candidates).map(|name| format!("did you mean `{name}`?"))
}

#[cfg(test)]
mod tests {
    use super::{edit_distance, nearest};

    #[test]
    fn distance_counts_single_edits_and_swaps() {
        for (left, right, expected) in
            [("", "", 0), ("a", "", 1), ("load", "laod", 1), ("depend_on", "depends_on", 1), ("kitten", "sitting", 3)]
        {
            assert_eq!(edit_distance(left, right), expected, "{left} {right}");
        }
    }

    #[test]
    fn nearest_prefers_the_closest_and_refuses_the_far() {
        let names = ["depends_on", "condition", "connection"];
        for (word, expected) in [
            ("depend_on", Some("depends_on")),
            ("DEPENDS_ON", Some("depends_on")),
            ("conection", Some("connection")),
            ("zzz", None),
            ("", None),
        ] {
            assert_eq!(nearest(word, names), expected, "{word}");
        }
    }

    #[test]
    fn enormous_words_cost_nothing() {
        let enormous = "x".repeat(1_000_000);
        assert_eq!(nearest(&enormous, [enormous.clone() + "y"].iter().map(String::as_str)), None);
    }
}
