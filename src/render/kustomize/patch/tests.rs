#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod generated;
mod merges;
mod operations;
mod recorded;
mod selection;

use super::*;
use crate::syntax::{Kind, parse};
use crate::text::{FileId, SourceFile};

/// The file that objects stand in, and the one of patches.
const OBJECT: FileId = FileId(0);
const PATCH: FileId = FileId(1);

fn read(file: FileId, text: &str) -> Tree {
    let source = SourceFile::new("test.yaml", text);
    let (documents, problems) = parse(file, &source);
    assert_eq!(problems, [], "{text}");
    let [document] = documents.as_slice() else {
        panic!("one document: {text}");
    };
    Tree::from(document.root())
}

/// What a value says, wherever it is written.
fn said(tree: &Tree) -> serde_json::Value {
    use serde_json::Value;
    match &tree.kind {
        Kind::Null => Value::Null,
        Kind::Bool(value) => (*value).into(),
        Kind::Int(value) => (*value).into(),
        Kind::UInt(value) => (*value).into(),
        Kind::Float(value) if value.fract() == 0.0 => (*value as i64).into(),
        Kind::Float(value) => (*value).into(),
        Kind::Text(text) => text.as_str().into(),
        Kind::List(items) => items.iter().map(said).collect(),
        Kind::Map(fields) => {
            let said = |field: &crate::syntax::Field| (field.key.clone(), said(&field.value));
            Value::Object(fields.iter().map(said).collect())
        }
    }
}

/// The part of the source text that stands at a place.
fn at(text: &str, tree: &Tree) -> String {
    let span = tree.place.span;
    text[span.start as usize..span.end as usize].to_owned()
}

/// What is left of an object in the end: its annotations are texts, whatever they were.
fn finished(mut object: Tree) -> serde_json::Value {
    if let Some(metadata) = object.get_mut("metadata") {
        let annotations = metadata.get_mut("annotations");
        let is_empty = annotations
            .as_ref()
            .is_some_and(|map| map.fields().is_empty());
        if let Some(Kind::Map(fields)) = annotations.map(|map| &mut map.kind) {
            for field in fields {
                let text = scalar::text(&field.value).into_owned();
                field.value = Tree::text(text, field.value.place);
            }
        }
        if is_empty {
            metadata.remove("annotations");
        }
    }
    said(&object)
}

/// Objects in an order of their own.
fn sorted(mut objects: Vec<serde_json::Value>) -> Vec<serde_json::Value> {
    for object in &mut objects {
        object.sort_all_objects();
    }
    objects.sort_by_key(ToString::to_string);
    objects
}

/// What an object is called, if nothing renamed it.
fn called(object: &Tree) -> Called {
    let text = |path: &[&str]| {
        object
            .path(path)
            .and_then(Tree::as_str)
            .unwrap_or("")
            .to_owned()
    };
    let namespace = match (text(&["kind"]), text(&["metadata", "namespace"])) {
        (kind, _) if kind == "ClusterRole" => "none".to_owned(),
        (_, none) if none.is_empty() => "default".to_owned(),
        (_, namespace) => namespace,
    };
    Called {
        kind: text(&["kind"]),
        name: text(&["metadata", "name"]),
        namespace,
    }
}

fn subject(tree: Tree) -> Subject {
    let called = vec![called(&tree)];
    Subject { tree, called }
}
