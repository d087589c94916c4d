//! Lists the connector manifests, so that they are compiled in without being entered anywhere.

use std::{
    fmt::Write as _,
    path::{Path, PathBuf},
};

fn main() {
    println!("cargo::rerun-if-changed=connectors");
    let root = PathBuf::from(std::env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets it")).join("connectors");
    let mut files = Vec::new();
    find(&root, &mut files);
    files.sort();
    let (shapes, manifests): (Vec<_>, Vec<_>) =
        files.into_iter().partition(|file| file.to_string_lossy().ends_with(".shape.yaml"));
    write("connectors.rs", &root, &manifests);
    write("shapes.rs", &root, &shapes);
}

fn write(name: &str, root: &Path, files: &[PathBuf]) {
    let mut text = String::from("&[\n");
    for file in files {
        let name = file.strip_prefix(root).expect("found below it").to_str().expect("names are text");
        writeln!(text, "    ({name:?}, include_str!({:?})),", file.to_str().expect("names are text")).expect("memory");
    }
    text.push_str("]\n");
    let target = PathBuf::from(std::env::var_os("OUT_DIR").expect("cargo sets it")).join(name);
    std::fs::write(target, text).expect("the build folder can be written");
}

fn find(folder: &Path, files: &mut Vec<PathBuf>) {
    println!("cargo::rerun-if-changed={}", folder.display());
    for entry in std::fs::read_dir(folder).expect("connectors can be read").flatten() {
        let path = entry.path();
        if path.is_dir() {
            find(&path, files);
        } else if path.extension().is_some_and(|ending| ending == "yaml") {
            files.push(path);
        }
    }
}
