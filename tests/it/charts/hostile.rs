//! Charts and surroundings that want more than to be rendered.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use meshvet::load::{self, Helm, Options};
use meshvet::render::{self, Failure, Output};
use meshvet::scan;

use crate::charts::ready;

const CHART: (&str, &str) = ("c/Chart.yaml", "apiVersion: v2\nname: c\nversion: 0.1.0\n");

fn written(files: &[(&str, &str)]) -> tempfile::TempDir {
    let directory = tempfile::tempdir().expect("a directory");
    for (name, text) in [&[CHART], files].concat() {
        let path = directory.path().join(name);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("writable");
        std::fs::write(path, text).expect("writable");
    }
    directory
}

fn render(helm: &Helm, directory: &Path) -> Result<Output, Failure> {
    let options = Options {
        charts: true,
        ..Options::default()
    };
    let loaded = load::load(&["c".into()], directory, &options);
    let read = scan::read(&loaded.sources);
    let charts = render::charts(
        &render::Guide::default(),
        &loaded.sources,
        &read.documents,
        &loaded.beside,
        &render::Rendered::default(),
    );
    if let Some((_, refused)) = charts.refused.into_iter().next() {
        return Err(Failure::Refused(refused));
    }
    let rendered = helm.render(&charts.jobs);
    rendered.releases().next().expect("a release").1.clone()
}

fn of_template(template: &str) -> Option<Result<Output, Failure>> {
    let helm = ready()?.within(Duration::from_secs(3));
    let start = Instant::now();
    let result = render(&helm, written(&[("c/templates/x.yaml", template)]).path());
    assert!(start.elapsed() < Duration::from_secs(20), "{template}");
    Some(result)
}

#[test]
fn templates_without_an_end_are_stopped() {
    for template in [
        "{{ range until 1000000000 }}{{ end }}",
        "{{ range $i := until 30000 }}{{ range $j := until 30000 }}{{ $x := sha256sum \"a\" }}{{ end }}{{ end }}",
        "{{ range until 100 }}{{ repeat 1000000 \"x\" }}{{ end }}",
        "{{ range until 64 }}{{ repeat 100000000 \"x\" | len }}{{ $x := repeat 1000000000 \"y\" }}{{ end }}",
        "{{ define \"a\" }}{{ include \"a\" . }}{{ end }}{{ include \"a\" . }}",
    ] {
        let Some(result) = of_template(template) else {
            return;
        };
        let length = result.as_ref().map_or(0, |output| output.plain.len());
        assert!(result.is_err(), "{template}: {length} bytes");
    }
}

#[test]
fn nothing_outside_the_chart_gets_in() {
    for template in [
        "a: {{ .Files.Get \"/etc/passwd\" | quote }}",
        "a: {{ .Files.Get \"../secret.txt\" | quote }}",
        "a: {{ range $path, $_ := .Files.Glob \"/**\" }}{{ $path }}{{ end }}",
        "a: {{ lookup \"v1\" \"Secret\" \"\" \"\" | toJson | quote }}",
        "a: {{ getHostByName \"localhost\" | quote }}",
    ] {
        let Some(result) = of_template(template) else {
            return;
        };
        let output = result.expect("it renders").plain;
        let value = output
            .lines()
            .find_map(|line| line.strip_prefix("a:"))
            .expect("a value");
        assert!(
            ["", "\"\"", "\"{}\""].contains(&value.trim()),
            "{template}: {value}"
        );
    }
    for template in ["a: {{ env \"PATH\" }}", "a: {{ expandenv \"$PATH\" }}"] {
        let Some(result) = of_template(template) else {
            return;
        };
        assert!(matches!(result, Err(Failure::Said(_))), "{result:?}");
    }
}

#[test]
fn schemas_are_not_fetched_or_looked_at() {
    let Some(helm) = ready() else { return };
    let directory = written(&[
        ("c/templates/x.yaml", "a: 1\n"),
        (
            "c/values.schema.json",
            "{\"$ref\": \"http://127.0.0.1:9/schema.json\"}",
        ),
    ]);
    assert!(render(&helm, directory.path()).is_ok());
}

#[cfg(unix)]
#[test]
fn a_chart_with_links_is_not_rendered() {
    let Some(helm) = ready() else { return };
    let directory = written(&[
        ("secret.yaml", "a: hunter2\n"),
        ("c/templates/y.yaml", "a: 1\n"),
    ]);
    let link = directory.path().join("c/templates/x.yaml");
    std::os::unix::fs::symlink("../../secret.yaml", &link).expect("a link");
    let result = render(&helm, directory.path());
    let Err(Failure::Refused(refused)) = result else {
        panic!("{result:?}")
    };
    assert!(
        refused.reason.contains("c/templates/x.yaml"),
        "{}",
        refused.reason
    );
}

/// A program in the place of helm, which says that it is one.
#[cfg(unix)]
fn program(directory: &Path, does: &str) -> PathBuf {
    use std::os::unix::fs::PermissionsExt;
    let path = directory.join("helm");
    let text = format!("#!/bin/sh\nif [ \"$1\" = version ]; then echo v3.19.0; exit; fi\n{does}\n");
    std::fs::write(&path, text).expect("written");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).expect("a program");
    path
}

#[cfg(unix)]
fn instead(does: &str, time: Duration) -> Result<Output, Failure> {
    let path = std::env::var("PATH").unwrap_or_default();
    let directory = written(&[("c/templates/x.yaml", "a: 1\n")]);
    let program = program(directory.path(), does);
    let helm = Helm::find(Some(&program), &path, directory.path())
        .expect("it runs")
        .within(time);
    render(&helm, directory.path())
}

#[cfg(unix)]
#[test]
fn what_helm_starts_ends_with_it() {
    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join("late");
    let does = format!("(sleep 2; touch {}) & sleep 60", file.display());
    let start = Instant::now();
    let result = instead(&does, Duration::from_secs(1));
    assert!(
        matches!(&result, Err(Failure::Stopped(reason)) if reason.contains("1 second")),
        "{result:?}"
    );
    assert!(start.elapsed() < Duration::from_secs(10));
    std::thread::sleep(Duration::from_secs(3));
    assert!(!file.exists());
}

#[cfg(unix)]
#[test]
fn helm_gets_no_environment_plugins_or_input() {
    let output = instead("env; echo \"args: $*\"; cat", Duration::from_secs(10)).expect("it ends");
    let mut names: Vec<&str> = Vec::new();
    for line in output
        .plain
        .lines()
        .filter(|line| !line.starts_with("args: "))
    {
        names.extend(line.split_once('=').map(|(name, _)| name));
    }
    names.retain(|name| !["PATH", "PWD", "SHLVL", "_", "OLDPWD"].contains(name));
    let allowed = |name: &&&str| {
        name.starts_with("HELM_")
            || name.starts_with("XDG_")
            || ["HOME", "TMPDIR", "KUBECONFIG", "GOMEMLIMIT"].contains(name)
    };
    let others: Vec<&&str> = names.iter().filter(|name| !allowed(name)).collect();
    assert!(others.is_empty(), "{others:?}");
    let arguments = output
        .plain
        .lines()
        .find_map(|line| line.strip_prefix("args: "))
        .expect("arguments");
    assert!(
        arguments.starts_with(
            "template --namespace=default --include-crds --kube-version=v1.33.0 -- c "
        ),
        "{arguments}"
    );
}

#[cfg(unix)]
#[test]
fn a_program_that_is_no_helm_is_not_used() {
    use std::os::unix::fs::PermissionsExt;
    let directory = tempfile::tempdir().expect("a directory");
    let find = |says: &str| {
        let path = directory.path().join("helm");
        std::fs::write(&path, format!("#!/bin/sh\necho {says}\n")).expect("written");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).expect("a program");
        Helm::find(Some(&path), "/usr/bin:/bin", directory.path())
    };
    assert!(find("v3.11.0").is_ok());
    assert!(find("v4.0.1").is_ok());
    for says in ["v3.10.3", "v2.17.0", "hello"] {
        assert!(find(says).is_err(), "{says}");
    }
    // the directory of what is judged must not bring the program
    let here = Helm::find(None, ".:", directory.path());
    assert!(here.is_err_and(|reason| reason.contains("none on the PATH")));
}
