//! A rule, as code scanning shows it.

use std::collections::BTreeMap;

use serde_json::Value;
use serde_sarif::sarif::{
    MultiformatMessageString, PropertyBag, ReportingConfiguration, ReportingDescriptor,
};

use crate::finding::Severity;
use crate::policy::Rule;

/// The longest description that is accepted, in characters.
const LONGEST: usize = 1024;

/// How many tags a rule may have.
const TAGS: usize = 20;

pub(super) fn descriptor(rule: &Rule) -> ReportingDescriptor {
    let level = ReportingConfiguration::builder()
        .level(rule.severity.sarif_level())
        .build();
    let help = MultiformatMessageString::builder()
        .text(help(rule, |title| title.to_owned()))
        .markdown(help(rule, |title| format!("**{title}**")))
        .build();
    let mut descriptor = ReportingDescriptor::builder()
        .id(&*rule.id)
        .name(pascal_case(&rule.id))
        .short_description(plain(&rule.title))
        .full_description(plain(&rule.description))
        .help(help)
        .default_configuration(level)
        .properties(properties(rule))
        .build();
    descriptor.help_uri = rule.related_resources.first().cloned();
    descriptor
}

fn plain(text: &str) -> MultiformatMessageString {
    let text: String = text.chars().take(LONGEST).collect();
    MultiformatMessageString::builder().text(text).build()
}

/// Description, remedy and pages to read.
fn help(rule: &Rule, title: impl Fn(&str) -> String) -> String {
    let mut help = format!(
        "{}\n\n{}\n\n{}",
        rule.description,
        title("What to do"),
        rule.remediation
    );
    if !rule.related_resources.is_empty() {
        help.push_str(&format!("\n\n{}\n", title("Read more")));
        for page in &rule.related_resources {
            help.push_str(&format!("\n- {page}"));
        }
    }
    help
}

/// `mtls/weak_tls` as `MtlsWeakTls`.
fn pascal_case(id: &str) -> String {
    let words = id.split(['/', '_']);
    let capital = |word: &str| {
        let mut chars = word.chars();
        let first = chars.next().map(|c| c.to_ascii_uppercase());
        first.into_iter().chain(chars).collect::<String>()
    };
    words.map(capital).collect()
}

fn properties(rule: &Rule) -> PropertyBag {
    let mut tags: Vec<String> = rule.meshes.clone();
    tags.extend(rule.controls.iter().cloned());
    let mut more: BTreeMap<String, Value> = BTreeMap::new();
    let mut put = |name: &str, value: &str| more.insert(name.to_owned(), value.into());
    put("precision", rule.precision.name());
    put("problem.severity", problem_severity(rule.severity));
    // a score makes it a security alert; what has none is advice
    if let Some(score) = rule.severity.security_severity() {
        put("security-severity", score);
        tags.insert(0, "security".to_owned());
    }
    tags.truncate(TAGS);
    PropertyBag::builder()
        .tags(tags)
        .additional_properties(more)
        .build()
}

fn problem_severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical | Severity::High => "error",
        Severity::Medium => "warning",
        Severity::Low | Severity::Info => "recommendation",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_made_of_ids() {
        assert_eq!(pascal_case("mtls/weak_tls"), "MtlsWeakTls");
    }
}
