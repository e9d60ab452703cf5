//! Findings as rows: the same rule, object and field in all environments is one.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::sync::Arc;

use super::Held;
use super::same::Same;
use crate::finding::{Finding, ResourceRef, Severity};

/// What a rule found at a field of an object, in all environments.
#[derive(Debug)]
pub struct Row<'f> {
    /// The rule.
    pub rule: &'f Arc<str>,
    /// The worst severity.
    pub severity: Severity,
    /// The object, as it is called where it was found first.
    pub resource: Option<&'f ResourceRef>,
    /// The name of the object in all environments, for people; an address where there is no object.
    pub subject: String,
    /// The field.
    pub field: &'f str,
    /// What holds in each environment, in their order.
    pub cells: Vec<Cell<'f>>,
}

/// What holds in an environment.
#[derive(Debug, Clone, Copy)]
pub struct Cell<'f> {
    /// What of the finding is there.
    pub state: State,
    /// The finding, if there is one.
    pub finding: Option<&'f Finding>,
}

/// What of a finding is there in an environment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum State {
    /// It was found.
    Finding,
    /// The rule was asked and found nothing.
    Clear,
    /// It could not be judged.
    Unknown,
    /// There is no such object.
    Absent,
}

impl State {
    /// The name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Finding => "finding",
            Self::Clear => "clear",
            Self::Unknown => "unknown",
            Self::Absent => "absent",
        }
    }
}

/// What makes findings one row: the rule, the object or what else it is about, and the field.
type Key<'f> = (&'f str, Result<usize, &'f str>, &'f str);

/// All findings of the environments, worst first.
pub(super) fn rows<'f>(findings: &'f [Finding], held: &[Held<'_>], same: &Same) -> Vec<Row<'f>> {
    let mut index: HashMap<Key<'f>, usize> = HashMap::new();
    let mut groups: Vec<(Key<'f>, Vec<&'f Finding>)> = Vec::new();
    for finding in findings {
        let resource = finding.site.resource.as_ref();
        let subject = resource.and_then(|resource| same.object(resource));
        let key: Key<'f> = (
            &finding.rule,
            subject.ok_or(finding.at.as_str()),
            &finding.site.field,
        );
        let at = *index.entry(key).or_insert(groups.len());
        match groups.get_mut(at) {
            Some((_, group)) => group.push(finding),
            None => groups.push((key, vec![finding])),
        }
    }
    let rows = groups
        .into_iter()
        .filter_map(|(key, findings)| row(key, &findings, held, same));
    let mut rows: Vec<Row<'f>> = rows.collect();
    rows.sort_by_key(|row| Reverse(row.severity));
    rows
}

fn row<'f>(
    (rule, subject, field): Key<'f>,
    findings: &[&'f Finding],
    held: &[Held<'_>],
    same: &Same,
) -> Option<Row<'f>> {
    let first = findings.first()?;
    let cell = |(number, one): (usize, &Held<'_>)| {
        let name = &one.environment.name;
        let mut of = findings.iter();
        let finding = of.find(|finding| finding.environments.contains(name));
        let is_there = subject.map_or(true, |object| same.is_in(object, number));
        let state = match (finding, is_there) {
            (Some(_), _) => State::Finding,
            (None, true) if one.gaps.hides(rule) => State::Unknown,
            (None, true) => State::Clear,
            (None, false) if one.gaps.may_hold_more() => State::Unknown,
            (None, false) => State::Absent,
        };
        Cell {
            state,
            finding: finding.copied(),
        }
    };
    Some(Row {
        rule: &first.rule,
        severity: findings.iter().map(|finding| finding.severity).max()?,
        resource: first.site.resource.as_ref(),
        subject: match (subject, &first.site.resource) {
            (Ok(object), Some(resource)) => format!("{} {}", resource.kind, same.name(object)),
            (_, Some(resource)) => resource.to_string(),
            (_, None) => first.at.clone(),
        },
        field,
        cells: held.iter().enumerate().map(cell).collect(),
    })
}
