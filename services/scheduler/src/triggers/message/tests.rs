//! Messages in all their forms, and what is no event.

use serde_json::json;

use super::*;

fn message(headers: &[(&str, &str)], payload: impl AsRef<[u8]>) -> Message {
    Message {
        address: "orders.landed".to_owned(),
        headers: headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
        payload: payload.as_ref().to_vec(),
        sequence: 12,
        stream: "DOWNBEAT_TRIGGER@2026".to_owned(),
    }
}

const CLOUD_EVENT: [(&str, &str); 4] =
    [("ce-specversion", "1.0"), ("ce-id", "7"), ("ce-source", "shop"), ("ce-type", "landed")];

fn with<'a>(more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    [&CLOUD_EVENT[..], more].concat()
}

fn event() -> IncomingEvent {
    IncomingEvent {
        address: "orders.landed".to_owned(),
        id: "7".to_owned(),
        source: "shop".to_owned(),
        kind: "landed".to_owned(),
        subject: String::new(),
        time: None,
        data: json!({"rows": 3}),
        depth: 0,
    }
}

#[test]
fn cloud_events_in_binary_mode() {
    let rows = br#"{"rows": 3}"#;
    assert_eq!(message(&CLOUD_EVENT, rows).event(), Ok(event()));
    let all = with(&[
        ("ce-subject", "caf%C3%A9%20\u{25}2525"),
        ("ce-time", "2026-11-26T08:00:00.123456789+01:00"),
        ("ce-downbeatdepth", "3"),
        ("content-type", "application/json; charset=utf-8"),
    ]);
    let expected = IncomingEvent {
        subject: "café %25".to_owned(),
        time: Some("2026-11-26T07:00:00.123456Z".parse().unwrap()),
        depth: 3,
        ..event()
    };
    assert_eq!(message(&all, rows).event(), Ok(expected));
    let text = message(&with(&[("content-type", "text/plain")]), "three rows").event().unwrap();
    assert_eq!(text.data, json!("three rows"));
    assert_eq!(message(&CLOUD_EVENT, "").event().unwrap().data, json!(null));
    let quoted = with(&[("ce-subject", "\"a b\"")]);
    assert_eq!(message(&quoted, rows).event().unwrap().subject, "a b");
}

#[test]
fn cloud_events_in_structured_mode_with_and_without_their_content_type() {
    let payload = json!({"specversion": "1.0", "id": "7", "source": "shop", "type": "landed", "data": {"rows": 3}});
    for headers in [&[("content-type", "application/cloudevents+json; charset=UTF-8")][..], &[]] {
        assert_eq!(message(headers, payload.to_string()).event(), Ok(event()));
    }
    let mut deep = payload;
    deep["downbeatdepth"] = json!(2);
    assert_eq!(message(&[], deep.to_string()).event().unwrap().depth, 2);
}

#[test]
fn plain_json_takes_its_id_from_the_publisher_or_from_its_place_in_the_stream() {
    let rows = r#"{"rows": 3}"#;
    let told = |headers: &[(&str, &str)]| {
        let event = message(headers, rows).event().unwrap();
        assert_eq!((event.data, event.kind), (json!({"rows": 3}), String::new()));
        (event.source, event.id)
    };
    let pair = |source: &str, id: &str| (source.to_owned(), id.to_owned());
    assert_eq!(told(&[("nats-msg-id", "a")]), pair("nats-msg-id", "a"));
    assert_eq!(told(&[]), pair("DOWNBEAT_TRIGGER@2026", "12"));
    // Published again out of the dead letters: the same event.
    let again = [("nats-msg-id", "other"), (ID_HEADER, "9"), (SOURCE_HEADER, "DOWNBEAT_TRIGGER@2025")];
    assert_eq!(told(&again), pair("DOWNBEAT_TRIGGER@2025", "9"));
}

#[test]
fn what_is_no_event_says_why() {
    let nested = format!("{}1{}", "[".repeat(65), "]".repeat(65));
    let bottomless = "[".repeat(100_000);
    let large = vec![b' '; limits::EVENT_BYTES_MAX + 1];
    let structured = |fields: serde_json::Value| fields.to_string();
    let cases: Vec<(Message, &str)> = vec![
        (message(&[], large), "its payload has 1048577 bytes; at most 1048576 are allowed"),
        (message(&[], [b'"', 0xff, b'"']), "its payload is no UTF-8 from byte 1 on"),
        (message(&[], "{rows: 3}"), "its payload is no JSON: key must be a string at line 1 column 2"),
        (message(&[], ""), "its payload is no JSON: EOF"),
        (message(&[], nested), "its data is nested deeper than 64 levels"),
        (message(&[], bottomless), "its payload is no JSON: recursion limit exceeded"),
        (message(&CLOUD_EVENT[..3], "{}"), "it is a CloudEvent without `type`"),
        (message(&with(&[("ce-specversion", "0.3")]), "{}"), "it is a CloudEvent of version `0.3`; 1.0 is read"),
        (message(&with(&[("ce-subject", "%C0%AF")]), "{}"), "its header ce-subject is no percent-encoded UTF-8"),
        (message(&with(&[("ce-subject", "%4")]), "{}"), "its header ce-subject is no percent-encoded UTF-8"),
        (message(&with(&[("ce-time", "yesterday")]), "{}"), "its time `yesterday` is no instant"),
        (message(&with(&[("ce-downbeatdepth", "21")]), "{}"), "21 runs led to it"),
        (message(&with(&[("ce-downbeatdepth", "-1")]), "{}"), "its depth `-1` is no whole number"),
        (message(&[("content-type", "application/cloudevents-batch+json")], "[]"), "CloudEvents as `"),
        (message(&[("content-type", "application/cloudevents+json")], "[]"), "it is no JSON object"),
        (message(&[], structured(json!({"specversion": "1.0", "id": 7}))), "its attribute `id` is no text"),
        (message(&[], structured(json!({"specversion": "1.0"}))), "it is a CloudEvent without `id`"),
        (Message { sequence: 0, ..message(&[], "{}") }, "it has no id: give it a Nats-Msg-Id"),
        (Message { address: "x".repeat(256), ..message(&[], "{}") }, "its NATS subject has 256 bytes"),
    ];
    for (message, reason) in cases {
        let found = message.event().unwrap_err();
        assert!(found.starts_with(reason), "{found}\nnot: {reason}");
    }
}
