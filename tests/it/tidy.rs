//! House rules that a compiler does not know.

use std::path::{Path, PathBuf};

use crate::cli::root;

/// The modules in layer order: each uses only those before it.
const LAYERS: &[&str] = &[
    "text",
    "model",
    "syntax",
    "config",
    "render",
    "k8s",
    "mesh",
    "reach",
    "assertion",
    "facts",
    "finding",
    "policy",
    "scan",
    "fixtures",
    "change",
    "matrix",
    "load",
    "history",
    "report",
    "cli",
];

/// The first layer that may touch files, processes, the network, clocks or the environment.
const FIRST_WITH_IO: &str = "load";

fn sources(below: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    if !below.exists() {
        return files;
    }
    for entry in walkdir::WalkDir::new(below).sort_by_file_name() {
        let path = entry.expect("readable").into_path();
        if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files
}

/// The layer a file belongs to; none of lib.rs, main.rs and build.rs.
fn layer(file: &Path) -> Option<usize> {
    let inside = file.strip_prefix(root().join("src")).ok()?;
    let first = inside
        .components()
        .next()?
        .as_os_str()
        .to_string_lossy()
        .into_owned();
    let name = first.strip_suffix(".rs").unwrap_or(&first).to_owned();
    LAYERS.iter().position(|layer| *layer == name)
}

/// The text of a file without its unit tests.
fn code(file: &Path) -> String {
    let text = std::fs::read_to_string(file).expect("readable");
    text.split("#[cfg(test)]").next().unwrap_or("").to_owned()
}

#[test]
fn modules_use_only_those_above_them() {
    let mut wrong = Vec::new();
    let mut uses = 0;
    for file in sources(&root().join("src")) {
        let Some(own) = layer(&file) else { continue };
        for (number, line) in code(&file).lines().enumerate() {
            for part in line.split("crate::").skip(1) {
                let name: String = part
                    .chars()
                    .take_while(|c| c.is_alphanumeric() || *c == '_')
                    .collect();
                let Some(used) = LAYERS.iter().position(|layer| *layer == name) else {
                    continue;
                };
                uses += 1;
                if used > own {
                    wrong.push(format!(
                        "{}:{}: {} uses {name}",
                        file.display(),
                        number + 1,
                        LAYERS[own]
                    ));
                }
            }
        }
    }
    assert!(
        uses > 100,
        "only {uses} uses were seen: does this test still read the code?"
    );
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_module_is_a_layer() {
    let text = std::fs::read_to_string(root().join("src/lib.rs")).expect("readable");
    let declared: Vec<&str> = text
        .lines()
        .filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';'))
        .collect();
    assert_eq!(declared, LAYERS);
    let map = std::fs::read_to_string(root().join("src/README.md")).expect("the map");
    for layer in LAYERS {
        assert!(
            map.contains(&format!("`{layer}`")),
            "src/README.md does not name {layer}"
        );
    }
}

#[test]
fn the_core_is_pure() {
    let first = LAYERS
        .iter()
        .position(|layer| *layer == FIRST_WITH_IO)
        .expect("a layer");
    let mut wrong = Vec::new();
    for file in sources(&root().join("src")) {
        if layer(&file).is_none_or(|own| own >= first) {
            continue;
        }
        for (number, line) in code(&file).lines().enumerate() {
            let line = line.trim_start();
            let comment = line.starts_with("//");
            let forbidden = [
                "std::fs",
                "std::process",
                "std::net::Tcp",
                "std::net::Udp",
                "std::env",
                "SystemTime",
                "Instant::now",
            ];
            if !comment && forbidden.iter().any(|name| line.contains(name)) {
                wrong.push(format!("{}:{}: {line}", file.display(), number + 1));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn one_file_runs_programs() {
    let mut found = Vec::new();
    for file in sources(&root().join("src")) {
        let text = code(&file);
        let mut lines = text
            .lines()
            .filter(|line| !line.trim_start().starts_with("//"));
        let runs = [
            "process::Command",
            "process::{",
            "process::*",
            "Command::new",
        ];
        if lines.any(|line| runs.iter().any(|one| line.contains(one))) {
            found.push(file.strip_prefix(root()).expect("below").to_path_buf());
        }
    }
    assert_eq!(found, [Path::new("src/load/helm.rs")]);
}

#[test]
fn the_graph_names_no_mesh_and_no_mesh_names_another() {
    let meshes = ["istio", "linkerd", "consul"];
    let mut wrong = Vec::new();
    for file in sources(&root().join("src/reach")) {
        let text = code(&file);
        for (number, line) in text.lines().enumerate() {
            let code = line.split("//").next().unwrap_or("").to_lowercase();
            if meshes.iter().any(|mesh| code.contains(mesh)) {
                wrong.push(format!("{}:{}: {line}", file.display(), number + 1));
            }
        }
    }
    for mesh in meshes {
        for file in sources(&root().join("src/mesh").join(mesh)) {
            let text = code(&file);
            for other in meshes.iter().filter(|other| **other != mesh) {
                if text.contains(&format!("mesh::{other}")) {
                    wrong.push(format!("{}: mentions {other}", file.display()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn findings_are_born_in_rules_only() {
    let mut wrong = Vec::new();
    for file in sources(&root().join("src")) {
        let inside = file
            .strip_prefix(root().join("src"))
            .expect("below src")
            .to_string_lossy()
            .replace('\\', "/");
        // report/sample.rs is compiled for tests only
        if inside.starts_with("policy/")
            || inside.starts_with("finding/")
            || inside == "report/sample.rs"
        {
            continue;
        }
        for (number, line) in code(&file).lines().enumerate() {
            let born = line.match_indices("Finding {").any(|(at, _)| {
                !line
                    .get(..at)
                    .is_some_and(|before| before.ends_with(char::is_alphanumeric))
            });
            if born && !line.contains("struct") && !line.contains("impl") {
                wrong.push(format!("{inside}:{}: {line}", number + 1));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_file_says_what_it_is_for() {
    for file in sources(&root().join("src")) {
        let name = file
            .file_name()
            .expect("a name")
            .to_string_lossy()
            .into_owned();
        let text = std::fs::read_to_string(&file).expect("readable");
        if name == "mod.rs" {
            assert!(
                text.starts_with("//!"),
                "{} does not open with //!",
                file.display()
            );
        }
    }
}
