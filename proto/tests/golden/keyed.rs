//! Keys that are made, revoked and used; logins of people.

use downbeat_domain::{
    Event, Grant, KeyId, LoginId, Role, Target, TargetKind,
    event::{AccessEvent, KeyCreated, LoginBegun, LoginEnd, LoginRenewed, ToolsCalled},
};

use crate::{added::text, samples::at};

const KEY: KeyId = KeyId(*b"key-of-a-program");

/// File name and event.
pub(crate) fn events() -> Vec<(&'static str, Event)> {
    let access = |fact| Event::Access(Box::new(fact));
    let grants = vec![
        Grant { role: Role::Viewer, labels: Vec::new() },
        Grant { role: Role::Editor, labels: vec![text("eu"), text("finance")] },
    ];
    let created = KeyCreated {
        key: KEY,
        name: text("ci"),
        hash: [0xa5; 32],
        grants,
        by: text("user:ada"),
        expires_at: at(9_000),
        at: at(80),
    };
    let all = KeyCreated {
        grants: [Role::Operator, Role::Admin].map(|role| Grant { role, labels: Vec::new() }).to_vec(),
        by: text("key:ci"),
        ..created.clone()
    };
    let begun = LoginBegun {
        login: LoginId(*b"login-of-a-human"),
        subject: text("user:ada"),
        key: None,
        grants: created.grants.clone(),
        read_only: true,
        client: text("Orchestra CLI"),
        client_hash: [0xc1; 32],
        redirect_hash: [0xc2; 32],
        challenge: [0xc3; 32],
        code: [0xc4; 32],
        code_expires_at: at(142),
        ends_at: at(8_000),
        at: at(82),
    };
    let of_key =
        LoginBegun { subject: text("key:ci"), key: Some(KEY), grants: Vec::new(), read_only: false, ..begun.clone() };
    let renewed = LoginRenewed {
        login: begun.login,
        access: [0xd1; 32],
        access_expires_at: at(3_683),
        refresh: [0xd2; 32],
        refresh_expires_at: at(7_000),
        at: at(83),
    };
    let ended = |end| AccessEvent::LoginEnded { login: begun.login, subject: text("user:ada"), end, at: at(85) };
    let login_events = vec![
        ("LOGIN_BEGUN", access(AccessEvent::LoginBegun(Box::new(begun.clone())))),
        ("LOGIN_BEGUN.key", access(AccessEvent::LoginBegun(Box::new(of_key)))),
        ("LOGIN_COMPLETED", access(AccessEvent::LoginCompleted { family: [0xd3; 32], renewed })),
        ("LOGIN_REFRESHED", access(AccessEvent::LoginRefreshed { renewed, again: false })),
        ("LOGIN_REFRESHED.again", access(AccessEvent::LoginRefreshed { renewed, again: true })),
        ("LOGIN_ENDED", access(ended(LoginEnd::Ended))),
        ("LOGIN_ENDED.code", access(ended(LoginEnd::CodeUsedTwice))),
        ("LOGIN_ENDED.refresh", access(ended(LoginEnd::RefreshUsedTwice))),
        ("LOGIN_ENDED.replaced", access(ended(LoginEnd::Replaced))),
    ];
    let called = ToolsCalled {
        tool: text("get_pipeline_run"),
        targets: vec![Target::new(TargetKind::Run, KEY), Target::new(TargetKind::Asset, "postgres://db/shop.orders")],
        code: String::new(),
        calls: 3,
        since: at(86),
        at: at(87),
    };
    let refused =
        ToolsCalled { tool: String::new(), targets: Vec::new(), code: text("NOT_FOUND"), calls: 1, ..called.clone() };
    let key_events = vec![
        ("KEY_CREATED", access(AccessEvent::KeyCreated(created))),
        ("KEY_CREATED.roles", access(AccessEvent::KeyCreated(all))),
        ("KEY_REVOKED", access(AccessEvent::KeyRevoked { key: KEY, name: text("ci"), at: at(81) })),
        ("KEYS_USED", access(AccessEvent::KeysUsed { keys: vec![KEY, KeyId([7; 16])], hour: at(0) })),
        ("TOOLS_CALLED", access(AccessEvent::ToolsCalled(Box::new(called.clone())))),
        ("TOOLS_CALLED.refused", access(AccessEvent::ToolsCalled(Box::new(refused)))),
    ];
    [key_events, login_events].concat()
}
