//! Embeds the built console, where there is one: `console/dist`, which `make console` makes. Without it the gateway says how to get it.

use std::{
    env,
    error::Error,
    fmt::Write as _,
    fs, io,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

/// Files of the console, at most: a folder with more is none that the build of the console made.
const FILES_MAX: usize = 2_000;

fn main() -> Result<(), Box<dyn Error>> {
    let dist = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?).join("console").join("dist");
    if !dist.is_dir()
        && let Err(error) = make_room(&dist)
    {
        println!("cargo::warning={} cannot be made, so the gateway is built anew each time: {error}", dist.display());
    }
    println!("cargo::rerun-if-changed={}", dist.display());
    println!("cargo::rerun-if-changed=build.rs");
    let mut files = Vec::new();
    if dist.is_dir() {
        collect(&dist, "", &mut files)?;
    }
    // Without the page nothing of it can be shown.
    if !files.iter().any(|name| name == "index.html") {
        files.clear();
    }
    files.sort();
    let table = PathBuf::from(env::var("OUT_DIR")?).join("console.rs");
    fs::write(table, written(&dist, &files)?)?;
    Ok(())
}

/// Cargo sees that files come into a folder, and not that a folder comes: without one it would build the gateway anew each time. Git knows nothing
/// of an empty one. It is made as an old one, or it would count as changed since this build began.
fn make_room(dist: &Path) -> io::Result<()> {
    fs::create_dir_all(dist)?;
    fs::File::open(dist)?.set_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(24 * 60 * 60))
}

/// Names below the folder, with slashes.
fn collect(folder: &Path, below: &str, files: &mut Vec<String>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().into_string().map_err(|name| io::Error::other(format!("{name:?} is no UTF-8")))?;
        let name = format!("{below}{name}");
        if entry.file_type()?.is_dir() {
            collect(&entry.path(), &format!("{name}/"), files)?;
        } else if files.len() < FILES_MAX {
            files.push(name);
        } else {
            return Err(io::Error::other(format!("more than {FILES_MAX} files: {}", folder.display())));
        }
    }
    Ok(())
}

/// The table as Rust. What is named like another file with `.gz` or `.br` behind it is that file, packed. What is called `.something` and what
/// is for those who mend it only stays outside.
fn written(dist: &Path, files: &[String]) -> Result<String, Box<dyn Error>> {
    let mut table = String::from("&[\n");
    for name in files {
        let packs = |ending: &str| name.strip_suffix(ending).is_some_and(|whole| files.iter().any(|it| it == whole));
        let is_hidden = name.split('/').any(|part| part.starts_with('.'));
        if packs(".gz") || packs(".br") || is_hidden || name.ends_with(".map") {
            continue;
        }
        let bytes = |name: &str| {
            let path = dist.join(name);
            format!("include_bytes!({:?})", path.display().to_string())
        };
        let packed = |ending: &str| {
            let packed = format!("{name}{ending}");
            if files.contains(&packed) { format!("Some({})", bytes(&packed)) } else { "None".to_owned() }
        };
        writeln!(
            table,
            "    File {{ path: {name:?}, plain: {}, gzip: {}, brotli: {} }},",
            bytes(name),
            packed(".gz"),
            packed(".br")
        )?;
    }
    table.push_str("]\n");
    Ok(table)
}
