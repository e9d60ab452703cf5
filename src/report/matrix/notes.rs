//! What is to be known about a table: what is not in it, and what was not compared.

use super::names::Names;
use super::{PLACES, Shown};
use crate::model::Place;
use crate::report::phrase::Line;
use crate::report::words::many;

/// What is to be known about the table.
pub(super) fn notes(shown: Shown<'_>, names: &Names, verbose: bool) -> Vec<Line> {
    let matrix = shown.matrix;
    let mut notes = Vec::new();
    let count = matrix.environments.len();
    if let Some(pattern) = &names.pattern {
        let line = Line::default().ours(format!("{count} environments: "));
        notes.push(line.theirs(pattern));
    }
    for alike in &matrix.alike {
        let mut line = Line::default().theirs(&*alike.name).ours(" is ");
        let mut known: Vec<(&str, Vec<usize>)> = Vec::new();
        for (number, name) in alike.names.iter().enumerate() {
            let Some(name) = name.as_deref() else {
                continue;
            };
            match known.iter_mut().find(|(known, _)| *known == name) {
                Some((_, of)) => of.push(number),
                None => known.push((name, vec![number])),
            }
        }
        for (number, (name, of)) in known.iter().enumerate() {
            line = line.ours(if number > 0 { ", " } else { "" });
            line = line.theirs(*name).ours(" in ");
            line = line.then(names.list(of, verbose));
        }
        notes.push(line.ours(": the same runs in these namespaces"));
    }
    let unjudged: Vec<usize> = shown.unjudged().map(|(number, _)| number).collect();
    if !unjudged.is_empty() {
        let are = if unjudged.len() == 1 { " is" } else { " are" };
        let line = names.list(&unjudged, verbose).ours(are);
        notes
            .push(line.ours(" not judged in full: more may be found there, and allowed or denied"));
    }
    let left_out = left_out(shown);
    if !left_out.is_empty() {
        let line = Line::default().ours("in no column, as it could not be read or rendered: ");
        let left_out: Vec<&str> = left_out.iter().map(String::as_str).collect();
        let most = if verbose { usize::MAX - 1 } else { PLACES };
        notes.push(line.names(&left_out, most, ""));
    }
    if !matrix.without_mesh.is_empty() {
        let line = Line::default().ours("in no column, as there is no mesh: ");
        let without: Vec<&str> = matrix.without_mesh.iter().map(String::as_str).collect();
        let most = if verbose { usize::MAX - 1 } else { PLACES };
        notes.push(line.names(&without, most, ""));
    }
    notes.extend(compared(shown));
    notes
}

/// What was compared, if that is not all.
fn compared(shown: Shown<'_>) -> Vec<Line> {
    let matrix = shown.matrix;
    let mut notes = Vec::new();
    if matrix.environments.len() < 2 {
        let line = match matrix.environments.len() {
            0 => "there is no environment with a mesh",
            _ => "there is one environment with a mesh: nothing to compare it with",
        };
        return vec![Line::default().ours(line)];
    }
    if matrix.calls.is_empty() {
        let line = "no call is known to fare otherwise in one environment than in another";
        notes.push(Line::default().ours(line));
    }
    if matrix.alone > 0 {
        let alone = many(matrix.alone, "workload");
        let are = if matrix.alone == 1 { "is" } else { "are" };
        let line = format!("{alone} {are} in one environment only: their calls were not compared");
        notes.push(Line::default().ours(line));
    }
    notes
}

/// The places of what is in no column.
fn left_out(shown: Shown<'_>) -> Vec<String> {
    let sources = shown.report.sources;
    let places = shown
        .matrix
        .left_out
        .iter()
        .map(|problem| match &problem.place {
            Place::Span(span) => shown.report.line_of(Some(*span), ""),
            Place::File(file) => sources.get(*file).name().to_owned(),
            Place::Path(name) => name.clone(),
            Place::Nowhere | Place::At(_) => problem.message.clone(),
        });
    let mut places: Vec<String> = places.collect();
    places.sort();
    places.dedup();
    places
}
