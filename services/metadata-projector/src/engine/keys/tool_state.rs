//! Keys of what tools remember.

use super::key;

/// Prefix of the entries of one tool, by key.
pub fn entries(integration: &str) -> Vec<u8> {
    // Names of integrations hold no zero byte, so that none begins like another one.
    key(b'M', &[b"s", integration.as_bytes(), &[0]])
}

/// An entry.
pub fn entry(integration: &str, name: &str) -> Vec<u8> {
    let mut key = entries(integration);
    key.extend_from_slice(name.as_bytes());
    key
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_of_one_tool_stand_together_by_key_and_apart_from_others() {
        let keys = [entry("DBT", "z"), entry("DBT_CORE", "a"), entry("DBT_CORE", "a.b")];
        assert!(keys.is_sorted());
        let of = |integration: &str| keys.iter().filter(|key| key.starts_with(&entries(integration))).count();
        assert_eq!((of("DBT"), of("DBT_CORE"), of("DB")), (1, 2, 0));
    }
}
