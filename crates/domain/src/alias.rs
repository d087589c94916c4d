//! Aliases of pipelines that nobody has chosen.

/// The alias that the official clients make of a file's name, made of any name: in lower case, other runs of characters than letters and
/// digits as `_`, none of them at the ends. `None` = nothing is left of it.
pub fn of_name(name: &str) -> Option<String> {
    let mut alias = String::new();
    for letter in name.to_lowercase().chars() {
        match letter {
            'a'..='z' | '0'..='9' => alias.push(letter),
            _ if alias.is_empty() || alias.ends_with('_') => {}
            _ => alias.push('_'),
        }
    }
    alias.truncate(alias.trim_end_matches('_').len());
    (!alias.is_empty()).then_some(alias)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_and_digits_are_left_and_one_line_between_them() {
        for (name, expected) in [
            ("Sales Report (v2)", Some("sales_report_v2")),
            ("daily-load", Some("daily_load")),
            ("__a__b__", Some("a_b")),
            ("x", Some("x")),
            ("ü", None),
            ("---", None),
            ("", None),
        ] {
            assert_eq!(of_name(name).as_deref(), expected, "{name}");
        }
    }
}
