//! How far the log of one container was read: what of an answer is new. Pure.
//!
//! The API gives lines since a whole second, each behind its instant. So what was taken of the second at which the next answer begins
//! is counted, and the last line of it remembered: where it does not stand at its place (the cluster began a new file), instants decide.

use jiff::Timestamp;

use crate::limits::{KUBERNETES_LOG_ANSWER_BYTES, KUBERNETES_LOG_ANSWER_BYTES_MAX};

/// The beginning of a line by which it is known again, in bytes.
const KNOWN_BY: usize = 256;

/// See the module.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Position {
    /// The next answer begins with this second since 1970; `None`: at the beginning.
    since: Option<i64>,
    /// Lines since then that were taken.
    taken: usize,
    /// The last of them, with its instant.
    last: Option<(Timestamp, Vec<u8>)>,
    /// Bytes to ask for.
    limit: usize,
}

/// What an answer brought.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Portion {
    /// New lines without their instants.
    pub(crate) text: Vec<u8>,
    /// There is more to be had at once.
    pub(crate) more: bool,
    /// One second had more than is taken: the rest of it is left out.
    pub(crate) gap: bool,
}

struct Line<'a> {
    at: Option<Timestamp>,
    whole: &'a [u8],
    text: &'a [u8],
}

impl Default for Position {
    fn default() -> Self {
        Self { since: None, taken: 0, last: None, limit: KUBERNETES_LOG_ANSWER_BYTES }
    }
}

impl Position {
    /// The instant since which to ask, as the API writes it.
    pub(crate) fn since(&self) -> Option<String> {
        Timestamp::from_second(self.since?).ok().map(|instant| instant.to_string())
    }

    /// Bytes to ask for.
    pub(crate) fn limit(&self) -> usize {
        self.limit
    }

    /// Takes an answer. `ended`: the container writes no more.
    pub(crate) fn take(&mut self, answer: &[u8], ended: bool) -> Portion {
        let full = answer.len() >= self.limit;
        let lines = lines(answer, ended && !full);
        let known = self.known(&lines);
        let new = &lines[known..];
        let mut text = Vec::new();
        for line in new {
            text.extend_from_slice(line.text);
            if !line.text.ends_with(b"\n") {
                text.push(b'\n');
            }
        }
        let before = self.since;
        self.advance(&lines);
        let gap = full && new.is_empty() && !self.widen(before);
        Portion { text, more: full, gap }
    }

    /// How many of the lines were taken before.
    fn known(&self, lines: &[Line<'_>]) -> usize {
        let Some((instant, last)) = &self.last else { return 0 };
        let at_its_place = self.taken.checked_sub(1).and_then(|at| lines.get(at));
        if at_its_place.is_some_and(|line| known_by(line.whole) == *last) {
            return self.taken;
        }
        lines.iter().take_while(|line| line.at.is_none_or(|at| at <= *instant)).count()
    }

    /// The next answer begins with the latest second of this one.
    fn advance(&mut self, lines: &[Line<'_>]) {
        let Some(latest) = lines.iter().filter_map(|line| Some(line.at?.as_second())).max() else { return };
        let latest = latest.max(self.since.unwrap_or(latest));
        let counts = |line: &&Line<'_>| line.at.is_some_and(|at| at.as_second() >= latest);
        let counted: Vec<&Line<'_>> = lines.iter().filter(counts).collect();
        let Some(last) = counted.last() else { return };
        self.last = last.at.map(|at| (at, known_by(last.whole)));
        self.taken = counted.len();
        if self.since != Some(latest) {
            self.limit = KUBERNETES_LOG_ANSWER_BYTES;
        }
        self.since = Some(latest);
    }

    /// An answer as long as was asked for brought nothing new: asks for more of it. `false`: that second is left.
    fn widen(&mut self, before: Option<i64>) -> bool {
        if self.since != before {
            return true;
        }
        if self.limit < KUBERNETES_LOG_ANSWER_BYTES_MAX {
            self.limit = (self.limit * 2).min(KUBERNETES_LOG_ANSWER_BYTES_MAX);
            return true;
        }
        let next = self.since.map(|second| second + 1);
        *self = Self { since: next, ..Self::default() };
        false
    }
}

fn known_by(line: &[u8]) -> Vec<u8> {
    line[..line.len().min(KNOWN_BY)].to_vec()
}

/// Whole lines; the rest of the last one only when it is all that there will be.
fn lines(answer: &[u8], rest_too: bool) -> Vec<Line<'_>> {
    let mut lines: Vec<Line<'_>> = Vec::new();
    for whole in answer.split_inclusive(|byte| *byte == b'\n') {
        let endless = lines.is_empty() && whole.len() >= KUBERNETES_LOG_ANSWER_BYTES;
        if !(whole.ends_with(b"\n") || rest_too || endless) {
            break;
        }
        let split = whole.iter().position(|byte| *byte == b' ').map(|at| (&whole[..at], &whole[at + 1..]));
        let read = split.and_then(|(at, text)| Some((std::str::from_utf8(at).ok()?.parse::<Timestamp>().ok()?, text)));
        let line = match read {
            Some((at, text)) => Line { at: Some(at), whole, text },
            // A part of the line before.
            None => Line { at: lines.last().and_then(|line| line.at), whole, text: whole },
        };
        lines.push(line);
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the API would answer: whole lines from that second on, cut at the limit.
    fn answer(log: &[(&str, &str)], position: &Position) -> Vec<u8> {
        let since = position.since().map(|since| since.parse::<Timestamp>().unwrap());
        let mut bytes = Vec::new();
        for (at, text) in log {
            if since.is_none_or(|since| at.parse::<Timestamp>().unwrap() >= since) {
                bytes.extend_from_slice(format!("{at} {text}\n").as_bytes());
            }
        }
        bytes.truncate(position.limit());
        bytes
    }

    fn text(position: &mut Position, log: &[(&str, &str)]) -> String {
        String::from_utf8(position.take(&answer(log, position), false).text).unwrap()
    }

    #[test]
    fn every_line_is_taken_once_however_the_answers_overlap() {
        let mut log = vec![("2026-03-01T06:00:00.1Z", "a"), ("2026-03-01T06:00:00.12Z", "b")];
        let mut position = Position::default();
        assert_eq!(text(&mut position, &log), "a\nb\n");
        assert_eq!(text(&mut position, &log), "");
        // The same instant, one that went back within its second, and the next second.
        log.push(("2026-03-01T06:00:00.12Z", "b"));
        log.push(("2026-03-01T06:00:00.119Z", "c"));
        assert_eq!(text(&mut position, &log), "b\nc\n");
        log.push(("2026-03-01T06:00:01+00:00", "d"));
        assert_eq!(text(&mut position, &log), "d\n");
        assert_eq!(position.since().as_deref(), Some("2026-03-01T06:00:01Z"));
        assert_eq!(text(&mut position, &log), "");
    }

    #[test]
    fn a_file_that_was_begun_anew_is_read_from_its_beginning() {
        let mut position = Position::default();
        let log = [("2026-03-01T06:00:00.1Z", "a"), ("2026-03-01T06:00:00.2Z", "b"), ("2026-03-01T06:00:00.3Z", "c")];
        assert_eq!(text(&mut position, &log), "a\nb\nc\n");
        let turned =
            [("2026-03-01T06:00:00.3Z", "c"), ("2026-03-01T06:00:00.4Z", "d"), ("2026-03-01T06:00:00.5Z", "e")];
        assert_eq!(text(&mut position, &turned[1..]), "d\ne\n");
        let mut position = Position::default();
        text(&mut position, &log);
        assert_eq!(text(&mut position, &turned), "d\ne\n");
    }

    #[test]
    fn the_rest_of_a_line_waits_for_its_end() {
        let mut position = Position::default();
        assert_eq!(position.take(b"2026-03-01T06:00:00Z one\n2026-03-01T06:00:00Z tw", false).text, b"one\n");
        assert_eq!(position.take(b"2026-03-01T06:00:00Z one\n2026-03-01T06:00:00Z two", true).text, b"two\n");
        assert_eq!(Position::default().take(b"nonsense \xff\n", true).text, b"nonsense \xff\n");
    }

    #[test]
    fn a_log_longer_than_an_answer_comes_in_portions() {
        let line = "x".repeat(1_000_000);
        let log: Vec<_> = (0..40).map(|_| ("2026-03-01T06:00:00.5Z", line.as_str())).collect();
        let mut log = log[..9].to_vec();
        log.push(("2026-03-01T06:00:01Z", "end"));
        let mut position = Position::default();
        let mut lengths = Vec::new();
        loop {
            let portion = position.take(&answer(&log, &position), true);
            assert!(!portion.gap);
            lengths.push(portion.text.len());
            if !portion.more {
                break;
            }
        }
        assert_eq!(lengths.iter().sum::<usize>(), 9 * 1_000_001 + 4, "{lengths:?}");
    }

    #[test]
    fn a_second_that_has_too_much_is_left_with_a_word() {
        let line = "x".repeat(1_000_000);
        let mut log: Vec<_> = (0..20).map(|_| ("2026-03-01T06:00:00.5Z", line.as_str())).collect();
        log.push(("2026-03-01T06:00:01Z", "end"));
        let mut position = Position::default();
        let (mut gaps, mut last) = (0, Vec::new());
        loop {
            let portion = position.take(&answer(&log, &position), true);
            gaps += usize::from(portion.gap);
            if !portion.more {
                last.extend(portion.text);
                break;
            }
        }
        assert_eq!((gaps, last.as_slice()), (1, b"end\n".as_slice()));
    }
}
