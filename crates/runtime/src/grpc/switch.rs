//! Where the calls of a server go: to services in this process, to another server that has them now, or nowhere yet.
//!
//! Promises: a call that comes while nobody has the services waits a little and goes on by itself; what was handed on to a server that lost
//! them and does not answer ends soon and says so, instead of hanging with it; a call is handed on as it is, whatever is in it, and never in circles. Knows
//! nothing about who has them, and why.

use std::{
    convert::Infallible,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll, ready},
};

use axum::{body::HttpBody, extract::Request, http::HeaderValue, response::Response};
use bytes::Bytes;
use http_body::{Frame, SizeHint};
use tokio::sync::{Semaphore, watch};
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};
use tonic::{
    Status,
    body::Body,
    transport::{Channel, server::TcpConnectInfo},
};
use tower::{Service as _, ServiceExt as _};

use crate::{limits, tls};

/// How often a call was handed on already.
const HOPS: &str = "downbeat-hops";
/// Address of who made a call that was handed on: of the connection that it came by first. Who says that a call was
/// handed on (`downbeat-hops`) is believed, as of who asks.
pub const FROM: &str = "downbeat-from";

/// Where calls go.
#[derive(Clone, Debug, Default)]
pub enum Place {
    /// Nobody has the services as far as is known.
    #[default]
    Nowhere,
    /// They are in this process.
    Here(Here),
    /// Another server has them.
    There {
        /// The way to it.
        channel: Channel,
        /// As it is named to those whose call cannot be handed on.
        address: String,
        /// Ends what was handed on.
        left: CancellationToken,
    },
}

/// Services in this process.
#[derive(Clone, Debug)]
pub struct Here {
    router: axum::Router,
    /// Calls that they are answering. A stream is answered once it has begun.
    answering: Arc<watch::Sender<usize>>,
    /// Ends what they are answering.
    cut: CancellationToken,
}

impl Here {
    /// These services.
    pub fn new(router: axum::Router) -> Self {
        Self { router, answering: Arc::default(), cut: CancellationToken::new() }
    }

    /// Waits until they are answering nobody.
    pub async fn idle(&self) {
        // The sender is in our hand.
        let _ = self.answering.subscribe().wait_for(|calls| *calls == 0).await;
    }

    /// Ends the calls that they are answering, and gives the same services for calls to come. Streams that have begun go on.
    #[must_use]
    pub fn cut(self) -> Self {
        self.cut.cancel();
        Self { cut: CancellationToken::new(), ..self }
    }

    async fn answer(self, request: Request) -> Response {
        self.answering.send_modify(|calls| *calls += 1);
        let _answering = Answering(self.answering);
        tokio::select! {
            answered = self.router.oneshot(request) => match answered {
                Ok(response) => response,
                Err(never) => match never {},
            },
            () = self.cut.cancelled() => {
                let why = "nothing is known of the log here for now; another one may have the services, and this may have been carried out";
                unavailable(why.to_owned())
            }
        }
    }
}

/// A call that is being answered, until it is or nobody waits for it any more.
struct Answering(Arc<watch::Sender<usize>>);

impl Drop for Answering {
    fn drop(&mut self) {
        self.0.send_modify(|calls| *calls = calls.saturating_sub(1));
    }
}

impl Place {
    /// Another server.
    pub fn there(channel: Channel, address: &str) -> Self {
        Self::There { channel, address: address.to_owned(), left: CancellationToken::new() }
    }
}

/// Says where calls go. Dropped, they go nowhere.
#[derive(Debug, Default)]
pub struct Switch(watch::Sender<Place>);

impl Switch {
    /// Calls go there from now on. What was handed on elsewhere has a moment to be answered there, or to be handed on from there: a server
    /// that ends in order does that. Then it ends.
    pub fn set(&self, place: Place) {
        if let Place::There { left, .. } = self.0.send_replace(place) {
            tokio::spawn(async move {
                tokio::time::sleep(limits::MOVED_GRACE).await;
                left.cancel();
            });
        }
    }

    /// The calls.
    pub fn calls(&self) -> Calls {
        Calls { place: self.0.subscribe(), waiting: Arc::new(Semaphore::new(limits::CALLS_HELD_MAX)) }
    }
}

impl Drop for Switch {
    fn drop(&mut self) {
        if let Place::There { left, .. } = self.0.send_replace(Place::Nowhere) {
            left.cancel();
        }
    }
}

/// Sends calls where the switch says. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Calls {
    place: watch::Receiver<Place>,
    waiting: Arc<Semaphore>,
}

impl Calls {
    /// Somebody has the services now, as far as is known.
    pub async fn somewhere(&mut self) -> bool {
        self.place.wait_for(|place| !matches!(place, Place::Nowhere)).await.is_ok()
    }

    /// Waits until nobody has them.
    pub async fn nowhere(&mut self) -> bool {
        self.place.wait_for(|place| matches!(place, Place::Nowhere)).await.is_ok()
    }

    /// Answers one call. One of which nothing was sent to a server, because it is gone, waits for the next place like one that found none.
    pub async fn answer(mut self, request: Request) -> Response {
        let hops = request.headers().get(HOPS).and_then(|hops| hops.to_str().ok()?.parse::<u8>().ok()).unwrap_or(0);
        let mut request = request;
        if hops == 0 {
            say_from(&mut request);
        }
        loop {
            match self.place().await {
                Place::Here(here) => return here.answer(request).await,
                Place::There { address, .. } if hops >= limits::HOPS_MAX => {
                    return unavailable(format!(
                        "the services moved while this was handed on, to {address}; try again"
                    ));
                }
                Place::There { channel, address, left } => {
                    request.headers_mut().insert(HOPS, u16::from(hops + 1).into());
                    match hand_on(request, channel, &address, left).await {
                        Ok(response) => return response,
                        Err(Unsent { request: unsent, why }) => {
                            if !self.elsewhere().await {
                                return unavailable(why);
                            }
                            request = *unsent;
                        }
                    }
                }
                Place::Nowhere => return unavailable("nobody has taken these services over yet; try again".to_owned()),
            }
        }
    }

    /// Waits until the switch says another place, for as long and with as many others as [`Self::place`].
    async fn elsewhere(&mut self) -> bool {
        let Ok(_room) = Arc::clone(&self.waiting).try_acquire_owned() else { return false };
        matches!(tokio::time::timeout(limits::CALL_HELD, self.place.changed()).await, Ok(Ok(())))
    }

    /// Waits for a place, where there is none now, for a bounded time and with a bounded number of others.
    async fn place(&mut self) -> Place {
        let place = self.place.borrow_and_update().clone();
        if !matches!(place, Place::Nowhere) {
            return place;
        }
        let Ok(_room) = Arc::clone(&self.waiting).try_acquire_owned() else { return Place::Nowhere };
        let somewhere = self.place.wait_for(|place| !matches!(place, Place::Nowhere));
        match tokio::time::timeout(limits::CALL_HELD, somewhere).await {
            Ok(Ok(place)) => place.clone(),
            Ok(Err(_)) | Err(_) => Place::Nowhere,
        }
    }
}

fn say_from(request: &mut Request) {
    let connection = request.extensions().get::<TcpConnectInfo>().and_then(TcpConnectInfo::remote_addr);
    request.headers_mut().remove(FROM);
    if let Some(from) = connection.and_then(|address| HeaderValue::try_from(address.to_string()).ok()) {
        request.headers_mut().insert(FROM, from);
    }
}

fn unavailable(why: String) -> Response {
    Status::unavailable(why).into_http()
}

/// A call of which the server heard nothing.
struct Unsent {
    request: Box<Request>,
    why: String,
}

async fn hand_on(
    request: Request,
    mut channel: Channel,
    address: &str,
    left: CancellationToken,
) -> Result<Response, Unsent> {
    let (head, body) = request.into_parts();
    let lent = Lent::new(body);
    let sent = axum::http::Request::from_parts(head.clone(), Body::new(lent.clone()));
    let answered = async {
        channel.ready().await?;
        channel.call(sent).await
    };
    let moved =
        || format!("the services moved away from {address} before this was answered; it may have been carried out");
    tokio::select! {
        answered = answered => match answered {
            Ok(response) => {
                let over = Some(Status::unavailable(moved()));
                Ok(response.map(|body| axum::body::Body::new(Cut { body, left: Box::pin(left.cancelled_owned()), over })))
            }
            Err(error) => {
                let why = format!("{address}: {}", tls::with_causes(&error));
                match lent.back() {
                    Some(body) => Err(Unsent { request: Box::new(Request::from_parts(head, body)), why }),
                    None => Ok(unavailable(why)),
                }
            }
        },
        () = left.cancelled() => Ok(unavailable(moved())),
    }
}

/// The body of a call, which can be had back as long as nobody has looked into it.
#[derive(Clone)]
struct Lent(Arc<Mutex<Lending>>);

struct Lending {
    body: Option<axum::body::Body>,
    is_read: bool,
}

impl Lent {
    fn new(body: axum::body::Body) -> Self {
        Self(Arc::new(Mutex::new(Lending { body: Some(body), is_read: false })))
    }

    fn back(&self) -> Option<axum::body::Body> {
        let mut lending = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if lending.is_read { None } else { lending.body.take() }
    }
}

impl HttpBody for Lent {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let mut lending = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        lending.is_read = true;
        match &mut lending.body {
            Some(body) => Pin::new(body).poll_frame(context),
            None => Poll::Ready(None),
        }
    }
}

/// An answer that is handed on until its server has lost the services.
struct Cut {
    body: Body,
    left: Pin<Box<WaitForCancellationFutureOwned>>,
    /// What is said then; nothing once it is said.
    over: Option<Status>,
}

impl HttpBody for Cut {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        if self.over.is_none() {
            return Poll::Ready(None);
        }
        if let Poll::Ready(frame) = Pin::new(&mut self.body).poll_frame(context) {
            // A server that died in the middle of an answer: whoever asked hears of it as of any other that is away.
            return match frame {
                Some(Err(error)) => {
                    self.over = Some(Status::unavailable(error.message()));
                    self.end()
                }
                other => Poll::Ready(other),
            };
        }
        ready!(self.left.as_mut().poll(context));
        self.end()
    }

    fn is_end_stream(&self) -> bool {
        self.over.is_none() || self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Cut {
    fn end(&mut self) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let Some(status) = self.over.take() else { return Poll::Ready(None) };
        let mut trailers = axum::http::HeaderMap::new();
        Poll::Ready(Some(status.add_header(&mut trailers).map(|()| Frame::trailers(trailers))))
    }
}

/// So that a router can have it as its last resort.
impl tower::Service<Request> for Calls {
    type Response = Response;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let calls = self.clone();
        Box::pin(async move { Ok(calls.answer(request).await) })
    }
}

#[cfg(test)]
mod tests;
