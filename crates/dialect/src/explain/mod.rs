//! What every code means, for people: why the rule exists, a document that breaks it, and the same one put right.
//!
//! The words are data, one file per code (`DB1001.md`), compiled in by the table of codes. Knows nothing about terminals and pages.

use crate::{Code, Diagnostic, Severity, parse_bytes};

const WRONG: &str = "\n## Wrong\n\n```yaml\n";
const CORRECTED: &str = "```\n\n## Corrected\n\n```yaml\n";
const END: &str = "```\n";
/// A page is UTF-8: in a wrong document the replacement character stands for this byte.
const NO_UTF8: u8 = 0xff;

/// A code in words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Explanation {
    /// Which.
    pub code: Code,
    /// A few words that name the rule.
    pub title: &'static str,
    /// What the rule is and what goes wrong without it: paragraphs of Markdown, without a line break at the end.
    pub text: &'static str,
    /// A document that breaks the rule.
    pub wrong: &'static str,
    /// The same document, put right.
    pub corrected: &'static str,
}

impl Explanation {
    /// What is reported for [`Explanation::wrong`].
    pub fn diagnostics(&self) -> Vec<Diagnostic> {
        let parts: Vec<&[u8]> = self.wrong.split(char::REPLACEMENT_CHARACTER).map(str::as_bytes).collect();
        parse_bytes(&parts.join(&NO_UTF8)).1.diagnostics
    }

    /// Whether the example is refused; otherwise the code gives advice.
    pub fn refuses(&self) -> bool {
        self.diagnostics().iter().any(|found| found.code == self.code && found.severity == Severity::Error)
    }
}

impl Code {
    /// What the code means, with an example.
    pub fn explanation(self) -> Explanation {
        let page = self.page();
        let (text, examples) = page.split_once(WRONG).unwrap_or((page, ""));
        let (wrong, corrected) = examples.split_once(CORRECTED).unwrap_or((examples, ""));
        let corrected = corrected.strip_suffix(END).unwrap_or(corrected);
        Explanation { code: self, title: self.title(), text: text.trim_end(), wrong, corrected }
    }

    /// The code that a text names: `DB1023`, `db1023` or `1023`.
    pub fn from_text(text: &str) -> Option<Code> {
        let folded = text.trim().to_ascii_uppercase();
        let digits = folded.strip_prefix("DB").unwrap_or(&folded);
        Code::ALL.iter().copied().find(|code| code.number().to_string() == digits)
    }
}
