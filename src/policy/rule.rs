use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::finding::Severity;
use crate::text::SourceFile;

use super::error::PolicyError;
use super::remediation::{self, Remediation};

/// A rule: one file that says what it looks for, in metadata for people and in Rego.
#[derive(Debug, Clone)]
pub struct Rule {
    /// `area/name`: the path of the file without its extension, and the package.
    pub id: Arc<str>,
    /// The package, as written: `meshvet.mtls.permissive`.
    pub package: String,
    /// The problem in a few words.
    pub title: String,
    /// Why it is one.
    pub description: String,
    /// How bad it is, where a result says nothing else.
    pub severity: Severity,
    /// What to do.
    pub remediation: Remediation,
    /// The meshes it knows, in lower case; `kubernetes` for what concerns none of them. It is asked only
    /// where one of them is.
    pub meshes: Vec<String>,
    /// Addresses of pages to read.
    pub related_resources: Vec<String>,
    /// Controls it serves, `framework/id`.
    pub controls: Arc<[String]>,
    /// What a user may set, with the values it has otherwise.
    pub params: Map<String, Value>,
    /// How often it is right.
    pub precision: Precision,
    /// Facts without which it judges nothing: `observations`, `changes`, `cluster`, …
    pub requires: Vec<String>,
    /// Kinds whose absence it speaks of: where they are not all known, its findings are notes.
    pub complete: Vec<String>,
    /// The file.
    pub path: Arc<str>,
    /// The whole text of the file.
    pub text: Arc<str>,
}

/// How often a rule is right, in the words of code scanning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Precision {
    /// Practically always.
    VeryHigh,
    /// Nearly always.
    #[default]
    High,
    /// Mostly.
    Medium,
    /// Often not.
    Low,
}

impl Precision {
    /// The name in metadata and reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::VeryHigh => "very-high",
            Self::High => "high",
            Self::Medium => "medium",
            Self::Low => "low",
        }
    }
}

/// What `meshes` may name.
const MESHES: [&str; 4] = ["istio", "linkerd", "consul", KUBERNETES];

/// What stands in `meshes` for no mesh.
pub(super) const KUBERNETES: &str = "kubernetes";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Metadata {
    title: String,
    description: String,
    #[serde(default)]
    related_resources: Vec<String>,
    custom: Custom,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Custom {
    severity: Severity,
    remediation: remediation::Written,
    meshes: Vec<String>,
    #[serde(default)]
    controls: Vec<String>,
    #[serde(default)]
    params: Map<String, Value>,
    #[serde(default)]
    precision: Precision,
    #[serde(default)]
    requires: Vec<String>,
    #[serde(default)]
    complete: Vec<String>,
}

/// What a policy file is.
pub(super) enum Policy {
    /// It judges.
    Rule(Box<Rule>),
    /// Others import it.
    Library(Library),
}

/// A file that rules import.
#[derive(Debug, Clone)]
pub(super) struct Library {
    pub(super) package: String,
    pub(super) path: Arc<str>,
    pub(super) text: Arc<str>,
}

/// Reads a policy file: `meshvet.lib.*` and `custom.lib.*` are libraries, all others are rules.
pub(super) fn read(file: &SourceFile) -> Result<Policy, PolicyError> {
    let (line, package) = package(file)?;
    let inside = package
        .strip_prefix("meshvet.")
        .or_else(|| package.strip_prefix("custom."))
        .ok_or_else(|| {
            let message = "the package must be below `meshvet.` or `custom.`";
            PolicyError::at(file.name(), line, 1, message)
        })?;
    if inside.starts_with("lib.") {
        return Ok(Policy::Library(Library {
            package: package.to_owned(),
            path: file.name().into(),
            text: file.text().into(),
        }));
    }
    if inside.split('.').filter(|step| !step.is_empty()).count() != 2 {
        let message = "the package of a rule is `meshvet.<area>.<name>` or `custom.<area>.<name>`";
        return Err(PolicyError::at(file.name(), line, 1, message));
    }
    let inside = inside.replace('.', "/");
    let below = file.name().strip_suffix(".rego").unwrap_or(file.name());
    if below != inside && !below.ends_with(&format!("/{inside}")) {
        let message = format!("package {package} belongs into a file {inside}.rego");
        return Err(PolicyError::at(file.name(), line, 1, message));
    }
    let metadata = metadata(file, line)?;
    // user rules keep their root, so that they never take the name of a built-in one
    let id = match package.split_once('.') {
        Some(("custom", _)) => format!("custom/{inside}"),
        _ => inside,
    };
    let custom = metadata.custom;
    Ok(Policy::Rule(Box::new(Rule {
        id: id.into(),
        package: package.to_owned(),
        title: metadata.title.trim().to_owned(),
        description: metadata.description.trim().to_owned(),
        severity: custom.severity,
        remediation: custom.remediation.into(),
        meshes: custom.meshes,
        related_resources: metadata.related_resources,
        controls: custom.controls.into(),
        params: custom.params,
        precision: custom.precision,
        requires: custom.requires,
        complete: custom.complete,
        path: file.name().into(),
        text: file.text().into(),
    })))
}

/// The package and its line, counted from 1.
fn package(file: &SourceFile) -> Result<(u32, &str), PolicyError> {
    for number in 1..=file.line_count() {
        if let Some(rest) = file.line(number).strip_prefix("package ") {
            let name = rest.split('#').next().unwrap_or(rest).trim();
            let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '.';
            return if name.chars().all(is_plain) {
                Ok((number, name))
            } else {
                let message = "the package must be plain words with dots between";
                Err(PolicyError::at(file.name(), number, 1, message))
            };
        }
    }
    let message = "no line begins with `package`";
    Err(PolicyError::at(file.name(), 1, 1, message))
}

/// Reads the comment block above `package`.
fn metadata(file: &SourceFile, package_line: u32) -> Result<Metadata, PolicyError> {
    let mut first = package_line;
    while first > 1 && file.line(first - 1).starts_with('#') {
        first -= 1;
    }
    if file.line(first).trim_end() != "# METADATA" {
        let message = "no `# METADATA` block directly above `package`";
        return Err(PolicyError::at(file.name(), package_line, 1, message));
    }
    let yaml = as_yaml(file, first + 1, package_line);
    let metadata: Metadata = serde_yaml::from_str(&yaml).map_err(|error| {
        let (line, column) = error
            .location()
            .map_or((first, 1), |l| (l.line() as u32, l.column() as u32));
        let text = error.to_string();
        let message = text.split(" at line ").next().unwrap_or(&text);
        PolicyError::at(file.name(), line, column, message)
    })?;
    let custom = &metadata.custom;
    let unknown = custom.meshes.iter().find(|m| !MESHES.contains(&m.as_str()));
    let strange = {
        let mut named = custom.remediation.meshes();
        named.find(|mesh| !custom.meshes.contains(mesh)).cloned()
    };
    let wrong = if let Some(unknown) = unknown {
        Some(format!("custom.meshes: {unknown:?} is none of {MESHES:?}"))
    } else if let Some(strange) = strange {
        Some(format!(
            "custom.remediation: {strange:?} is none of custom.meshes"
        ))
    } else if custom.meshes.is_empty() {
        Some("custom.meshes names no mesh".to_owned())
    } else if metadata.title.trim().is_empty() || custom.remediation.is_empty() {
        Some("title and custom.remediation may not be empty".to_owned())
    } else {
        None
    };
    match wrong {
        Some(message) => Err(PolicyError::at(file.name(), first, 1, message)),
        None => Ok(metadata),
    }
}

/// The lines without their `#`, at the line and column they have in the file: an error in them
/// then says where it is.
fn as_yaml(file: &SourceFile, from: u32, to: u32) -> String {
    let mut yaml = "\n".repeat(from.saturating_sub(1) as usize);
    for number in from..to {
        yaml.push(' ');
        yaml.push_str(file.line(number).trim_start_matches('#'));
        yaml.push('\n');
    }
    yaml
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic)]
mod tests {
    use super::*;

    const METADATA: &str = "# METADATA
# title: Port accepts plaintext
# description: |
#   Callers are not proven.
#
#   Traffic can be read.
# custom:
#   severity: high
#   remediation: Require mutual TLS.
#   meshes: [istio, consul]
#   params: {exempt: [a], limit: 3}
";

    fn rule(path: &str, text: &str) -> Result<Rule, String> {
        match read(&SourceFile::new(path, text)) {
            Ok(Policy::Rule(rule)) => Ok(*rule),
            Ok(Policy::Library(library)) => Err(format!("library {}", library.package)),
            Err(error) => Err(error.to_string()),
        }
    }

    fn with(metadata: &str) -> Result<Rule, String> {
        rule(
            "policies/mtls/permissive.rego",
            &format!("{metadata}package meshvet.mtls.permissive\n"),
        )
    }

    #[test]
    fn metadata_is_read() {
        let rule = with(METADATA).unwrap();
        assert_eq!(&*rule.id, "mtls/permissive");
        assert_eq!(rule.title, "Port accepts plaintext");
        assert_eq!(
            rule.description,
            "Callers are not proven.\n\nTraffic can be read."
        );
        assert_eq!(rule.severity, Severity::High);
        assert_eq!(rule.meshes, ["istio", "consul"]);
        assert_eq!(rule.precision, Precision::High);
        assert_eq!(
            serde_json::to_string(&rule.params).unwrap(),
            r#"{"exempt":["a"],"limit":3}"#
        );
    }

    #[test]
    fn errors_name_the_line() {
        let bad = METADATA.replace("severity: high", "severity: hihg");
        assert_eq!(
            with(&bad).unwrap_err(),
            "policies/mtls/permissive.rego:8:15: custom.severity: unknown variant `hihg`, expected one of `info`, `low`, `medium`, `high`, `critical`"
        );
        let bad = METADATA.replace("#   params:", "#   parms:");
        let error = with(&bad).unwrap_err();
        assert!(
            error.starts_with("policies/mtls/permissive.rego:11:5: custom: unknown field `parms`"),
            "{error}"
        );
        let bad = METADATA.replace("istio,", "itsio,");
        assert!(with(&bad).unwrap_err().contains("\"itsio\" is none of"));
    }

    #[test]
    fn a_rule_needs_every_required_field() {
        for field in ["title", "severity", "remediation", "meshes"] {
            let kept = METADATA.lines().filter(|l| !l.contains(field));
            let text: String = kept.map(|l| format!("{l}\n")).collect();
            let error = with(&text).unwrap_err();
            assert!(
                error.contains(&format!("missing field `{field}`")),
                "{error}"
            );
        }
        assert_eq!(
            with("# just a note\n").unwrap_err(),
            "policies/mtls/permissive.rego:2:1: no `# METADATA` block directly above `package`"
        );
    }

    #[test]
    fn the_path_is_the_package() {
        let text = format!("{METADATA}package meshvet.mtls.permissive\n");
        assert!(rule("mtls/permissive.rego", &text).is_ok());
        assert_eq!(
            rule("mtls/permisive.rego", &text).unwrap_err(),
            "mtls/permisive.rego:12:1: package meshvet.mtls.permissive belongs into a file mtls/permissive.rego"
        );
        // only whole folder names count
        assert!(rule("xmtls/permissive.rego", &text).is_err());
        let custom = format!("{METADATA}package custom.mtls.permissive\n");
        let id = rule("mine/mtls/permissive.rego", &custom).unwrap().id;
        assert_eq!(&*id, "custom/mtls/permissive");
        assert!(rule("a.rego", "package other\n").is_err());
    }

    #[test]
    fn libraries_need_no_metadata() {
        let read = rule("lib/format.rego", "package meshvet.lib.format\n");
        assert_eq!(read.unwrap_err(), "library meshvet.lib.format");
    }
}
