//! A credential that cannot be printed by accident.

use std::fmt;

use crate::limits::SECRET_BYTES_MIN;

/// What stands where a credential was.
pub(crate) const HIDDEN: &str = "***";

/// A credential. Printing it in any way shows [`HIDDEN`].
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Secret(String);

impl Secret {
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The credential itself, for the one place that hands it to a library.
    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }

    /// The text without this credential. One that is too short to be told from ordinary words stays.
    pub(crate) fn hide_in(&self, text: String) -> String {
        // A credential of several lines (a key) may be repeated line by line.
        let parts = self.0.lines().map(str::trim).filter(|part| part.len() >= SECRET_BYTES_MIN);
        parts.fold(text, |text, part| if text.contains(part) { text.replace(part, HIDDEN) } else { text })
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(HIDDEN)
    }
}
