//! The HTTP edge: the public REST API as the official clients use it, and who may do what.
//!
//! Promises: nobody gets further than the routes' table allows them, whatever the path looks like; every answer and every error has the
//! published shape; what a caller just did is found when they ask for it next. It keeps nothing that is not kept elsewhere: the table of
//! keys comes from the coordinator, everything else is asked for. Knows nothing about how runs are decided, carried out or folded.

mod access;
mod config;
mod console;
mod error;
mod grpc;
mod http;
pub mod limits;
mod login;
mod mcp;
mod metrics;
mod openapi;
mod rest;
mod server;
mod speech;
mod traces;
mod upstream;

pub use config::{GatewayConfig, OidcConfig};
pub use error::Error;
pub use server::Gateway;
