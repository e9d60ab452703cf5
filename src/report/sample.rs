//! A small scan that the tests of all formats print.

use super::{Format, Options, ProblemLine, Report, ScanSummary, Spot, write};
use crate::finding::{Finding, Introduced, Related, ResourceRef, Severity, Site, collect};
use crate::model::ProblemKind;
use crate::policy::Rules;
use crate::text::{FileId, SourceFile, Sources, Span};

/// The first file of the sample; the umlauts show in which unit columns count.
pub(super) const PAYMENTS: &str = "\
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata:
  name: default
  namespace: payments
spec:
  mtls:
    mode: PERMISSIVE # für 🦀
---
apiVersion: v1
kind: Pod
metadata: {name: \"🦀\", namespace: payments}
";

/// The second file of the sample.
pub(super) const WEB: &str = "kind: Deployment\nmetadata:\n  name: web\n";

/// A scan and what it found.
pub(super) struct Sample {
    pub(super) sources: Sources,
    pub(super) findings: Vec<Finding>,
    pub(super) problems: Vec<ProblemLine>,
    pub(super) scan: ScanSummary,
    pub(super) rules: Rules,
}

impl Sample {
    /// Nothing was found and all was understood.
    pub(super) fn clean() -> Self {
        let mut sources = Sources::default();
        sources.add(SourceFile::new("deploy/payments.yaml", PAYMENTS));
        sources.add(SourceFile::new("deploy/web shop.yaml", WEB));
        let rules = Rules::embedded().unwrap_or_default();
        let scan = ScanSummary {
            origin: "directory".into(),
            root: ".".into(),
            environments: vec!["prod".into()],
            files: 2,
            objects: vec![
                ("Istio", 1),
                ("Linkerd", 0),
                ("Consul", 0),
                ("Kubernetes", 2),
            ],
            meshes: vec!["Istio"],
            workloads: 2,
            edges: 4,
            plaintext_edges: 1,
            ..ScanSummary::default()
        };
        Self {
            sources,
            findings: Vec::new(),
            problems: Vec::new(),
            scan,
            rules: rules.only(|rule| &*rule.id == "mtls/permissive"),
        }
    }

    /// One finding with related places near and far, one without a line, and two problems.
    pub(super) fn new() -> Self {
        let mut sample = Self::clean();
        let mut permissive = finding("mtls/permissive", Severity::High);
        permissive.site.span = Some(sample.span(0, "PERMISSIVE"));
        permissive.related = vec![
            related("decides for 2 ports", Some(sample.span(0, "PERMISSIVE"))),
            related("this pod", Some(sample.span(0, "\"🦀\""))),
            related("one caller", Some(sample.span(1, "web"))),
        ];
        let mut nowhere = finding("mtls/permissive", Severity::Info);
        nowhere.at = "MeshConfig/istio-system/mesh#".into();
        nowhere.message = "the mesh has no default".into();
        sample.findings = collect(vec![vec![permissive, nowhere]], &sample.sources);
        sample.problems = vec![
            ProblemLine {
                kind: ProblemKind::UnrenderedTemplate,
                message: "a template; render it first".into(),
                place: Spot::File("chart/web.yaml".into()),
            },
            ProblemLine {
                kind: ProblemKind::DuplicateKey,
                message: "the key is there twice".into(),
                place: Spot::Span(sample.span(1, "name")),
            },
        ];
        sample
    }

    /// The first place of a text in a file.
    pub(super) fn span(&self, file: u32, text: &str) -> Span {
        let whole = self.sources.get(FileId(file)).text();
        let start = whole.find(text).unwrap_or(0) as u32;
        Span {
            file: FileId(file),
            start,
            end: start + text.len() as u32,
        }
    }

    /// The report, as text.
    pub(super) fn print(&self, format: Format, options: Options<'_>) -> String {
        let report = Report {
            sources: &self.sources,
            findings: &self.findings,
            suppressed: 0,
            problems: &self.problems,
            scan: &self.scan,
            rules: &self.rules,
        };
        let mut out = Vec::new();
        assert!(write(format, &report, options, &mut out).is_ok());
        String::from_utf8_lossy(&out).into_owned()
    }
}

/// A finding in the sample's PeerAuthentication.
pub(super) fn finding(rule: &str, severity: Severity) -> Finding {
    Finding {
        rule: rule.into(),
        severity,
        message: "payments/ledger:8443 and 3 more ports take plaintext".into(),
        remediation: "set STRICT".into(),
        at: "PeerAuthentication.security.istio.io/payments/default#/spec/mtls/mode".into(),
        site: Site {
            resource: Some(ResourceRef {
                kind: "PeerAuthentication".into(),
                group: "security.istio.io".into(),
                namespace: Some("payments".into()),
                name: "default".into(),
            }),
            field: "/spec/mtls/mode".into(),
            ..Site::default()
        },
        related: Vec::new(),
        environments: vec!["prod".into()],
        controls: ["pci-dss-4.0.1/4.2.1".to_owned()].into(),
        introduced: None,
        fingerprint: String::new(),
    }
}

/// A commit of Ann's.
pub(super) fn ann() -> Introduced {
    Introduced::Commit {
        commit: "4f2c9e1d".into(),
        author: "Ann Lee <ann@example.com>".into(),
        time: "2026-03-02T09:14:00Z".into(),
        subject: "payments: let the batch job in".into(),
    }
}

/// A related place; its address is its message.
pub(super) fn related(message: &str, span: Option<Span>) -> Related {
    Related {
        message: message.into(),
        at: message.into(),
        site: Site {
            span,
            ..Site::default()
        },
    }
}
