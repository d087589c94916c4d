//! Compiles the .proto files with protox, so that no protoc is needed on the machine.

use std::{env, error::Error, fs, path::PathBuf};

const FILES: [&str; 21] = [
    "downbeat/events/v1/events.proto",
    "downbeat/worker/v1/worker.proto",
    "downbeat/control/v1/access.proto",
    "downbeat/control/v1/connections.proto",
    "downbeat/control/v1/control.proto",
    "downbeat/control/v1/environments.proto",
    "downbeat/control/v1/inventory.proto",
    "downbeat/control/v1/pipelines.proto",
    "downbeat/control/v1/tool_state.proto",
    "downbeat/control/v1/webhooks.proto",
    "downbeat/metadata/v1/audit.proto",
    "downbeat/metadata/v1/position.proto",
    "downbeat/metadata/v1/metadata.proto",
    "downbeat/metadata/v1/lineage.proto",
    "downbeat/metadata/v1/answers.proto",
    "downbeat/metadata/v1/assets.proto",
    "downbeat/metadata/v1/cost.proto",
    "downbeat/metadata/v1/savings.proto",
    "downbeat/metadata/v1/tool_state.proto",
    "downbeat/metadata/v1/trends.proto",
    "downbeat/snapshot/v1/snapshot.proto",
];

/// They hold credentials: `src/unprinted.rs` says what is printed of them.
const WITHOUT_DEBUG: [&str; 7] = [
    ".downbeat.worker.v1.GivenConnection",
    ".downbeat.control.v1.SaveConnectionRequest",
    ".downbeat.control.v1.OpenEndpointRequest",
    ".downbeat.control.v1.OpenEndpointResponse",
    ".downbeat.control.v1.RotateEndpointRequest",
    ".downbeat.control.v1.RotateEndpointResponse",
    ".downbeat.control.v1.AccessSecret",
];

fn main() -> Result<(), Box<dyn Error>> {
    for file in FILES {
        println!("cargo:rerun-if-changed={file}");
    }
    let descriptors = protox::compile(FILES, ["."])?;
    let out = PathBuf::from(env::var("OUT_DIR")?);
    // The same descriptors feed gRPC reflection.
    fs::write(out.join("descriptors.bin"), prost_encode(&descriptors))?;
    // Ordered maps: the same message always has the same bytes.
    tonic_prost_build::configure().btree_map(".").bytes(".").skip_debug(WITHOUT_DEBUG).compile_fds(descriptors)?;
    Ok(())
}

fn prost_encode(descriptors: &impl prost::Message) -> Vec<u8> {
    descriptors.encode_to_vec()
}
