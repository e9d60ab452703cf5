//! HCL as Consul reads it: HCL 1, which takes blocks inside the objects of lists, needs no commas
//! between fields, and knows no expressions.
//!
//! Consul's decoder takes `key { … }`, `key = { … }` and `key = [{ … }]` for the same. Here a document
//! says what is written: a block that stands once is a mapping, one that stands several times a list
//! of mappings, a labelled one (`key "label" { … }`) a mapping with the label as its only key. Whoever
//! reads a field that is a list takes a mapping for a list of one, and the other way round. Keys are
//! as they are written too: for Consul `PathPrefix` and `path_prefix` are one.
//!
//! Terraform, Nomad, Vault and others have files of the same name, in a language of their own. Whose
//! a file is shows in the keys at its top ([`Consul`]); the others are passed over before anything in
//! them can be wrong. A file that begins with a brace is JSON, as it is for HCL 1.

mod outline;
mod read;
mod scan;
#[cfg(test)]
mod tests;
mod value;

use std::collections::HashMap;

use super::builder::{Builder, Failure, Scalar, Style, Tagged};
use super::consul::Consul;
use super::document::Document;
use super::problem::{rest_of_line, template, too_large, unreadable};
use super::split::Piece;
use super::yaml;
use crate::model::Problem;
use crate::text::{FileId, SourceFile};

pub(super) use outline::signs;
use read::{Field, File, Key, Value, What, fail, read};

/// Reads a file of HCL, if it is Consul's.
pub(super) fn parse(file: FileId, source: &SourceFile) -> (Vec<Document>, Vec<Problem>) {
    if let Some(problem) = too_large(file, source) {
        return (Vec::new(), vec![problem]);
    }
    let Some(consul) = Consul::of(signs(source.text())) else {
        return (Vec::new(), Vec::new());
    };
    let (mut documents, mut problems) = (Vec::new(), Vec::new());
    if source.text().trim_start().starts_with('{') {
        (documents, problems) = yaml::parse(file, source);
    } else {
        match document(file, source) {
            Ok(document) => {
                problems.extend(document.duplicate_keys(source));
                documents.push(document);
            }
            Err(failure) if source.text().contains("{{") => {
                problems.push(template(file, source, &failure, ""));
            }
            Err(failure) => {
                let span = rest_of_line(file, source, failure.at);
                problems.push(unreadable(&failure, span));
            }
        }
    }
    for document in &mut documents {
        document.consul = Some(consul);
    }
    (documents, problems)
}

fn document(file: FileId, source: &SourceFile) -> Result<Document, Failure> {
    let text = source.text();
    if let Some(at) = text.find(['\0', '\u{e123}']) {
        return fail(at, "a character that HCL refuses; remove it");
    }
    let File { fields, comments } = read(text)?;
    let mut writer = Writer {
        builder: Builder::new(file, 0, Piece { base: 0, text }, source),
        source,
    };
    let start = fields.first().map_or(0, |field| field.key.start);
    writer.builder.open_map(false, 0, start)?;
    writer.fields(&fields)?;
    writer.builder.close(start, start)?;
    for (start, end) in comments {
        let comment = text.get(start..end).unwrap_or("");
        let inside = comment.strip_prefix("//").or(comment.strip_prefix('#'));
        writer.builder.comment(inside.unwrap_or(""), start, end);
    }
    Ok(writer.builder.finish())
}

/// Turns what is written into nodes.
struct Writer<'s> {
    builder: Builder<'s>,
    source: &'s SourceFile,
}

impl Writer<'_> {
    fn fields(&mut self, fields: &[Field<'_>]) -> Result<(), Failure> {
        for same in by_key(fields) {
            match same.as_slice() {
                [first, .., last] => self.repeated(&same, first, last)?,
                _ => self.each(&same)?,
            }
        }
        Ok(())
    }

    /// Fields of one key: blocks and lists are one list, of anything else the last one counts.
    fn repeated(
        &mut self,
        same: &[&Field<'_>],
        first: &Field<'_>,
        last: &Field<'_>,
    ) -> Result<(), Failure> {
        let sort = sort_of(first);
        if let Some(other) = same.iter().find(|field| sort_of(field) != sort) {
            let reason = format!(
                "the key `{}` is {sort} in line {} and {} here, which Consul refuses; keep one",
                first.key.text,
                self.source.line_col(first.key.start as u32).line,
                sort_of(other)
            );
            return fail(other.key.start, &reason);
        }
        if !matches!(first.value.what, What::List(_) | What::Map(_)) {
            return self.each(same);
        }
        self.key(&first.key)?;
        self.builder.open_list(true, 0, first.value.start)?;
        for field in same {
            match &field.value.what {
                What::List(items) => items.iter().try_for_each(|item| self.value(item))?,
                _ => self.value(&field.value)?,
            }
        }
        self.builder.close(last.value.end - 1, last.value.end)
    }

    fn each(&mut self, fields: &[&Field<'_>]) -> Result<(), Failure> {
        for field in fields {
            self.key(&field.key)?;
            self.value(&field.value)?;
        }
        Ok(())
    }

    fn key(&mut self, key: &Key<'_>) -> Result<(), Failure> {
        self.scalar(&key.text, Style::Quoted, Tagged::No, (key.start, key.end))
    }

    fn value(&mut self, value: &Value<'_>) -> Result<(), Failure> {
        let (start, end) = (value.start, value.end);
        let range = (start, end);
        match &value.what {
            What::Text(text) => self.scalar(text, Style::Quoted, Tagged::No, range),
            What::Bool(is) => self.scalar(&is.to_string(), Style::Plain, Tagged::Bool, range),
            What::Int(number) => self.scalar(&number.to_string(), Style::Plain, Tagged::Int, range),
            What::Float(number) => {
                self.scalar(&format!("{number:?}"), Style::Plain, Tagged::Float, range)
            }
            What::List(items) => {
                self.builder.open_list(true, 0, start)?;
                items.iter().try_for_each(|item| self.value(item))?;
                self.builder.close(end - 1, end)
            }
            What::Map(fields) => {
                self.builder.open_map(true, 0, start)?;
                self.fields(fields)?;
                self.builder.close(end - 1, end)
            }
        }
    }

    fn scalar(
        &mut self,
        text: &str,
        style: Style,
        tag: Tagged,
        (start, end): (usize, usize),
    ) -> Result<(), Failure> {
        let scalar = Scalar {
            text,
            style,
            tag,
            start,
            end,
        };
        self.builder.scalar(&scalar, 0)
    }
}

/// The fields of each key, keys in the order in which they first stand.
fn by_key<'f, 't>(fields: &'f [Field<'t>]) -> Vec<Vec<&'f Field<'t>>> {
    let mut places: HashMap<&str, usize> = HashMap::with_capacity(fields.len());
    let mut sorted: Vec<Vec<&Field>> = Vec::with_capacity(fields.len());
    for field in fields {
        let place = *places.entry(&field.key.text).or_insert(sorted.len());
        match sorted.get_mut(place) {
            Some(same) => same.push(field),
            None => sorted.push(vec![field]),
        }
    }
    sorted
}

/// What a field is; only those of one sort may share a key.
fn sort_of(field: &Field<'_>) -> &'static str {
    match &field.value.what {
        What::Map(_) if field.labelled => "a block with a label",
        What::Map(_) => "a block",
        What::List(items) if items.iter().all(|item| matches!(item.what, What::Map(_))) => {
            "a block"
        }
        What::List(_) => "a list",
        What::Text(_) => "a text",
        What::Bool(_) => "a truth value",
        What::Int(_) => "a whole number",
        What::Float(_) => "a number with a point",
    }
}
