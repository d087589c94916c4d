//! Malformed requests, 10,000 of each kind: an answer of the 4xx in the published shape, and never anything else.

use std::time::Duration;

use downbeat_integration_tests::{cluster::Dev, http::Client};
use serde_json::{Value, json};

use super::{BASE, somebody};

/// Of each kind, over all routes together.
const REQUESTS: usize = 10_000;

/// Numbers that look like chance and are the same every time (xorshift).
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % sides.max(1) as u64).expect("small")
    }

    fn of<'a, T: ?Sized>(&mut self, all: &[&'a T]) -> &'a T {
        all[self.roll(all.len())]
    }
}

/// Values that somebody has trouble with.
const TROUBLE: [&str; 22] = [
    "",
    " ",
    "0",
    "-1",
    "1e999",
    "99999999999999999999",
    "null",
    "true",
    "[]",
    "{}",
    "''; DROP TABLE runs;--",
    "../../etc/passwd",
    "%00",
    "%ff%fe",
    "%F0%9F%98%80",
    "\u{202e}abc",
    "<script>alert(1)</script>",
    "{{7*7}}",
    "${jndi:ldap://x}",
    "2026-13-45T99:99:99Z",
    "00000000-0000-4000-8000-00000000000g",
    "a,b,,,,c,",
];

fn escaped(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~%,".contains(&byte);
    text.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

/// Routes with their parameters.
fn routes(client: &Client) -> Vec<(String, String, Vec<String>)> {
    let document = client.get(&format!("{BASE}/openapi.json")).json();
    let mut routes = Vec::new();
    for (path, methods) in document["paths"].as_object().expect("paths") {
        for (method, operation) in methods.as_object().expect("methods") {
            // It stays open, and is limited by how many streams there are.
            if path.ends_with("/events") {
                continue;
            }
            let names = operation["parameters"].as_array().expect("a list");
            let names = names.iter().filter(|one| one["in"] == "query").filter_map(|one| one["name"].as_str());
            routes.push((method.to_ascii_uppercase(), path.clone(), names.map(ToOwned::to_owned).collect()));
        }
    }
    routes
}

fn json_value(dice: &mut Dice, depth: usize) -> Value {
    match dice.roll(if depth > 5 { 6 } else { 9 }) {
        0 => Value::Null,
        1 => json!(dice.roll(2) == 0),
        2 => json!(i64::MIN + i64::try_from(dice.roll(1000)).expect("small")),
        3 => json!(1e308),
        4 | 5 => json!(dice.of(&TROUBLE)),
        6 => Value::Array((0..dice.roll(5)).map(|_| json_value(dice, depth + 1)).collect()),
        _ => {
            let names = [
                "data",
                "alias",
                "pipeline_id",
                "pipelineId",
                "values",
                "name",
                "runInputs",
                "task_ids",
                "span",
                "event_type",
                "state",
                "actor",
                "version",
            ];
            let fields = (0..dice.roll(6)).map(|_| ((*dice.of(&names)).to_owned(), json_value(dice, depth + 1)));
            Value::Object(fields.collect())
        }
    }
}

/// One request: method, target, headers, body.
type Sent = (String, String, Vec<(String, String)>, Vec<u8>);

fn bent(kind: &str, dice: &mut Dice, (method, path, names): &(String, String, Vec<String>)) -> Sent {
    let parts = path.split('/').map(|part| match part.starts_with('{') {
        true if kind == "path" => escaped(dice.of(&TROUBLE)).replace("%2E", ".").to_string(),
        true => "00000000-0000-4000-8000-000000000000".to_owned(),
        false => part.to_owned(),
    });
    let mut target = format!("{BASE}{}", parts.collect::<Vec<_>>().join("/"));
    let mut headers = vec![("Content-Type".to_owned(), "application/json".to_owned())];
    let mut body = Vec::new();
    match kind {
        "query" => {
            let chosen = (0..1 + dice.roll(4)).map(|_| {
                let name = if names.is_empty() { "page".to_owned() } else { names[dice.roll(names.len())].clone() };
                format!("{name}={}", escaped(dice.of(&TROUBLE)))
            });
            target = format!("{target}?{}", chosen.collect::<Vec<_>>().join("&"));
        }
        "json" => body = json_value(dice, 0).to_string().into_bytes(),
        "bytes" => body = (0..dice.roll(200)).map(|_| u8::try_from(dice.roll(256)).expect("a byte")).collect(),
        "deep" => {
            let levels = 1 + dice.roll(2_000);
            let (open, close) = if dice.roll(2) == 0 { ("[", "]") } else { ("{\"data\":", "}") };
            body = format!("{}1{}", open.repeat(levels), close.repeat(levels)).into_bytes();
        }
        "headers" => {
            let names = [
                "Range",
                "X-Orchestra-Account-Id",
                "X-Request-Id",
                "Accept",
                "If-Match",
                "Idempotency-Key",
                "User-Agent",
                "downbeat-actor-bin",
                "Expect",
            ];
            for _ in 0..1 + dice.roll(4) {
                let value: String = dice.of(&TROUBLE).chars().filter(char::is_ascii).collect();
                headers.push(((*dice.of(&names)).to_owned(), value));
            }
        }
        "ranges" => {
            let ends = ["", "0", "-5", "18446744073709551615", "99999999999999999999", "a", "1.5", " 1"];
            headers.push(("Range".to_owned(), format!("bytes={}-{}", dice.of(&ends), dice.of(&ends))));
        }
        _ => {}
    }
    (method.clone(), target, headers, body)
}

#[test]
fn malformed_requests_are_refused_in_the_published_shape() {
    let folder = tempfile::tempdir().expect("a folder");
    let dev = Dev::start(folder.path(), 1);
    let client = somebody(&dev, "fuzz", &["--role", "admin"]);
    let routes = routes(&client);
    let mut wrong = Vec::new();
    for (number, kind) in ["path", "query", "json", "bytes", "deep", "headers", "ranges"].into_iter().enumerate() {
        let mut dice = Dice(0x9E37_79B9_7F4A_7C15 ^ (number as u64 + 1));
        for at in 0..REQUESTS {
            let (method, target, headers, body) = bent(kind, &mut dice, &routes[at % routes.len()]);
            // What this test must not do to itself.
            if method == "DELETE" && target.contains("/keys/") {
                continue;
            }
            let headers: Vec<(&str, &str)> =
                headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
            let shown = || {
                format!(
                    "{kind}: {method} {target} {headers:?} {:?}",
                    String::from_utf8_lossy(&body[..body.len().min(200)])
                )
            };
            match client.send(&method, &target, &headers, &body) {
                Ok(answer) if answer.status >= 500 && answer.status != 501 => {
                    wrong.push(format!("{}: {} {}", shown(), answer.status, answer.text()))
                }
                Ok(answer) if answer.status >= 400 => {
                    let detail = &answer.json()["detail"];
                    // What the server of HTTP refuses before it is a request has no body.
                    let bare = answer.body.is_empty() && matches!(answer.status, 400 | 416 | 417 | 431);
                    if !bare && !detail.is_string() && !detail.is_array() {
                        wrong.push(format!("{}: {} without a detail: {}", shown(), answer.status, answer.text()));
                    }
                }
                Ok(_) => {}
                Err(error) => wrong.push(format!("{}: {error}", shown())),
            }
            assert!(wrong.len() < 20, "{}", wrong.join("\n"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(!dev.process.printed().contains("panicked"), "{}", dev.process.printed());
    assert_eq!(client.get(&format!("{BASE}/pipelines")).status, 200, "it still answers");
}

#[test]
fn what_is_too_large_or_too_slow_is_let_go() {
    let folder = tempfile::tempdir().expect("a folder");
    let dev = Dev::start(folder.path(), 1);
    let client = somebody(&dev, "large", &["--role", "admin"]);
    let large = vec![b' '; 5 * 1024 * 1024];
    let answer = client.send("POST", &format!("{BASE}/environments"), &[], &large);
    assert!(answer.is_ok_and(|answer| answer.status == 413));
    let long = "a".repeat(9 * 1024);
    assert_eq!(client.get(&format!("{BASE}/pipelines?x={long}")).status, 414);
    let many: Vec<(String, String)> = (0..200).map(|number| (format!("X-{number}"), "1".to_owned())).collect();
    let many: Vec<(&str, &str)> = many.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    assert_eq!(client.send("GET", &format!("{BASE}/pipelines"), &many, b"").expect("an answer").status, 431);
    // Whoever sends a head and never ends it is closed on; others are served meanwhile.
    let started = std::time::Instant::now();
    let slow = client.raw(b"GET /api/engine/public/pipelines HTTP/1.1\r\nHost: x\r\n");
    assert!(started.elapsed() < Duration::from_secs(25), "{:?}", started.elapsed());
    assert!(slow.map_or(true, |answer| answer.status == 408));
}
