//! Keys: made, used, revoked, and made again under a name whose key had expired.

use downbeat_domain::{
    Command, Grant, KeyId, LoginId, Role, Target, TargetKind,
    command::{AccessCommand, BeginLogin, CompleteLogin, CreateKey, DrawnTokens, Holder, RefreshLogin},
    event::ToolsCalled,
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

fn called(tool: &str, target: Target, code: &str, calls: u64) -> Command {
    let at = |second| Timestamp::from_second(second).expect("an instant");
    Command::Access(AccessCommand::NoteToolCalls(Box::new(ToolsCalled {
        tool: tool.to_owned(),
        targets: vec![target],
        code: code.to_owned(),
        calls,
        since: at(1_790_000_000),
        at: at(1_790_000_000),
    })))
}

/// Tools are called: one of them once, one again and again, one in vain.
pub(crate) fn tools() -> Vec<Vec<u8>> {
    let target = Target::new;
    let demo = Recorder::new(BODY).run(create(1, "assistant", Role::Viewer, &[], None));
    let demo = demo.run(called("get_pipeline", target(TargetKind::Pipeline, "orders"), "", 1));
    let demo = demo.run(called("get_pipeline_run", target(TargetKind::Run, "r\u{7}1"), "", 250));
    demo.run(called("lineage_impact", target(TargetKind::Asset, "nobody knows"), "NOT_FOUND", 1)).into_records()
}

fn begin(number: u8, holder: Holder) -> Command {
    Command::Access(AccessCommand::BeginLogin(Box::new(BeginLogin {
        login: LoginId([number; 16]),
        holder,
        read_only: number == 3,
        client: "Orchestra CLI".to_owned(),
        client_hash: [61; 32],
        redirect_hash: [62; 32],
        challenge: [63; 32],
        code: [number; 32],
    })))
}

fn complete(number: u8) -> Command {
    Command::Access(AccessCommand::CompleteLogin(Box::new(CompleteLogin {
        code: [number; 32],
        client_hash: [61; 32],
        redirect_hash: [62; 32],
        verifier: [63; 32],
        family: [100 + number; 32],
        drawn: DrawnTokens { access: [120 + number; 32], refresh: [140 + number; 32] },
    })))
}

fn refresh(number: u8, shown: u8, drawn: u8) -> Command {
    Command::Access(AccessCommand::RefreshLogin(Box::new(RefreshLogin {
        family: [100 + number; 32],
        refresh: [shown; 32],
        client_hash: [61; 32],
        drawn: DrawnTokens { access: [drawn; 32], refresh: [drawn + 1; 32] },
    })))
}

/// A person and a key log in; one login is refreshed, one is ended, one lost its secrecy, one goes with its key.
pub(crate) fn logins() -> Vec<Vec<u8>> {
    let ada = || Holder::Person {
        user: "ada".to_owned(),
        grants: vec![Grant { role: Role::Editor, labels: vec!["eu".to_owned()] }],
    };
    let key = || Holder::Key(KeyId([1; 16]));
    let demo = Recorder::new(BODY).run(create(1, "ci", Role::Operator, &["eu"], None));
    let demo = demo.run(begin(1, key())).run(complete(1)).run(begin(2, ada())).run(complete(2));
    let demo = demo.run(begin(3, ada())).run(begin(4, ada())).run(complete(4)).run(complete(4));
    let demo = demo.refused(complete(9)).run(refresh(2, 142, 180)).run(refresh(2, 142, 190)).after(3_600);
    let demo = demo.run(refresh(1, 141, 200)).run(begin(5, key())).run(begin(6, ada())).run(complete(6));
    demo.run(Command::Access(AccessCommand::EndLogin { login: LoginId([6; 16]) })).into_records()
}
