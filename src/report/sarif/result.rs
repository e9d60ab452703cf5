//! A finding as a result, and places as locations.

use std::collections::{BTreeMap, HashMap};

use serde_json::Value;
use serde_sarif::sarif::{
    ArtifactLocation, Location, LogicalLocation, PhysicalLocation, PropertyBag, Region,
    Result as SarifResult, ResultLevel,
};

use super::super::json::JsonIntroduced;
use super::super::{Options, Report, Spot};
use super::{line_hash, text, uri};
use crate::finding::{Finding, Severity, Site};
use crate::text::{FileId, Sources, Span};

/// How many related places a result keeps; code scanning shows no more.
const RELATED: usize = 100;

/// How many of them its message names.
const LINKS: usize = 5;

/// Knows where things are, in the words of SARIF.
pub(super) struct Places<'a> {
    sources: &'a Sources,
    options: Options<'a>,
    /// Of each file with findings: the hashes of its lines.
    hashes: HashMap<FileId, Vec<String>>,
}

impl<'a> Places<'a> {
    pub(super) fn new(report: &Report<'a>, options: Options<'a>) -> Self {
        let sources = report.sources;
        let mut hashes = HashMap::new();
        for span in report.findings.iter().filter_map(|f| f.site.span) {
            hashes
                .entry(span.file)
                .or_insert_with(|| line_hash::of_lines(sources.get(span.file).text()));
        }
        Self {
            sources,
            options,
            hashes,
        }
    }

    /// Where a problem is; nothing when it is in no file.
    pub(super) fn of_problem(&self, spot: &Spot) -> Option<Location> {
        let physical = match spot {
            Spot::Nowhere => return None,
            Spot::File(name) => self.file(name),
            Spot::Span(span) => self.physical(*span),
        };
        Some(Location::builder().physical_location(physical).build())
    }

    fn location(&self, site: &Site, at: &str) -> Location {
        let logical = LogicalLocation::builder()
            .fully_qualified_name(at)
            .kind("resource")
            .build();
        let mut location = Location::builder().logical_locations(vec![logical]).build();
        location.physical_location = site.span.map(|span| self.physical(span));
        location
    }

    fn physical(&self, span: Span) -> PhysicalLocation {
        let mut physical = self.file(self.sources.get(span.file).name());
        physical.region = Some(self.region(span));
        physical
    }

    fn file(&self, name: &str) -> PhysicalLocation {
        let path = match self.options.repository_path {
            Some(map) => map(name),
            None => name.to_owned(),
        };
        let (uri, is_relative) = uri::of_path(&path);
        let mut file = ArtifactLocation::builder().uri(uri).build();
        file.uri_base_id = is_relative.then(|| uri::BASE.to_owned());
        PhysicalLocation::builder().artifact_location(file).build()
    }

    /// The first line of a span: an alert shows in a pull request only when all of its lines
    /// were changed there.
    fn region(&self, span: Span) -> Region {
        let file = self.sources.get(span.file);
        let line = file.line_col(span.start).line;
        let begin = file.line_start(line);
        let end = span.end.min(begin + file.line(line).len() as u32);
        let column = |offset: u32| {
            let before = file.text().get(begin as usize..offset as usize);
            utf16_len(before.unwrap_or("")) + 1
        };
        Region::builder()
            .start_line(i64::from(line))
            .start_column(column(span.start))
            .end_line(i64::from(line))
            .end_column(column(end.max(span.start)))
            .build()
    }

    fn line_hash(&self, span: Span) -> Option<&String> {
        let line = self.sources.start(span).line as usize;
        self.hashes.get(&span.file)?.get(line.saturating_sub(1))
    }
}

/// How many UTF-16 units a text is long, a byte-order mark at its beginning left out. Counts
/// bytes, since a line may be a megabyte long: each that begins a character is a unit, and each
/// that begins one of four bytes is another.
fn utf16_len(text: &str) -> i64 {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let characters = text.bytes().filter(|byte| byte & 0xc0 != 0x80).count();
    let long = text.bytes().filter(|byte| *byte >= 0xf0).count();
    (characters + long) as i64
}

pub(super) fn result(finding: &Finding, report: &Report<'_>, places: &Places<'_>) -> SarifResult {
    let related: Vec<Location> = related(finding, places);
    let mut result = SarifResult::builder()
        .rule_id(&*finding.rule)
        .level(level(finding.severity))
        .message(text(&message(finding)))
        .locations(vec![places.location(&finding.site, &finding.at)])
        .partial_fingerprints(fingerprints(finding, places))
        .properties(properties(finding))
        .build();
    let index = report.rules.position(&finding.rule);
    result.rule_index = index.and_then(|index| i64::try_from(index).ok());
    if !related.is_empty() {
        result.related_locations = Some(related);
    }
    result
}

fn level(severity: Severity) -> ResultLevel {
    match severity.sarif_level() {
        "error" => ResultLevel::Error,
        "warning" => ResultLevel::Warning,
        _ => ResultLevel::Note,
    }
}

/// The related places, numbered from 1.
fn related(finding: &Finding, places: &Places<'_>) -> Vec<Location> {
    let related = finding.related.iter().take(RELATED).zip(1i64..);
    related
        .map(|(one, id)| {
            let mut location = places.location(&one.site, &one.at);
            location.id = Some(id);
            location.message = Some(text(&no_links(&one.message)));
            location
        })
        .collect()
}

/// The message, with the first related places that are in files as links to them.
fn message(finding: &Finding) -> String {
    let mut message = no_links(&finding.message);
    let related = finding.related.iter().take(RELATED).zip(1..);
    let links: Vec<_> = related
        .filter(|(one, _)| one.site.span.is_some())
        .take(LINKS)
        .map(|(one, id)| format!("[{}]({id})", one.message.replace(['[', ']', '\\'], " ")))
        .collect();
    if !links.is_empty() {
        message.push_str(". See ");
        message.push_str(&links.join(", "));
        match finding.related.len() - links.len() {
            0 => {}
            more => message.push_str(&format!(" and {more} more")),
        }
    }
    message.push('.');
    message
}

/// Text that would read as a link to somewhere does not.
fn no_links(message: &str) -> String {
    message.trim_end_matches('.').replace("](", "] (")
}

fn fingerprints(finding: &Finding, places: &Places<'_>) -> BTreeMap<String, String> {
    let own = ("meshvet/v1".to_owned(), finding.fingerprint.clone());
    let line = finding.site.span.and_then(|span| places.line_hash(span));
    let line = line.map(|hash| ("primaryLocationLineHash".to_owned(), hash.clone()));
    std::iter::once(own).chain(line).collect()
}

fn properties(finding: &Finding) -> PropertyBag {
    let list = |of: &[String]| Value::from(of.to_vec());
    let mut more = BTreeMap::from([
        ("severity".to_owned(), finding.severity.name().into()),
        ("remediation".to_owned(), (*finding.remediation).into()),
        ("environments".to_owned(), list(&finding.environments)),
        ("controls".to_owned(), list(&finding.controls)),
    ]);
    if let Some(introduced) = &finding.introduced {
        let introduced = serde_json::to_value(JsonIntroduced::new(introduced));
        more.insert("introduced".to_owned(), introduced.unwrap_or_default());
    }
    PropertyBag::builder().additional_properties(more).build()
}
