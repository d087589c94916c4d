//! `downbeat mcp`, started as assistants start it: what goes in reaches the gateway, what comes out is messages and nothing else, and whatever goes wrong is said as a
//! message.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{TcpListener, TcpStream},
    path::PathBuf,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    sync::{Arc, Mutex},
};

use downbeat_integration_tests::{cluster::Dev, process::free_port, programs, repository};
use serde_json::{Value, json};

/// The command with its ends.
struct Program {
    child: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
}

impl Program {
    fn start(url: &str, key: &str) -> Self {
        let mut command = Command::new(programs().join("downbeat"));
        command.args(["mcp", "--url", url]).env("DOWNBEAT_KEY", key).env_remove("DOWNBEAT_KEY_FILE");
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("downbeat starts");
        let input = child.stdin.take();
        let output = BufReader::new(child.stdout.take().expect("it is piped"));
        Self { child, input, output }
    }

    fn say(&mut self, line: &str) {
        let input = self.input.as_mut().expect("it is open");
        input.write_all(line.as_bytes()).and_then(|()| input.write_all(b"\n")).expect("it reads");
    }

    fn hear(&mut self) -> Value {
        let mut line = String::new();
        self.output.read_line(&mut line).expect("a line");
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line:?}"))
    }

    fn ask(&mut self, id: u64, method: &str, params: Value) -> Value {
        self.say(&json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params}).to_string());
        let answer = self.hear();
        assert_eq!((&answer["jsonrpc"], &answer["id"]), (&json!("2.0"), &json!(id)), "{answer}");
        answer
    }

    /// Closes its input; what else it said, and on standard error, and whether it ended well.
    fn end(mut self) -> (String, String, bool) {
        drop(self.input.take());
        let (mut rest, mut errors) = (String::new(), String::new());
        self.output.read_to_string(&mut rest).expect("text");
        self.child.stderr.take().expect("it is piped").read_to_string(&mut errors).expect("text");
        (rest, errors, self.child.wait().expect("it ends").success())
    }
}

fn hello() -> Value {
    json!({"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "test", "version": "1"}})
}

fn key(dev: &Dev, name: &str, role: &str) -> String {
    dev.addresses.downbeat_ok(&["key", "create", name, "--role", role]).trim().to_owned()
}

#[test]
fn an_assistant_that_starts_a_program_has_the_tools_of_its_key() {
    let folder = tempfile::tempdir().expect("a folder");
    let dev = Dev::start(folder.path(), 1);
    let mut reader = Program::start(&dev.api, &key(&dev, "reads", "viewer"));
    assert_eq!(reader.ask(1, "initialize", hello())["result"]["serverInfo"]["name"], "downbeat");
    reader.say(r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#);
    let listed = reader.ask(2, "tools/list", json!({}));
    let tools: Vec<&str> =
        listed["result"]["tools"].as_array().expect("tools").iter().filter_map(|tool| tool["name"].as_str()).collect();
    assert!(tools.contains(&"whats_broken") && tools.contains(&"list_task_run_artifacts"), "{tools:?}");
    assert!(!tools.contains(&"start_pipeline") && !tools.contains(&"migrate_pipeline"), "{tools:?}");
    let broken = reader.ask(3, "tools/call", json!({"name": "whats_broken", "arguments": {}}));
    assert_eq!(broken["result"]["structuredContent"]["groups"], json!([]), "{broken}");
    let refused =
        reader.ask(4, "tools/call", json!({"name": "start_pipeline", "arguments": {"alias_or_pipeline_id": "x"}}));
    assert!(refused["error"]["message"].as_str().is_some_and(|text| text.contains("start_pipeline")), "{refused}");
    // What is no message is answered, and what follows it as well.
    for (line, code) in [("{", -32_700), ("7", -32_600)] {
        reader.say(line);
        assert_eq!(reader.hear()["error"]["code"], code, "{line}");
    }
    reader.say("");
    reader.say(&format!("{{\"jsonrpc\":\"2.0\",\"id\":5,\"method\":\"{}\"}}", "x".repeat(5 * 1024 * 1024)));
    assert!(reader.hear()["error"]["message"].as_str().is_some_and(|text| text.contains("4 MiB")));
    // Several at once, and the end of the input right behind them: each has its answer.
    for id in 10..20 {
        reader.say(&json!({"jsonrpc": "2.0", "id": id, "method": "tools/call", "params": {"name": "whats_happening", "arguments": {}}}).to_string());
    }
    let (rest, errors, well) = reader.end();
    let mut ids: Vec<u64> = rest
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).expect("messages alone")["id"].as_u64().expect("an id"))
        .collect();
    ids.sort_unstable();
    assert_eq!((ids, well), ((10..20).collect(), true), "{errors}");
}

#[test]
fn whatever_goes_wrong_is_an_answer_that_says_so() {
    let folder = tempfile::tempdir().expect("a folder");
    let dev = Dev::start(folder.path(), 1);
    let good = key(&dev, "reads", "viewer");
    let (nobody, secret) = (format!("http://127.0.0.1:{}", free_port()), "downbeat_00000000_nobody-knows-this-key");
    for (url, key, code, words) in [
        (dev.api.clone(), secret, -32_001, "does not take the key"),
        (nobody, good.as_str(), -32_000, "no Downbeat answers at http://127.0.0.1:"),
        (format!("{}/elsewhere", dev.api), good.as_str(), -32_001, "nobody speaks to assistants"),
    ] {
        let mut program = Program::start(&url, key);
        let answer = program.ask(1, "initialize", hello());
        assert_eq!(answer["error"]["code"], code, "{answer}");
        assert!(answer["error"]["message"].as_str().is_some_and(|text| text.contains(words)), "{answer}");
        // A notification has no answer, whatever becomes of it.
        program.say(r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#);
        let (rest, errors, well) = program.end();
        assert!(rest.is_empty() && well && errors.contains(words) && !errors.contains(key), "{rest}{errors}");
    }
    for (name, value, words) in [("DOWNBEAT_KEY", "", "no key and no login"), ("DOWNBEAT_URL", "ftp://x", "http://")] {
        let mut command = dev.addresses.command(&["mcp"]);
        command
            .env("DOWNBEAT_KEY", &good)
            .env("DOWNBEAT_URL", &dev.api)
            .env(name, value)
            .env_remove("DOWNBEAT_KEY_FILE");
        let output = command.stdin(Stdio::null()).output().expect("downbeat starts");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0), "{said}");
        assert!(said.contains(words) && !said.contains(&good), "{said}");
    }
}

/// Reads a request: its first line and headers, in small letters, and its body.
fn request(stream: &mut TcpStream) -> Option<(String, Vec<u8>)> {
    let (mut head, mut byte) = (Vec::new(), [0]);
    while !head.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte).ok()?;
        head.push(byte[0]);
    }
    let head = String::from_utf8_lossy(&head).to_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    stream.read_exact(&mut body).ok()?;
    Some((head, body))
}

/// A server that keeps sessions and streams its answers, as others than ours may.
fn streaming() -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has free ports");
    let url = format!("http://{}", listener.local_addr().expect("it is bound"));
    let heads = Arc::new(Mutex::new(Vec::new()));
    let noted = Arc::clone(&heads);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let (Ok(mut stream), noted) = (stream, Arc::clone(&noted)) else { continue };
            std::thread::spawn(move || {
                while let Some((head, body)) = request(&mut stream) {
                    noted.lock().expect("nobody panics").push(head);
                    let message: Value = serde_json::from_slice(&body).unwrap_or_default();
                    let answer = match message["method"].as_str() {
                        Some("initialize") => {
                            let result = json!({"jsonrpc": "2.0", "id": message["id"], "result": {"protocolVersion": "2025-06-18"}});
                            let body = format!("event: message\nid: 1\ndata: {result}\n\n");
                            format!(
                                "200 OK\r\ncontent-type: text/event-stream\r\nmcp-session-id: s-1\r\ncontent-length: {}\r\n\r\n{body}",
                                body.len()
                            )
                        }
                        Some("tools/call") => {
                            let progress = json!({"jsonrpc": "2.0", "method": "notifications/progress", "params": {"progress": 1}});
                            let result = json!({"jsonrpc": "2.0", "id": message["id"], "result": {"content": []}});
                            let body = format!(": soon\n\ndata: {progress}\n\ndata: {result}\n\n");
                            format!(
                                "200 OK\r\ncontent-type: text/event-stream\r\ncontent-length: {}\r\n\r\n{body}",
                                body.len()
                            )
                        }
                        // An answer that is none.
                        Some("tools/list") => {
                            "200 OK\r\ncontent-type: text/event-stream\r\ncontent-length: 0\r\n\r\n".to_owned()
                        }
                        Some("ping") => {
                            let body = "{\n  \"jsonrpc\": \"2.0\",\n  \"id\": 4,\n  \"result\": {}\n}";
                            format!(
                                "200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
                                body.len()
                            )
                        }
                        _ => "202 Accepted\r\ncontent-length: 0\r\n\r\n".to_owned(),
                    };
                    if stream.write_all(format!("HTTP/1.1 {answer}").as_bytes()).is_err() {
                        break;
                    }
                }
            });
        }
    });
    (url, heads)
}

#[test]
fn a_server_may_keep_sessions_and_stream_its_answers() {
    let (url, heads) = streaming();
    let mut program = Program::start(&url, "downbeat_test");
    assert_eq!(program.ask(1, "initialize", hello())["result"]["protocolVersion"], "2025-06-18");
    program.say(r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#);
    program.say(&json!({"jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": {"name": "x"}}).to_string());
    assert_eq!(program.hear()["method"], "notifications/progress");
    assert_eq!(program.hear()["id"], 2);
    let none = program.ask(3, "tools/list", json!({}));
    assert!(none["error"]["message"].as_str().is_some_and(|text| text.contains("gave no answer")), "{none}");
    assert_eq!(program.ask(4, "ping", json!({}))["result"], json!({}), "on one line, whatever the server's layout");
    let (rest, errors, well) = program.end();
    assert!(rest.is_empty() && well, "{rest}{errors}");

    let heads = heads.lock().expect("nobody panics").clone();
    let (first, later) = heads.split_first().expect("it was asked");
    assert!(first.starts_with("post /mcp ") && first.contains("authorization: bearer downbeat_test"), "{first}");
    assert!(
        first.contains("accept: application/json, text/event-stream") && !first.contains("mcp-session-id"),
        "{first}"
    );
    assert_eq!(later.len(), 5, "{later:?}");
    for head in later {
        assert!(head.contains("mcp-session-id: s-1") && head.contains("mcp-protocol-version: 2025-06-18"), "{head}");
    }
    assert!(later.last().is_some_and(|head| head.starts_with("delete /mcp ")), "it says that it is over: {later:?}");
}

/// The official client, which starts the command itself.
const OFFICIAL: &str = r#"
import asyncio, json, os, sys
from mcp import ClientSession, StdioServerParameters
from mcp.client.stdio import stdio_client

async def main():
    environment = {name: os.environ[name] for name in ("DOWNBEAT_URL", "DOWNBEAT_KEY", "PATH")}
    server = StdioServerParameters(command=sys.argv[1], args=["mcp"], env=environment)
    async with stdio_client(server) as (read, write), ClientSession(read, write) as session:
        hello = await session.initialize()
        tools = await session.list_tools()
        calls = await asyncio.gather(*(session.call_tool("list_pipelines", {}) for _ in range(20)))
        wrong = await session.call_tool("get_pipeline_run", {"pipeline_run_id": "none"})
        print(json.dumps({
            "server": hello.server_info.name, "tools": [tool.name for tool in tools.tools],
            "wrong": [call.is_error for call in calls], "error": wrong.is_error, "text": wrong.content[0].text,
        }))

asyncio.run(main())
"#;

#[test]
fn the_official_client_speaks_to_it() {
    let python = std::env::var_os("DOWNBEAT_MCP_PYTHON")
        .map_or_else(|| repository().join(".cache/tools/mcp/bin/python"), PathBuf::from);
    let folder = tempfile::tempdir().expect("a folder");
    let dev = Dev::start(folder.path(), 1);
    let mut command = Command::new(python);
    command.args(["-c", OFFICIAL]).arg(programs().join("downbeat"));
    command.env("DOWNBEAT_URL", &dev.api).env("DOWNBEAT_KEY", key(&dev, "assists", "editor"));
    let output = command.output().expect("`make tools` installs the client");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    let told: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {errors}"));
    assert_eq!((&told["server"], &told["error"]), (&json!("downbeat"), &json!(true)), "{told}");
    assert_eq!(told["wrong"], json!(vec![false; 20]));
    let tools = told["tools"].as_array().expect("tools");
    assert!(tools.contains(&json!("migrate_pipeline")) && tools.contains(&json!("whats_broken")), "{tools:?}");
}
