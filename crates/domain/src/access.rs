//! Who may do what, as data.
//!
//! Promises: nobody may do anything that a grant does not say; a grant for labels reaches what has one of them, and nothing that has none.
//! Pure: the same grants, asked the same, give the same answer. Knows nothing about keys, callers or the wire.

use downbeat_dialect::is_label;

use crate::limits;

/// What somebody may do, each more than the one before: the order is the order of the words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Reads.
    Viewer,
    /// Also starts, stops, approves and marks.
    Operator,
    /// Also changes pipelines, environments and assets.
    Editor,
    /// Everything.
    Admin,
}

impl Role {
    /// Every one of them, the least first.
    pub const ALL: [Role; 4] = [Role::Viewer, Role::Operator, Role::Editor, Role::Admin];

    /// The word of the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Role::Viewer => "VIEWER",
            Role::Operator => "OPERATOR",
            Role::Editor => "EDITOR",
            Role::Admin => "ADMIN",
        }
    }

    /// From the word of the API.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == word)
    }
}

/// A role, for everything or for what has one of some labels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// Which role.
    pub role: Role,
    /// Only for what has one of these; empty = for everything.
    pub labels: Vec<String>,
}

/// May somebody with these grants do what needs this role to something with these labels? What has no labels (`&[]`), and what is
/// nobody's in particular, is reached by grants without labels alone.
pub fn allows(grants: &[Grant], needed: Role, labels: &[String]) -> bool {
    let reaches = |grant: &Grant| grant.labels.is_empty() || grant.labels.iter().any(|label| labels.contains(label));
    grants.iter().any(|grant| grant.role >= needed && reaches(grant))
}

/// What is wrong with these grants, in words.
pub(crate) fn check(grants: &[Grant], bytes_max: usize) -> Result<(), String> {
    let most = limits::GRANTS_PER_KEY_MAX;
    if grants.is_empty() || grants.len() > most {
        return Err(format!("a key has 1 to {most} grants, not {}", grants.len()));
    }
    for grant in grants {
        let most = downbeat_dialect::limits::LABELS_MAX;
        if grant.labels.len() > most {
            return Err(format!("a grant names at most {most} labels, not {}", grant.labels.len()));
        }
        for (place, label) in grant.labels.iter().enumerate() {
            let shown: String = label.chars().take(80).collect();
            if !is_label(label) {
                let most = downbeat_dialect::limits::LABEL_CHARS_MAX;
                return Err(format!("`{shown}` is no label: 1 to {most} characters of a-z 0-9 - _ . are allowed"));
            }
            if grant.labels[..place].contains(label) {
                return Err(format!("a grant names the label `{shown}` twice"));
            }
        }
    }
    let bytes: usize = grants.iter().flat_map(|grant| &grant.labels).map(String::len).sum();
    if bytes > bytes_max {
        return Err(format!("the labels of the grants take {bytes} bytes together; at most {bytes_max} are allowed"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grant(role: Role, labels: &[&str]) -> Grant {
        Grant { role, labels: labels.iter().map(|label| (*label).to_owned()).collect() }
    }

    #[test]
    fn words_read_back_and_each_role_is_more_than_the_one_before() {
        for role in Role::ALL {
            assert_eq!(Role::from_word(role.as_str()), Some(role));
        }
        assert!(Role::ALL.is_sorted());
        assert_eq!(Role::from_word("admin"), None);
        assert_eq!(Role::from_word(""), None);
    }

    #[test]
    fn what_no_grant_says_nobody_may() {
        let finance = || vec![grant(Role::Operator, &["finance", "eu"])];
        for (grants, needed, labels, expected) in [
            (vec![], Role::Viewer, vec![], false),
            (vec![grant(Role::Viewer, &[])], Role::Viewer, vec![], true),
            (vec![grant(Role::Viewer, &[])], Role::Viewer, vec!["finance"], true),
            (vec![grant(Role::Viewer, &[])], Role::Operator, vec![], false),
            (vec![grant(Role::Admin, &[])], Role::Editor, vec!["finance"], true),
            (finance(), Role::Operator, vec!["eu"], true),
            (finance(), Role::Viewer, vec!["us", "finance"], true),
            (finance(), Role::Editor, vec!["eu"], false),
            (finance(), Role::Viewer, vec!["us"], false),
            // What has no label is not reached by a grant for labels.
            (finance(), Role::Viewer, vec![], false),
            // A label is no beginning of another one.
            (finance(), Role::Viewer, vec!["e", "eu2", "EU"], false),
            // Role and label must come of one grant.
            (vec![grant(Role::Viewer, &[]), grant(Role::Editor, &["eu"])], Role::Editor, vec!["us"], false),
            (vec![grant(Role::Viewer, &[]), grant(Role::Editor, &["eu"])], Role::Editor, vec!["eu"], true),
        ] {
            let labels: Vec<String> = labels.into_iter().map(str::to_owned).collect();
            assert_eq!(allows(&grants, needed, &labels), expected, "{grants:?} {needed:?} {labels:?}");
        }
    }

    #[test]
    fn grants_that_make_no_sense_are_told() {
        let many = |count: usize| (0..count).map(|number| format!("l{number}")).collect::<Vec<String>>();
        let long = || Grant { role: Role::Viewer, labels: many(20).iter().map(|it| format!("{it:a<60}")).collect() };
        for (grants, words) in [
            (vec![], "1 to 20 grants, not 0"),
            (vec![grant(Role::Viewer, &[]); 21], "1 to 20 grants, not 21"),
            (vec![Grant { role: Role::Viewer, labels: many(21) }], "at most 20 labels, not 21"),
            (vec![grant(Role::Viewer, &["EU"])], "`EU` is no label: 1 to 63 characters of a-z 0-9 - _ ."),
            (vec![grant(Role::Viewer, &[""])], "`` is no label"),
            (vec![grant(Role::Viewer, &["eu", "us", "eu"])], "names the label `eu` twice"),
            (vec![long(), long()], "take 2400 bytes together; at most 2048"),
        ] {
            let found = check(&grants, limits::GRANT_BYTES_PER_KEY_MAX).unwrap_err();
            assert!(found.contains(words), "{found}");
        }
        assert_eq!(check(&[grant(Role::Admin, &["eu", "us"]), long()], limits::GRANT_BYTES_PER_KEY_MAX), Ok(()));
    }
}
