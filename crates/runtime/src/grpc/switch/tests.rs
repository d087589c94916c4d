//! Calls over real connections, to servers that have the services, had them, or hang.

use std::time::{Duration, Instant};

use axum::{Router, routing::any};
use tokio::{io::AsyncReadExt as _, net::TcpListener};
use tonic::Code;

use super::*;
use crate::{
    grpc::{Listener, Target, bind, serve_switched},
    shutdown::Shutdown,
};

/// A server behind a switch. Its own services answer with its name.
struct Server {
    switch: Switch,
    address: String,
    name: &'static str,
    _end: Shutdown,
}

impl Server {
    async fn start(name: &'static str) -> Self {
        let (switch, end) = (Switch::default(), Shutdown::default());
        let listener: Listener = bind("127.0.0.1:0".parse().unwrap()).await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(serve_switched(
            listener,
            switch.calls(),
            tonic_health::pb::FILE_DESCRIPTOR_SET,
            &[],
            end.signal(),
        ));
        Self { switch, address, name, _end: end }
    }

    fn here(&self) {
        let name = self.name;
        self.switch.set(Place::Here(Here::new(Router::new().fallback(any(move || async move { name })))));
    }

    fn there(&self, address: &str) {
        self.switch.set(Place::there(Target::plain(address).unwrap().connect_lazy(), address));
    }
}

/// Asks the server at this address; what answers says its name.
async fn ask(address: &str) -> Result<String, Status> {
    let channel = Target::plain(address).unwrap().connect().await.unwrap();
    ask_over(channel, address).await
}

/// The same over this connection, with a lie about where it comes from.
async fn ask_over(mut channel: Channel, address: &str) -> Result<String, Status> {
    let request = axum::http::Request::post(format!("{address}/service/method")).header(FROM, "192.0.2.1:1");
    let request = request.body(Body::empty()).unwrap();
    let response =
        channel.ready().await.unwrap().call(request).await.map_err(|error| Status::unknown(error.to_string()))?;
    if let Some(status) = Status::from_header_map(response.headers()) {
        return Err(status);
    }
    let body = axum::body::to_bytes(axum::body::Body::new(response.into_body()), 1_000).await;
    Ok(String::from_utf8(body.unwrap().to_vec()).unwrap())
}

/// Services that say which address they are called from.
fn tells_from() -> Place {
    let tell = |request: Request| async move {
        request.headers().get(FROM).map(|from| from.to_str().unwrap().to_owned()).unwrap_or_default()
    };
    Place::Here(Here::new(Router::new().fallback(any(tell))))
}

#[tokio::test]
async fn a_call_is_answered_where_the_services_are() {
    let (a, b) = (Server::start("a").await, Server::start("b").await);
    a.here();
    b.there(&a.address);
    assert_eq!(ask(&a.address).await.unwrap(), "a");
    assert_eq!(ask(&b.address).await.unwrap(), "a");
    b.here();
    a.there(&b.address);
    assert_eq!(ask(&a.address).await.unwrap(), "b");
}

#[tokio::test]
async fn a_call_comes_from_where_it_came_first_however_often_it_is_handed_on() {
    let (a, b, c) = (Server::start("a").await, Server::start("b").await, Server::start("c").await);
    let channel = Target::plain(&c.address).unwrap().connect().await.unwrap();
    c.switch.set(tells_from());
    let caller = ask_over(channel.clone(), &c.address).await.unwrap();
    let address: std::net::SocketAddr = caller.parse().unwrap();
    assert!(address.ip().is_loopback());
    a.switch.set(tells_from());
    c.there(&a.address);
    assert_eq!(ask_over(channel.clone(), &c.address).await.unwrap(), caller);
    b.there(&a.address);
    c.there(&b.address);
    assert_eq!(ask_over(channel, &c.address).await.unwrap(), caller);
}

#[tokio::test]
async fn a_call_that_comes_between_two_owners_waits_for_the_next() {
    let (a, b) = (Server::start("a").await, Server::start("b").await);
    let asked = {
        let address = a.address.clone();
        tokio::spawn(async move { ask(&address).await })
    };
    tokio::time::sleep(Duration::from_millis(50)).await;
    b.here();
    a.there(&b.address);
    assert_eq!(asked.await.unwrap().unwrap(), "b");
}

#[tokio::test]
async fn a_call_in_the_hands_of_a_server_that_hangs_ends_when_another_one_has_the_services() {
    let hangs = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", hangs.local_addr().unwrap());
    let (reached, mut is_reached) = tokio::sync::mpsc::channel(1);
    tokio::spawn(async move {
        let (mut stream, _) = hangs.accept().await.unwrap();
        let mut bytes = [0; 1_024];
        while stream.read(&mut bytes).await.is_ok_and(|count| count > 0) {
            // Somebody waits for the first only.
            let _ = reached.try_send(());
        }
    });
    let a = Server::start("a").await;
    a.there(&address);
    let asked = {
        let address = a.address.clone();
        tokio::spawn(async move { ask(&address).await })
    };
    is_reached.recv().await.unwrap();
    let since = Instant::now();
    a.here();
    let status = asked.await.unwrap().unwrap_err();
    assert_eq!(status.code(), Code::Unavailable);
    assert!(status.message().contains("may have been carried out"), "{status}");
    assert!(since.elapsed() < Duration::from_secs(5));
    assert_eq!(ask(&a.address).await.unwrap(), "a");
}

#[tokio::test]
async fn an_answer_under_way_ends_in_words_when_the_services_move() {
    let (a, b) = (Server::start("a").await, Server::start("b").await);
    b.switch.set(Place::Here(Here::new(Router::new().fallback(any(|| async { endless() })))));
    a.there(&b.address);
    let mut channel = Target::plain(&a.address).unwrap().connect().await.unwrap();
    let request = axum::http::Request::post(format!("{}/s/m", a.address)).body(Body::empty()).unwrap();
    let mut body = channel.ready().await.unwrap().call(request).await.unwrap().into_body();
    assert!(next(&mut body).await.unwrap().unwrap().is_data());
    a.here();
    let mut last = next(&mut body).await;
    while let Some(Ok(frame)) = &last
        && frame.is_data()
    {
        last = next(&mut body).await;
    }
    let trailers = last.unwrap().unwrap().into_trailers().unwrap();
    assert_eq!(Status::from_header_map(&trailers).unwrap().code(), Code::Unavailable);
}

#[tokio::test]
async fn whoever_ends_can_wait_for_the_calls_that_it_answers() {
    let (go, gone) = (Arc::new(tokio::sync::Notify::new()), Arc::new(tokio::sync::Notify::new()));
    let (waits, begun) = (Arc::clone(&go), Arc::clone(&gone));
    let router = Router::new().fallback(any(move || {
        let (waits, begun) = (Arc::clone(&waits), Arc::clone(&begun));
        async move {
            begun.notify_one();
            waits.notified().await;
            "late"
        }
    }));
    let (a, here) = (Server::start("a").await, Here::new(router));
    here.idle().await;
    a.switch.set(Place::Here(here.clone()));
    let asked = {
        let address = a.address.clone();
        tokio::spawn(async move { ask(&address).await })
    };
    gone.notified().await;
    a.switch.set(Place::Nowhere);
    assert!(tokio::time::timeout(Duration::from_millis(20), here.idle()).await.is_err());
    go.notify_one();
    here.idle().await;
    assert_eq!(asked.await.unwrap().unwrap(), "late");
}

#[tokio::test]
async fn servers_that_take_each_other_for_the_owner_end_it() {
    let (a, b) = (Server::start("a").await, Server::start("b").await);
    a.there(&b.address);
    b.there(&a.address);
    assert_eq!(ask(&a.address).await.unwrap_err().code(), Code::Unavailable);
}

#[tokio::test]
async fn a_call_for_an_owner_who_is_gone_is_answered_by_the_next() {
    let (a, b) = (Server::start("a").await, Server::start("b").await);
    let gone = bind("127.0.0.1:0".parse().unwrap()).await.unwrap();
    let address = format!("http://{}", gone.local_addr().unwrap());
    drop(gone);
    a.there(&address);
    let asked = {
        let address = a.address.clone();
        tokio::spawn(async move { ask(&address).await })
    };
    tokio::time::sleep(Duration::from_millis(100)).await;
    b.here();
    a.there(&b.address);
    assert_eq!(asked.await.unwrap().unwrap(), "b");
}

async fn next(body: &mut Body) -> Option<Result<Frame<Bytes>, Status>> {
    std::future::poll_fn(|context| Pin::new(&mut *body).poll_frame(context)).await
}

/// A body that begins and never ends.
fn endless() -> axum::body::Body {
    struct Endless(bool);
    impl HttpBody for Endless {
        type Data = Bytes;
        type Error = Infallible;

        fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
            if std::mem::replace(&mut self.0, true) {
                // Woken by nobody.
                return Poll::Pending;
            }
            Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(b"begun")))))
        }
    }
    axum::body::Body::new(Endless(false))
}
