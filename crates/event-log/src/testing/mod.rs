//! Tools of tests, also those of other crates: real nats-servers and a disk that loses power.

pub mod nats_cluster;
pub mod nats_server;
pub mod ports;
pub mod power_loss;
