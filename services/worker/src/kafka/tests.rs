//! Brokers of the protocol's shape that misbehave.

use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};

use super::{Cluster, FIELDS, topic::Topic};
use crate::attempt::Failure;
use crate::connections::Connections;

/// Reads one request and answers it with this body.
async fn answer(stream: &mut TcpStream, body: &[u8]) -> Option<()> {
    let length = stream.read_u32().await.ok()?;
    let mut request = vec![0; length as usize];
    stream.read_exact(&mut request).await.ok()?;
    let mut said = (body.len() as u32 + 4).to_be_bytes().to_vec();
    said.extend_from_slice(&request[4..8]);
    said.extend_from_slice(body);
    stream.write_all(&said).await.ok()
}

fn text(value: &str) -> Vec<u8> {
    [&(value.len() as u16).to_be_bytes(), value.as_bytes()].concat()
}

fn longs(values: &[i32]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_be_bytes()).collect()
}

/// Metadata of one topic: who its broker 1 says it is, and its partitions: error, leader, replicas that are up to date of two.
fn metadata(host: &str, port: u16, code: i16, partitions: &[(i16, i32, usize)]) -> Vec<u8> {
    let mut said =
        [longs(&[0, 1, 1]), text(host), longs(&[port.into()]), text("rack"), text("cluster"), longs(&[1, 1])].concat();
    said.extend([&code.to_be_bytes()[..], &text("orders"), &[0], &longs(&[partitions.len() as i32])].concat());
    for (number, (code, leader, current)) in partitions.iter().enumerate() {
        said.extend([&code.to_be_bytes()[..], &longs(&[number as i32, *leader, 2, 1, 2])].concat());
        said.extend([longs(&[*current as i32]), longs(&[1, 2][..*current])].concat());
    }
    said
}

/// Offsets of partition 0.
fn offsets(offset: i64) -> Vec<u8> {
    [
        longs(&[1]),
        text("orders"),
        longs(&[1, 0]),
        vec![0; 2],
        (-1_i64).to_be_bytes().to_vec(),
        offset.to_be_bytes().to_vec(),
    ]
    .concat()
}

async fn look(servers: &str, more: &[(&str, Value)]) -> Result<Topic, Failure> {
    let folder = tempfile::tempdir().unwrap();
    let mut fields = json!({ "bootstrap_servers": servers, "sslmode": "disable" });
    more.iter().for_each(|(name, value)| fields[*name] = value.clone());
    let file = json!({ "integration": "KAFKA", "fields": fields }).to_string();
    std::fs::write(folder.path().join("default_kafka.json"), file).unwrap();
    let connections = Connections::new(Some(folder.path().to_owned()));
    let connection = connections.open("", "KAFKA", FIELDS).await.unwrap().unwrap();
    Cluster::read(&connection)?.topic("orders").await
}

/// What is made of a broker that gives these answers, each line from the first on.
async fn with(answers: Vec<Vec<u8>>, more: &[(&str, Value)]) -> Result<Topic, Failure> {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let serve = async {
        let mut answers = answers.into_iter();
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            for body in answers.by_ref() {
                // A line that is over is followed by another one.
                if body.is_empty() || answer(&mut stream, &body).await.is_none() {
                    break;
                }
            }
        }
    };
    let servers = format!("127.0.0.1:{port}");
    tokio::select! {
        topic = look(&servers, more) => topic,
        () = serve => unreachable!("it never ends"),
    }
}

#[tokio::test]
async fn partitions_without_a_leader_and_replicas_behind_are_seen() {
    let topic = with(vec![metadata("10.0.0.1", 1, 0, &[(5, -1, 1), (5, 7, 2), (9, -1, 2)])], &[]).await.unwrap();
    let seen: Vec<_> = topic.partitions.iter().map(|partition| (partition.leader, partition.behind)).collect();
    assert_eq!(seen, [(None, 1), (None, 0), (None, 0)]);
    assert_eq!((topic.records(), topic.unreached), (None, None));
}

#[tokio::test]
async fn what_a_broker_says_of_others_is_not_believed_blindly() {
    for (host, port, why) in [
        ("169.254.169.254", 80, "link-local"),
        ("a b", 1, "nobody says where the broker 1 is"),
        ("127.0.0.1", 1, "cannot reach the broker at 127.0.0.1:1"),
    ] {
        let topic = with(vec![metadata(host, port, 0, &[(0, 1, 2)])], &[]).await.unwrap();
        let unreached = topic.unreached.unwrap();
        assert!(unreached.contains(why), "{unreached}");
        assert_eq!(topic.partitions[0].offsets, None);
    }
}

#[tokio::test]
async fn answers_that_are_none_are_refused() {
    let whole = metadata("127.0.0.1", 1, 0, &[(0, 1, 2)]);
    for length in (0..whole.len()).step_by(3) {
        let mut cut = whole[..length].to_vec();
        // An empty one ends the line.
        cut.extend(if cut.is_empty() { &[0][..] } else { &[] });
        let refused = with(vec![cut], &[]).await.unwrap_err();
        assert!(refused.message.contains("ends too early"), "{length}: {}", refused.message);
    }
    for (body, why) in [
        (longs(&[0, i32::MAX]), "ends too early"),
        (metadata("127.0.0.1", 1, 3, &[]), "there is no such topic"),
        (metadata("127.0.0.1", 1, 29, &[]), "may not describe"),
        (metadata("127.0.0.1", 1, 0, &[]), "no leader just now"),
        (metadata("127.0.0.1", 1, 99, &[]), "error 99"),
    ] {
        let refused = with(vec![body], &[]).await.unwrap_err();
        assert!(refused.message.contains(why), "{}", refused.message);
    }
}

#[tokio::test]
async fn a_broker_that_does_not_know_the_password_is_left() {
    let said =
        |bytes: &str| [vec![0; 2], vec![0xFF; 2], longs(&[bytes.len() as i32]), bytes.as_bytes().to_vec()].concat();
    let scram = [("sasl_mechanism", json!("SCRAM-SHA-512")), ("username", json!("u")), ("password", json!("s3cret"))];
    for (first, why) in [
        (said("r=somebody else,s=AAAA,i=4096"), "somebody else's"),
        (said("nonsense"), "cannot be read"),
        ([&58_i16.to_be_bytes()[..], &text("no\u{7}t you"), &longs(&[-1])].concat(), "wrong (error 58): not you"),
    ] {
        let handshake = [vec![0; 2], longs(&[0])].concat();
        let refused = with(vec![handshake, first], &scram).await.unwrap_err();
        assert!(refused.message.contains(why), "{}", refused.message);
        assert!(!refused.message.contains("s3cret"));
    }
}

/// A broker that leads the partition itself and is asked for its offsets on a line of its own.
#[tokio::test]
async fn offsets_are_asked_from_the_leader() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let serve = async {
        let (mut first, _) = listener.accept().await.unwrap();
        answer(&mut first, &metadata("127.0.0.1", port, 0, &[(0, 1, 2)])).await.unwrap();
        let (mut second, _) = listener.accept().await.unwrap();
        answer(&mut second, &offsets(5)).await.unwrap();
        answer(&mut second, &offsets(12)).await.unwrap();
    };
    let servers = format!("127.0.0.1:{port}");
    let (topic, ()) = tokio::join!(look(&servers, &[]), serve);
    let topic = topic.unwrap();
    assert_eq!((topic.partitions[0].offsets, topic.records(), topic.unreached), (Some((5, 12)), Some(7), None));
}
