//! NATS subjects: words joined by points. In what is subscribed to, `*` stands for any one word and `>` at the end for one or more.

/// Whether a message published to `subject` is one of those that `pattern` asks for.
pub fn matches(pattern: &str, subject: &str) -> bool {
    let (mut wanted, mut words) = (pattern.split('.').peekable(), subject.split('.'));
    loop {
        match (wanted.next(), words.next()) {
            (None, None) => return true,
            (Some(">"), Some(_)) if wanted.peek().is_none() => return true,
            (Some("*"), Some(_)) => {}
            (Some(wanted), Some(word)) if wanted == word => {}
            _ => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn words_stand_for_themselves_a_star_for_one_and_an_arrow_for_the_rest() {
        for (pattern, subject, expected) in [
            ("orders.landed", "orders.landed", true),
            ("orders.landed", "orders.Landed", false),
            ("orders.landed", "orders", false),
            ("orders", "orders.landed", false),
            ("orders.*.landed", "orders.eu.landed", true),
            ("orders.*.landed", "orders.landed", false),
            ("orders.*.landed", "orders.eu.de.landed", false),
            ("*", "orders", true),
            ("*", "orders.landed", false),
            ("orders.>", "orders.eu.landed", true),
            ("orders.>", "orders", false),
            (">", "orders", true),
            (">", "orders.eu.landed", true),
            ("*.>", "orders", false),
        ] {
            assert_eq!(matches(pattern, subject), expected, "{pattern} {subject}");
        }
    }
}
