//! Where each value of a rendered object is written, from recorded output of helm.

use std::fmt::Write;
use std::path::Path;

use meshvet::load::{self, Loaded, Options};
use meshvet::render::{self, Environment, Output, Rendered, ToRender};
use meshvet::scan::{self, Parsed};
use meshvet::syntax::{Node, Value};
use meshvet::text::Sources;

use crate::charts::ready;
use crate::cli::{folders, root};

fn read(case: &Path) -> Loaded {
    let options = Options {
        charts: true,
        ..Options::default()
    };
    load::load(&["files".into()], case, &options)
}

fn charts(loaded: &Loaded) -> ToRender {
    let read = scan::read(&loaded.sources);
    render::charts(
        &render::Guide::default(),
        &loaded.sources,
        &read.documents,
        &loaded.beside,
        &render::Rendered::default(),
    )
}

/// The outputs that were recorded, in the order of the releases.
fn recorded(case: &Path, charts: &ToRender) -> Rendered {
    let mut rendered = Rendered::default();
    let mut number = 0;
    for job in &charts.jobs {
        for install in &job.installs {
            number += 1;
            let file = |kind: &str| case.join(format!("output/{number}.{kind}"));
            let text = |kind: &str| std::fs::read_to_string(file(kind));
            let plain = text("plain").expect("a recorded output");
            let output = Output::new(job, plain, text("marked").ok());
            rendered.add(install.release.clone(), Ok(output));
        }
    }
    rendered
}

/// Asks helm anew, and keeps what it prints.
fn record(case: &Path, charts: &ToRender) {
    let Some(helm) = ready() else { return };
    let rendered = helm.render(&charts.jobs);
    let _ = std::fs::remove_dir_all(case.join("output"));
    std::fs::create_dir(case.join("output")).expect("a directory");
    for (number, (_, result)) in rendered.releases().enumerate() {
        let output = result.as_ref().expect("helm renders it");
        let file = |kind: &str| case.join(format!("output/{}.{kind}", number + 1));
        std::fs::write(file("plain"), &output.plain).expect("written");
        let marked = output
            .marked
            .as_ref()
            .expect("helm renders marked templates");
        std::fs::write(file("marked"), marked).expect("written");
    }
}

fn sorted(loaded: &Loaded, rendered: &Rendered) -> Parsed {
    scan::read(&loaded.sources).sort(&render::Guide::default(), &loaded.sources, rendered)
}

/// All single values of all objects, each with its place.
fn shown(loaded: &Loaded, parsed: &Parsed) -> String {
    let mut shown = String::new();
    for environment in &parsed.environments {
        let _ = writeln!(shown, "== {}", environment.name);
        objects(environment, parsed, &loaded.sources, &mut shown);
    }
    for problem in &parsed.problems {
        let _ = writeln!(shown, "problem: {}", problem.message);
    }
    shown
}

fn objects(environment: &Environment, parsed: &Parsed, sources: &Sources, shown: &mut String) {
    for member in &environment.members {
        let root = parsed.documents[member.document].root();
        let text = |path: &[&str]| root.path(path).and_then(Node::as_str).unwrap_or("");
        let (kind, name) = (text(&["kind"]), text(&["metadata", "name"]));
        let _ = writeln!(shown, "-- {kind} {name}");
        leaves(root, "", sources, shown);
    }
}

fn leaves(node: Node<'_>, path: &str, sources: &Sources, shown: &mut String) {
    if let Some(inner) = node.document().attached(node.id()) {
        return leaves(inner.root(), &format!("{path}!"), sources, shown);
    }
    for entry in node.entries() {
        let key = sources.slice(entry.key_span);
        let below = match key.trim_matches(['"', '\'']) == entry.key {
            true => format!("{path}/{}", entry.key),
            // the key is written elsewhere than its name is
            false => format!("{path}/{} ({})", entry.key, place(entry.key_span, sources)),
        };
        leaves(entry.value, &below, sources, shown);
    }
    for (number, item) in node.items().enumerate() {
        leaves(item, &format!("{path}/{number}"), sources, shown);
    }
    let value = match node.value() {
        Value::Map | Value::List => return,
        // made up anew each time
        _ if path.ends_with("token") => "?".to_owned(),
        Value::Text(text) => format!("{text:?}"),
        other => format!("{other:?}"),
    };
    let _ = writeln!(shown, "{path} = {value}  {}", place(node.span(), sources));
}

fn place(span: meshvet::text::Span, sources: &Sources) -> String {
    let file = sources.get(span.file).name();
    let line = sources.start(span).line;
    let text = sources.slice(span).lines().next().unwrap_or("").trim();
    format!("{}:{line} `{text}`", file.trim_start_matches("files/"))
}

#[test]
fn every_value_of_a_rendered_object_is_where_a_person_would_edit_it() {
    let update = std::env::var_os("UPDATE").is_some();
    for case in folders(&root().join("testdata/helm")) {
        let loaded = read(&case);
        let charts = charts(&loaded);
        if update {
            record(&case, &charts);
        }
        let parsed = sorted(&loaded, &recorded(&case, &charts));
        let places = shown(&loaded, &parsed);
        let expected = case.join("expected.txt");
        if update {
            std::fs::write(&expected, &places).expect("written");
        }
        let text = std::fs::read_to_string(&expected).unwrap_or_default();
        assert_eq!(
            places, text,
            "UPDATE=1 asks helm and rewrites it; read the difference first"
        );
    }
}

#[test]
fn the_helm_that_is_here_comes_to_the_same() {
    let Some(helm) = ready().filter(|_| std::env::var_os("UPDATE").is_none()) else {
        return;
    };
    for case in folders(&root().join("testdata/helm")) {
        let loaded = read(&case);
        let rendered = helm.render(&charts(&loaded).jobs);
        let places = shown(&loaded, &sorted(&loaded, &rendered));
        let text = std::fs::read_to_string(case.join("expected.txt")).expect("recorded");
        assert_eq!(places, text);
    }
}

#[test]
fn without_marks_an_object_is_where_its_template_begins() {
    let case = root().join("testdata/helm/shop");
    let loaded = read(&case);
    let charts = charts(&loaded);
    let mut rendered = Rendered::default();
    for (release, result) in recorded(&case, &charts).releases() {
        let mut output = result.clone().expect("recorded");
        output.marked = None;
        let output = Ok(output);
        rendered.add(release.clone(), output);
    }
    let parsed = sorted(&loaded, &rendered);
    let is_template = |file| loaded.sources.get(file).name().contains("/templates/");
    let made = parsed
        .documents
        .iter()
        .filter(|document| document.is_made());
    for document in made.filter(|document| is_template(document.file())) {
        assert_eq!(loaded.sources.start(document.span()).line, 1);
    }
}
