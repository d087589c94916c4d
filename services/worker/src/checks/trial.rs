//! Tries a connection, because somebody asks whether it works: signs in and asks the cheapest question that there is.
//!
//! What may be reached is what other checks may reach, and what is said holds no credential. Integrations that are not listed have no
//! question that costs nothing: nobody pretends to have tried them.

use std::time::Duration;

use downbeat_proto::worker::v1::Check;
use reqwest::{Method, StatusCode, header::HeaderMap};
use russh::Disconnect;
use serde_json::{Map, Value, json};

use super::{Checks, Finding, verdict};
use crate::attempt::Failure;
use crate::base_url;
use crate::connections::{Connection, Fields, none_given};
use crate::limits::CHECK_ANSWER_BYTES_MAX;
use crate::manifest::auth::sigv4;
use crate::sql::{self, Taker, Visit};
use crate::ssh::{self, Server};
use crate::verdict::Verdict;
use crate::{mongo, s3, web};

/// What a worker says that it can do where it tries connections.
pub(crate) const KIND: &str = "CONNECTION";

const DATABASES: [&str; 5] = ["POSTGRES", "MYSQL", "MARIADB", "CLICKHOUSE", "SQL_SERVER"];
const MACHINES: [&str; 3] = ["SFTP", "LINUX_SSH", "WINDOWS_SSH"];
const OTHERS: [&str; 3] = ["MONGODB", "HTTP", "AWS_S3"];

/// The integrations whose connections can be tried.
pub(super) fn integrations() -> impl Iterator<Item = &'static str> {
    DATABASES.into_iter().chain(MACHINES).chain(OTHERS)
}

impl Checks {
    /// Tries the connection that a check names.
    pub(super) async fn attempt(&self, check: &Check, time: Duration) -> Result<Verdict, Failure> {
        let integration = integrations().find(|known| *known == check.integration).ok_or_else(|| {
            let known: Vec<&str> = integrations().collect();
            let of = &check.integration;
            Failure::misconfigured(format!(
                "there is no cheap question to {of}; connections of {} can be tried",
                known.join(", ")
            ))
        })?;
        let connection = self.connections.open(&check.connection, integration, fields(integration)).await?;
        let connection = connection.ok_or_else(|| none_given(integration))?;
        let said = tokio::time::timeout(time, ask(integration, &connection, time)).await.unwrap_or_else(|_| {
            Err(Failure::timed_out(format!("{integration} did not answer within {} seconds", time.as_secs())))
        });
        verdict(said.map(|message| Finding::Passed(outputs(message))), Some(&connection))
    }
}

fn fields(integration: &str) -> Fields {
    match integration {
        "MONGODB" => mongo::FIELDS,
        "HTTP" => base_url::FIELDS,
        "AWS_S3" => s3::FIELDS,
        other => sql::of(other).map_or(ssh::FIELDS, |sql| sql.fields()),
    }
}

/// What is there, in words.
async fn ask(integration: &'static str, connection: &Connection, time: Duration) -> Result<String, Failure> {
    match integration {
        "MONGODB" => {
            // Who signs in needs none; a connection may leave it to its tasks.
            let database = connection.text("database")?.unwrap_or("admin");
            let target = mongo::Target::read(connection, Some(database))?;
            target.sign_in("", CHECK_ANSWER_BYTES_MAX).await?;
            Ok("signed in".to_owned())
        }
        "HTTP" => site(connection, time).await,
        "AWS_S3" => buckets(connection, time).await,
        other => match sql::of(other) {
            Some(sql) => {
                let visit = Visit {
                    database: None,
                    token: "",
                    who: "trial",
                    time: Some(time),
                    answer_bytes: CHECK_ANSWER_BYTES_MAX,
                };
                let mut session = sql.connect(connection, &visit).await?;
                let looked = session.look("select 1", &mut Nobody, false).await;
                session.close().await;
                looked.map(|_| "signed in, and `select 1` was answered".to_owned())
            }
            None => {
                let what = if integration == "SFTP" { "SFTP server" } else { "SSH server" };
                let server = Server::read(connection, what)?;
                let signed_in = server.sign_in(time, CHECK_ANSWER_BYTES_MAX).await?;
                if integration == "SFTP" {
                    server.files(&signed_in, time).await?;
                }
                signed_in.ssh.disconnect(Disconnect::ByApplication, "", "").await.ok();
                Ok("signed in".to_owned())
            }
        },
    }
}

/// Whoever asks there is known: any answer but one that says the opposite.
async fn site(connection: &Connection, time: Duration) -> Result<String, Failure> {
    let base = connection.required("base_url")?.to_owned();
    let (url, headers) = base_url::address(Some(connection), "base_url", &base, HeaderMap::new())?;
    let request = web::Request { method: Method::GET, url, headers, body: None };
    let answer = web::exchange(&request, time, None).await?;
    let (status, place) = (answer.status, web::shown(&request.url));
    match status.as_u16() {
        401 | 403 | 407 => Err(Failure::misconfigured(format!("{place} answered {status}"))),
        500..=599 => Err(Failure::transient(format!("{place} answered {status}"))),
        _ => Ok(format!("{place} answered {status}")),
    }
}

/// Lists the buckets. Who may not is known all the same: the signature was right.
async fn buckets(connection: &Connection, time: Duration) -> Result<String, Failure> {
    let region = connection.text("region")?;
    let endpoint = match connection.text("endpoint")? {
        Some(endpoint) => endpoint.to_owned(),
        None => format!("https://s3.{}.amazonaws.com/", connection.required("region")?),
    };
    let url = web::absolute(&endpoint)
        .ok_or_else(|| connection.wrong("endpoint", "must be an absolute URL, like https://minio.example.com"))?;
    let mut request = web::Request { method: Method::GET, url, headers: HeaderMap::new(), body: None };
    let keys = match (connection.text("access_key_id")?, connection.text("secret_access_key")?) {
        (Some(id), Some(secret)) => Some(sigv4::Keys {
            access_key_id: id.to_owned(),
            secret_access_key: secret.to_owned(),
            session_token: connection.text("session_token")?.map(str::to_owned),
        }),
        _ => None,
    };
    let place = web::shown(&request.url);
    if let Some(keys) = &keys {
        // S3 wants to know of what the body is, also where there is none.
        let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        request.headers.insert("x-amz-content-sha256", reqwest::header::HeaderValue::from_static(empty));
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        sigv4::sign(&mut request, keys, region.unwrap_or("us-east-1"), "s3", now)
            .map_err(|why| connection.wrong("access_key_id", format!("cannot sign a request: {why}")))?;
    }
    let answer = web::once(request, time, 64 * 1024).await?;
    let text = String::from_utf8_lossy(&answer.body);
    match answer.status {
        status if status.is_success() => Ok(format!("{place} answered {status}")),
        StatusCode::FORBIDDEN if text.contains("<Code>AccessDenied</Code>") => {
            Ok(format!("{place} knows who asks, and lets them list no buckets"))
        }
        status => {
            let code = text.split_once("<Code>").and_then(|(_, rest)| rest.split_once("</Code>"));
            let code = code.map(|(code, _)| crate::attempt::beginning(code, 100)).unwrap_or_default();
            let said = format!("{place} answered {status} {code}");
            Err(if status.is_server_error() { Failure::transient(said) } else { Failure::misconfigured(said) })
        }
    }
}

/// Takes no row.
struct Nobody;

impl Taker for Nobody {
    fn columns(&mut self, _names: Vec<String>) {}

    fn row(&mut self, _values: Vec<Value>) -> bool {
        true
    }
}

/// What is answered where a connection works.
fn outputs(message: String) -> Map<String, Value> {
    Map::from_iter([("message".to_owned(), json!(message))])
}

#[cfg(test)]
mod tests {
    use tokio::{
        io::{AsyncReadExt as _, AsyncWriteExt as _},
        net::TcpListener,
    };

    use super::*;
    use crate::connections::Connections;

    /// A site that answers everybody so, and keeps what it was asked.
    async fn answering(status: &'static str, body: &'static str) -> (String, tokio::task::JoinHandle<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let served = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut asked = vec![0; 8192];
            let read = stream.read(&mut asked).await.unwrap();
            let length = body.len();
            let answer = format!("HTTP/1.1 {status}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}");
            stream.write_all(answer.as_bytes()).await.unwrap();
            String::from_utf8_lossy(&asked[..read]).into_owned()
        });
        (url, served)
    }

    fn given(integration: &str, fields: &Value) -> Checks {
        use downbeat_proto::worker::v1 as wire;
        let connections = Connections::new(None);
        let given = wire::GivenConnection {
            name: "it".to_owned(),
            integration: integration.to_owned(),
            fields: fields.to_string(),
            ..Default::default()
        };
        connections.given(wire::Connections { connections: vec![given], ..Default::default() }, false);
        Checks::new(connections)
    }

    async fn tried(integration: &str, fields: &Value) -> Verdict {
        let check = Check {
            integration: integration.to_owned(),
            sensor_type: KIND.to_owned(),
            connection: "it".to_owned(),
            timeout_seconds: 10,
            ..Default::default()
        };
        given(integration, fields).make(&check).await
    }

    #[tokio::test]
    async fn a_site_is_asked_with_the_headers_of_the_connection() {
        for (status, works) in
            [("200 OK", true), ("404 Not Found", true), ("401 Unauthorized", false), ("503 Busy", false)]
        {
            let (url, served) = answering(status, "it is hunter2-hunter2").await;
            let fields = json!({"base_url": url, "headers": {"authorization": "Bearer hunter2-hunter2"}});
            let verdict = tried("HTTP", &fields).await;
            assert_eq!(matches!(verdict, Verdict::Passed { .. }), works, "{status}: {verdict:?}");
            assert!(!format!("{verdict:?}").contains("hunter2"), "{verdict:?}");
            assert!(served.await.unwrap().contains("Bearer hunter2-hunter2"));
        }
    }

    #[tokio::test]
    async fn a_store_of_objects_is_asked_for_its_buckets() {
        let denied = "<Error><Code>AccessDenied</Code></Error>";
        let wrong = "<Error><Code>SignatureDoesNotMatch</Code></Error>";
        for (status, body, works) in
            [("200 OK", "<x/>", true), ("403 Forbidden", denied, true), ("403 Forbidden", wrong, false)]
        {
            let (endpoint, served) = answering(status, body).await;
            let keys =
                json!({"endpoint": endpoint, "access_key_id": "AKIA1234", "secret_access_key": "hunter2-hunter2"});
            let verdict = tried("AWS_S3", &keys).await;
            assert_eq!(matches!(verdict, Verdict::Passed { .. }), works, "{body}: {verdict:?}");
            let asked = served.await.unwrap();
            assert!(asked.starts_with("GET / ") && asked.contains("AWS4-HMAC-SHA256 Credential=AKIA1234/"), "{asked}");
        }
    }

    #[tokio::test]
    async fn what_does_not_answer_and_what_nobody_can_ask_is_said() {
        let nobody =
            json!({"host": "127.0.0.1", "port": 1, "database": "d", "username": "u", "password": "hunter2-hunter2"});
        let Verdict::Failed(failure) = tried("POSTGRES", &nobody).await else { panic!("it works") };
        assert!(failure.message.contains("127.0.0.1:1") && !failure.message.contains("hunter2"), "{}", failure.message);
        let Verdict::Failed(failure) = tried("FIVETRAN", &json!({})).await else { panic!("it works") };
        assert!(failure.message.contains("no cheap question to FIVETRAN"), "{}", failure.message);
    }
}
