//! Writes the list of the built-in policies: (path below `policies/`, text) pairs.

use std::error::Error;
use std::fmt::Write as _;
use std::path::Path;

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed=policies");
    let root = Path::new(&std::env::var("CARGO_MANIFEST_DIR")?).join("policies");
    if !root.is_dir() {
        return Err(format!("the policies are missing: {} is no folder", root.display()).into());
    }
    let mut list = String::from("&[\n");
    for entry in walkdir::WalkDir::new(&root).sort_by_file_name() {
        let entry = entry?;
        let path = entry.path();
        if path.extension().is_some_and(|e| e == "rego") {
            let inside = path.strip_prefix(&root)?.to_str().ok_or("not UTF-8")?;
            let inside = inside.replace('\\', "/");
            let below = format!("/policies/{inside}");
            // not an absolute path: checkouts that share a target folder share this file too
            writeln!(
                list,
                "    ({inside:?}, include_str!(concat!(env!(\"CARGO_MANIFEST_DIR\"), {below:?}))),"
            )?;
        }
    }
    list.push_str("]\n");
    let out = Path::new(&std::env::var("OUT_DIR")?).join("policies.rs");
    std::fs::write(out, list)?;
    Ok(())
}
