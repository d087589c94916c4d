//! YAML as a tree in which every node knows its place. Promises bounded size and depth, and scalars as YAML 1.1 (PyYAML's safe
//! loading) reads them, except that dates stay texts: JSON has none. Knows nothing about pipelines.

mod block;
mod fault;
mod flow;
mod node;
mod position;
mod read;
mod scalar;

pub(crate) use node::{Entry, Kind, Node, Style};
pub(crate) use position::Places;
pub(crate) use read::read;
