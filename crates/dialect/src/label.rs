//! Labels of pipelines, as files and grants write them.

use crate::limits::LABEL_CHARS_MAX;

/// Whether this is a label: 1 to 63 characters of `a-z 0-9 - _ .`.
pub fn is_label(text: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'_' | b'.');
    (1..=LABEL_CHARS_MAX).contains(&text.len()) && text.bytes().all(fits)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The catalogue has a form of the same name: the two must agree.
    #[test]
    fn labels_are_what_the_catalogue_takes() {
        let long = "x".repeat(63);
        for (text, expected) in [
            ("finance", true),
            ("eu-1.a_b", true),
            ("7", true),
            (long.as_str(), true),
            (&format!("{long}x"), false),
            ("", false),
            ("EU", false),
            ("a b", false),
            ("ä", false),
            ("a\n", false),
            ("${{ inputs.a }}", false),
        ] {
            let source = format!(
                "version: v1\nname: demo\nmeta: {{downbeat: {{labels: [{}]}}}}\npipeline:\n  a: {{integration: X, \
                 integration_job: Y, parameters: {{}}}}\n",
                serde_json::to_string(text).unwrap()
            );
            assert_eq!(is_label(text), expected, "{text:?}");
            assert_eq!(crate::parse(&source).pipeline.is_some(), expected, "{text:?}");
        }
    }
}
