//! A method of a service is called with a message that is known by its descriptor.

use bytes::{Buf as _, BufMut as _, Bytes};
use downbeat_proto::limits::MESSAGE_BYTES_MAX;
use prost_reflect::{DynamicMessage, MethodDescriptor, prost::Message as _};
use tonic::{
    Status,
    client::Grpc,
    codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder},
    codegen::http::uri::PathAndQuery,
    transport::Channel,
};

use super::POOL;
use crate::http::{Call, Fault};

/// A method, such as `downbeat.metadata.v1.AnswerService/GetNow`.
#[derive(Clone, Debug)]
pub(crate) struct Method {
    pub(crate) descriptor: MethodDescriptor,
    pub(crate) path: PathAndQuery,
}

impl Method {
    /// By its whole name; none = there is no such method.
    pub(crate) fn named(name: &str) -> Option<Self> {
        let (service, method) = name.split_once('/')?;
        let service = POOL.get_service_by_name(service)?;
        let descriptor = service.methods().find(|known| known.name() == method)?;
        Some(Self { descriptor, path: PathAndQuery::try_from(format!("/{name}")).ok()? })
    }

    /// The coordinator answers it, or else the projector.
    fn is_control(&self) -> bool {
        self.descriptor.parent_service().package_name() == "downbeat.control.v1"
    }

    /// Whom it is asked.
    pub(crate) fn client(&self, call: &Call) -> Grpc<Channel> {
        let upstream = &call.edge.upstream;
        let channel = if self.is_control() { upstream.coordinator.clone() } else { upstream.projector.clone() };
        Grpc::new(channel).max_decoding_message_size(MESSAGE_BYTES_MAX).max_encoding_message_size(MESSAGE_BYTES_MAX)
    }
}

/// Asks, in the name of who called.
pub(crate) async fn call(call: &Call, method: &Method, request: &DynamicMessage) -> Result<DynamicMessage, Fault> {
    let mut client = method.client(call);
    client.ready().await.map_err(|error| Status::unavailable(error.to_string()))?;
    let request = call.ask(Bytes::from(request.encode_to_vec()));
    let answer = client.unary(request, method.path.clone(), Raw).await?.into_inner();
    read(method, answer)
}

/// An answer of the method.
fn read(method: &Method, answer: Bytes) -> Result<DynamicMessage, Fault> {
    let read = DynamicMessage::decode(method.descriptor.output(), answer);
    read.map_err(|error| Status::internal(format!("an answer cannot be read: {error}")).into())
}

/// Messages as they are.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Raw;

impl Codec for Raw {
    type Encode = Bytes;
    type Decode = Bytes;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self
    }

    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for Raw {
    type Item = Bytes;
    type Error = Status;

    fn encode(&mut self, item: Bytes, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        buffer.put(item);
        Ok(())
    }
}

impl Decoder for Raw {
    type Item = Bytes;
    type Error = Status;

    fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<Bytes>, Status> {
        Ok(Some(buffer.copy_to_bytes(buffer.remaining())))
    }
}
