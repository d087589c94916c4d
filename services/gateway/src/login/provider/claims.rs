//! From what an identity provider says of somebody to who they are here, and what they may.

use downbeat_domain::access::Grant;
use serde_json::{Map, Value};

use super::settings::Settings;
use crate::limits;

/// Everybody whom the provider knows.
const EVERYBODY: &str = "*";

/// Somebody.
#[derive(Debug, PartialEq)]
pub(in crate::login) struct Person {
    pub(in crate::login) user: String,
    pub(in crate::login) grants: Vec<Grant>,
}

/// Who it is. What is said must have been verified.
///
/// # Errors
/// They have no name, or no rule fits them: in words for them.
pub(super) fn person(claims: &Map<String, Value>, settings: &Settings) -> Result<Person, String> {
    let claim = &settings.user_claim;
    let Some(user) = claims.get(claim).and_then(Value::as_str).filter(|user| !user.is_empty()) else {
        return Err(format!("the identity provider does not say who you are: the claim `{claim}` is not there"));
    };
    // An address that nobody has verified may be anybody's.
    if claim == "email" && claims.get("email_verified").is_some_and(|verified| *verified != Value::Bool(true)) {
        return Err("the identity provider has not verified your mail address".to_owned());
    }
    let groups = groups(claims.get(&settings.groups_claim));
    let mut grants: Vec<Grant> = Vec::new();
    for (group, grant) in &settings.roles {
        if (group == EVERYBODY || groups.contains(&group.as_str())) && !grants.contains(grant) {
            grants.push(grant.clone());
        }
    }
    if grants.is_empty() {
        return Err(format!("`{user}` may do nothing here: ask your operator which group you need"));
    }
    Ok(Person { user: user.to_owned(), grants })
}

/// One, or a list.
fn groups(claim: Option<&Value>) -> Vec<&str> {
    match claim {
        Some(Value::String(one)) => vec![one],
        Some(Value::Array(all)) => all.iter().take(limits::PROVIDER_GROUPS_MAX).filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use downbeat_domain::access::Role;
    use serde_json::json;

    use super::*;

    fn of(claims: Value, rules: &[(&str, Role)]) -> Result<Vec<Role>, String> {
        let grant = |role| Grant { role, labels: Vec::new() };
        let settings = Settings {
            issuer: String::new(),
            client_id: String::new(),
            client_secret: None,
            scopes: String::new(),
            user_claim: "email".to_owned(),
            groups_claim: "groups".to_owned(),
            roles: rules.iter().map(|(group, role)| ((*group).to_owned(), grant(*role))).collect(),
        };
        let Value::Object(claims) = claims else { panic!("claims are an object") };
        person(&claims, &settings).map(|person| person.grants.iter().map(|grant| grant.role).collect())
    }

    #[test]
    fn a_person_may_what_the_rules_of_their_groups_say() {
        let rules = [("data", Role::Editor), ("ops", Role::Admin), ("more", Role::Editor)];
        for (claims, expected) in [
            (json!({"email": "a@x", "groups": ["data", "other"]}), Ok(vec![Role::Editor])),
            (json!({"email": "a@x", "groups": ["ops", "data", "more"]}), Ok(vec![Role::Editor, Role::Admin])),
            (json!({"email": "a@x", "groups": "ops", "email_verified": true}), Ok(vec![Role::Admin])),
            (json!({"email": "a@x", "groups": ["other"]}), Err("may do nothing here")),
            (json!({"email": "a@x", "groups": {"data": true}}), Err("may do nothing here")),
            // A group of this name is nobody's.
            (json!({"email": "a@x", "groups": ["*"]}), Err("may do nothing here")),
            (json!({"email": "a@x"}), Err("may do nothing here")),
            (json!({"groups": ["data"]}), Err("does not say who you are")),
            (json!({"email": 7, "groups": ["data"]}), Err("does not say who you are")),
            (json!({"email": "a@x", "groups": ["data"], "email_verified": false}), Err("not verified")),
            (json!({"email": "a@x", "groups": ["data"], "email_verified": "no"}), Err("not verified")),
        ] {
            match (of(claims.clone(), &rules), expected) {
                (Ok(found), Ok(expected)) => assert_eq!(found, expected, "{claims}"),
                (Err(found), Err(expected)) => assert!(found.contains(expected), "{claims}: {found}"),
                (found, expected) => panic!("{claims}: {found:?}, expected {expected:?}"),
            }
        }
        assert_eq!(of(json!({"email": "a@x"}), &[("*", Role::Viewer)]), Ok(vec![Role::Viewer]));
    }
}
