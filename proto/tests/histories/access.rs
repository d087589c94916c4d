//! Keys: made, used, revoked, and made again under a name whose key had expired.

use downbeat_domain::{
    Command, Grant, KeyId, Role,
    command::{AccessCommand, CreateKey},
};
use jiff::Timestamp;

use crate::recorder::Recorder;

const BODY: &str = "meta: {downbeat: {labels: [finance, eu]}}
pipeline: {a: {integration: HTTP, integration_job: HTTP_REQUEST, parameters: {method: GET, path: x}}}
";

fn create(number: u8, name: &str, role: Role, labels: &[&str], expires_at: Option<i64>) -> Command {
    let labels = labels.iter().map(|label| (*label).to_owned()).collect();
    Command::Access(AccessCommand::CreateKey(Box::new(CreateKey {
        key: KeyId([number; 16]),
        name: name.to_owned(),
        hash: [number; 32],
        grants: vec![Grant { role, labels }],
        expires_at: expires_at.map(|second| Timestamp::from_second(second).expect("an instant")),
        by: "user:ada".to_owned(),
    })))
}

fn used(numbers: &[u8]) -> Command {
    Command::Access(AccessCommand::NoteUses { keys: numbers.iter().map(|number| KeyId([*number; 16])).collect() })
}

fn revoke(key: &str) -> Command {
    Command::Access(AccessCommand::RevokeKey { key: key.to_owned() })
}

pub(crate) fn access() -> Vec<Vec<u8>> {
    let demo = Recorder::new(BODY).run(create(1, "ci", Role::Operator, &["eu"], None));
    let demo = demo.run(create(2, "short", Role::Viewer, &[], Some(1_790_000_060)));
    let demo = demo.run(create(3, "gone", Role::Admin, &[], None)).refused(create(4, "ci", Role::Admin, &[], None));
    let demo = demo.run(used(&[1, 2])).run(used(&[1])).after(3_600).run(used(&[1]));
    let demo = demo.run(create(5, "short", Role::Editor, &["eu", "finance"], None));
    demo.run(revoke("gone")).run(revoke("gone")).refused(revoke("nobody")).into_records()
}
