//! What becomes of a fixed time on a day on which the clock changes. Knows nothing about cron fields or zones.

/// The answer of a schedule with a fixed time to a changing clock. A wildcard schedule (minute or hour is `*`, `*/n` or `0/n`) is the
/// same under all of them: it fires whenever the wall clock shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub enum Dst {
    /// As cron does: a time that falls into a gap shorter than three hours fires once, at the first instant after the gap (in a
    /// longer gap, which is a correction of the calendar, it is lost); a time that is repeated fires the first time only.
    #[default]
    Vixie,
    /// A time in a gap moves later by the length of the gap; a time that is repeated fires the first time only.
    Shift,
    /// A time in a gap is lost; a time that is repeated fires the first time only.
    Skip,
    /// A time in a gap is lost; a time that is repeated fires every time.
    Every,
}

impl Dst {
    /// Every policy, the default first.
    pub const ALL: [Dst; 4] = [Dst::Vixie, Dst::Shift, Dst::Skip, Dst::Every];

    /// The word of the language.
    pub fn word(self) -> &'static str {
        match self {
            Dst::Vixie => "vixie",
            Dst::Shift => "shift",
            Dst::Skip => "skip",
            Dst::Every => "every",
        }
    }

    /// The policy of a word.
    pub fn from_word(word: &str) -> Option<Dst> {
        Dst::ALL.into_iter().find(|policy| policy.word() == word)
    }
}
