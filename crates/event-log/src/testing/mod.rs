//! Tools of tests, also those of other crates: a real nats-server and a disk that loses power.

pub mod nats_cluster;
pub mod nats_server;
pub mod power_loss;
