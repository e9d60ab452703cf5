//! Runs a command line in process, with everything around it under control.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use meshvet::cli::{Exit, Io, run};

/// What a command did.
#[derive(Debug, PartialEq, Eq)]
pub struct Ran {
    pub exit: Exit,
    pub stdout: String,
    pub stderr: String,
}

impl Ran {
    /// Fails, showing everything, where this was not printed.
    #[track_caller]
    pub fn says(&self, text: &str) {
        assert!(self.stdout.contains(text), "{text}: {}", self.stdout);
    }

    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout)
            .unwrap_or_else(|error| panic!("{error} in {}\n{}", self.stdout, self.stderr))
    }
}

/// The repository.
pub fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Runs `meshvet ARGS…` in a directory, without environment variables or a terminal.
pub fn meshvet(cwd: &Path, args: &[&str]) -> Ran {
    meshvet_with(cwd, args, "")
}

/// The same with a standard input.
pub fn meshvet_with(cwd: &Path, args: &[&str], stdin: &str) -> Ran {
    let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
    let mut stdin = stdin.as_bytes();
    let args = std::iter::once("meshvet").chain(args.iter().copied());
    let exit = run(
        args.map(Into::into),
        &mut Io {
            cwd: cwd.to_path_buf(),
            env: BTreeMap::new(),
            stdin: &mut stdin,
            stdout: &mut stdout,
            stderr: &mut stderr,
            terminal: false,
        },
    );
    Ran {
        exit,
        stdout: String::from_utf8(stdout).expect("output is text"),
        stderr: String::from_utf8(stderr).expect("output is text"),
    }
}

/// The folders of a folder, by name.
pub fn folders(of: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(of).unwrap_or_else(|error| panic!("{}: {error}", of.display()));
    let mut folders: Vec<PathBuf> = entries
        .map(|entry| entry.expect("readable").path())
        .filter(|path| path.is_dir())
        .collect();
    folders.sort();
    folders
}

#[test]
fn wrong_usage_and_missing_input_have_their_own_codes() {
    let dir = tempfile::tempdir().expect("a directory");
    let cases: &[(&[&str], Exit, &str)] = &[
        (&["scan", "--no-such-flag"], Exit::Usage, "--no-such-flag"),
        (&["scan", "--fail-on", "nonsense"], Exit::Usage, "nonsense"),
        (&["scan", "nowhere"], Exit::NoInput, "there is no nowhere"),
        (&["scan"], Exit::NoInput, "no YAML or JSON"),
        (&["scan", "--threads", "0"], Exit::Usage, "--threads"),
        (&["rules", "show", "no/such"], Exit::Usage, "no/such"),
        (&["can", "a/b", "c/d"], Exit::Usage, "names no port"),
    ];
    for (args, exit, message) in cases {
        let ran = meshvet(dir.path(), args);
        assert_eq!(ran.exit, *exit, "{args:?}: {}", ran.stderr);
        assert!(ran.stderr.contains(message), "{args:?}: {}", ran.stderr);
        assert_eq!(ran.stdout, "", "{args:?}");
    }
}

#[test]
fn what_is_no_mesh_is_no_input() {
    let dir = tempfile::tempdir().expect("a directory");
    std::fs::write(dir.path().join("a.yaml"), "a: 1\n").expect("written");
    let ran = meshvet(dir.path(), &["scan"]);
    assert_eq!(ran.exit, Exit::NoInput);
    assert!(
        ran.stderr.contains("nothing here is a mesh"),
        "{}",
        ran.stderr
    );
}

#[test]
fn version_and_help_go_to_standard_output() {
    for flag in ["--version", "--help"] {
        let ran = meshvet(&root(), &[flag]);
        assert_eq!((ran.exit, ran.stderr.as_str()), (Exit::Fine, ""));
        assert!(ran.stdout.contains("meshvet") || ran.stdout.contains("Usage"));
    }
}

/// A namespace with injection and a workload with one port.
pub const SHOP: &str = "\
apiVersion: v1
kind: Namespace
metadata:
  name: shop
  labels:
    istio-injection: enabled
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: api
  namespace: shop
spec:
  template:
    metadata:
      labels:
        app: api
    spec:
      containers:
      - name: app
        ports:
        - containerPort: 8080
";

#[test]
fn one_bad_document_hides_nothing_and_never_exits_0() {
    let bad = format!(
        "{SHOP}---\na: [1\n---\napiVersion: security.istio.io/v1\nkind: PeerAuthentication\nmetadata:\n  name: default\n  namespace: shop\nspec:\n  mtls:\n    mode: PERMISSIVE\n"
    );
    let ran = meshvet_with(&root(), &["scan", "-", "-f", "json"], &bad);
    assert_eq!(ran.exit, Exit::Incomplete, "{}", ran.stderr);
    let report = ran.json();
    let problem = &report["problems"][0];
    assert_eq!(problem["kind"], "unreadable-manifest", "{report:#}");
    assert_eq!(problem["location"]["line"], 24, "{report:#}");
    let rules: Vec<_> = report["findings"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|f| f["rule"].clone())
        .collect();
    assert!(rules.contains(&"mtls/permissive".into()), "{rules:?}");
    // with leave to be incomplete only the findings count
    let ran = meshvet_with(
        &root(),
        &["scan", "-", "--allow-partial", "--fail-on", "never"],
        &bad,
    );
    assert_eq!(ran.exit, Exit::Fine, "{}", ran.stderr);
}

#[test]
fn findings_decide_the_exit_code_by_their_severity() {
    let permissive = format!(
        "{SHOP}---\napiVersion: security.istio.io/v1\nkind: PeerAuthentication\nmetadata:\n  name: default\n  namespace: shop\nspec:\n  mtls:\n    mode: PERMISSIVE\n"
    );
    for (flags, exit) in [
        (&["--fail-on", "high"][..], Exit::Found),
        (&["--fail-on", "never"], Exit::Fine),
        (&["--exit-zero"], Exit::Fine),
        (&[], Exit::Found),
    ] {
        for format in ["text", "json", "sarif"] {
            let args = [&["scan", "-", "-f", format], flags].concat();
            let ran = meshvet_with(&root(), &args, &permissive);
            assert_eq!(ran.exit, exit, "{args:?}: {}", ran.stderr);
        }
    }
}

#[test]
fn several_reports_are_written_in_one_run() {
    let dir = tempfile::tempdir().expect("a directory");
    std::fs::write(dir.path().join("a.yaml"), SHOP).expect("written");
    let ran = meshvet(
        dir.path(),
        &[
            "scan",
            "--exit-zero",
            "-o",
            "sarif=x.sarif",
            "-o",
            "json=x.json",
        ],
    );
    assert_eq!(ran.exit, Exit::Fine, "{}", ran.stderr);
    assert!(ran.stdout.contains("Istio"));
    for file in ["x.sarif", "x.json"] {
        let text = std::fs::read_to_string(dir.path().join(file)).expect("the report");
        serde_json::from_str::<serde_json::Value>(&text).expect("JSON");
    }
    let ran = meshvet(
        dir.path(),
        &["scan", "--exit-zero", "-f", "json", "-o", "only.json"],
    );
    assert_eq!(ran.stdout, "");
    assert!(dir.path().join("only.json").exists());
}
