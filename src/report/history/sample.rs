//! A small history that the tests of all formats print.

use serde_json::{Value, json};

use super::{Format, Options, sink};
use crate::change::{
    Change, Direction, EdgeChange, EdgeState, Effects, FieldChange, FindingChange, ListenerChange,
    LogChange, Side, Written,
};
use crate::finding::{ResourceRef, Severity};
use crate::history::{Commit, Entry, Range};
use crate::model::{Pointer, Transport};
use crate::reach::Verdict;

pub(super) const MTLS: EdgeState = EdgeState {
    verdict: Verdict::Allow,
    transport: Some(Transport::Mtls),
};

pub(super) const PLAINTEXT: EdgeState = EdgeState {
    verdict: Verdict::Allow,
    transport: Some(Transport::Plaintext),
};

pub(super) const DENIED: EdgeState = EdgeState {
    verdict: Verdict::Deny,
    transport: None,
};

pub(super) fn commit(id: char, subject: &str) -> Commit {
    Commit {
        id: id.to_string().repeat(40),
        author: "Ann Lee <ann@example.com>".into(),
        committer: "Bo Roe <bo@example.com>".into(),
        time: "2026-03-02T09:14:00Z".into(),
        signed: true,
        subject: subject.into(),
        pull_request: Some(12),
    }
}

pub(super) fn side(file: &str, line: u32, value: Value) -> Side {
    Side {
        at: Written {
            file: file.into(),
            document: 0,
            pointer: Pointer::root(),
        },
        line,
        value,
    }
}

pub(super) fn resource(kind: &str, namespace: Option<&str>, name: &str) -> ResourceRef {
    ResourceRef {
        kind: kind.into(),
        group: "security.istio.io".into(),
        namespace: namespace.map(Into::into),
        name: name.into(),
    }
}

pub(super) fn edge(
    from: &str,
    to: &str,
    before: Option<EdgeState>,
    after: Option<EdgeState>,
) -> EdgeChange {
    EdgeChange {
        environment: "prod".into(),
        from: from.into(),
        to: to.into(),
        before,
        after,
    }
}

pub(super) fn listener(port: u32) -> ListenerChange {
    ListenerChange {
        environment: "prod".into(),
        listener: format!("payments/ledger:{port}").into(),
        before: "required",
        after: "permissive",
    }
}

pub(super) fn found(rule: &str, environment: &str, fingerprint: &str) -> FindingChange {
    FindingChange {
        environment: environment.into(),
        rule: rule.into(),
        severity: Severity::High,
        message: "payments/ledger:8443 and 3 more ports take plaintext".into(),
        fingerprint: fingerprint.into(),
    }
}

/// A field of a policy is made weaker, and it tells.
pub(super) fn permissive() -> Change {
    Change {
        field: FieldChange {
            resource: Some(resource("PeerAuthentication", Some("payments"), "default")),
            field: "/spec/mtls/mode".into(),
            before: Some(side("deploy/payments.yaml", 8, json!("STRICT"))),
            after: Some(side("deploy/payments.yaml", 8, json!("PERMISSIVE"))),
            of_mesh: true,
        },
        direction: Direction::Weaker,
        effects: Effects {
            listeners: (8443..8447).map(listener).collect(),
            opened: vec![edge(
                "batch/nightly",
                "payments/ledger:8443",
                Some(DENIED),
                Some(PLAINTEXT),
            )],
            downgraded: vec![edge(
                "external",
                "payments/ledger:8444",
                Some(MTLS),
                Some(PLAINTEXT),
            )],
            introduced: vec![found("mtls/permissive", "prod", "f")],
            ..Effects::default()
        },
    }
}

/// A policy goes away.
pub(super) fn deleted() -> Change {
    let log = |of: &str| LogChange {
        environment: "prod".into(),
        log: "access",
        of: of.into(),
        before: Some("on"),
        after: Some("off"),
    };
    Change {
        field: FieldChange {
            resource: Some(resource("Telemetry", None, "mesh")),
            field: String::new(),
            before: Some(side("deploy/log.yaml", 1, json!({"spec": {}}))),
            after: None,
            of_mesh: true,
        },
        direction: Direction::Weaker,
        effects: Effects {
            closed: vec![edge("web/frontend", "shop/cart:80", Some(MTLS), None)],
            upgraded: vec![edge(
                "web/frontend",
                "shop/cart:81",
                Some(PLAINTEXT),
                Some(MTLS),
            )],
            logging: vec![log("payments/ledger"), log("web/frontend")],
            resolved: vec![found("mtls/permissive", "prod", "f")],
            ..Effects::default()
        },
    }
}

/// An object moves to another file, and nothing comes of it.
pub(super) fn moved() -> Change {
    Change {
        field: FieldChange {
            resource: Some(resource("PeerAuthentication", Some("payments"), "default")),
            field: String::new(),
            before: Some(side("old.yaml", 3, Value::Null)),
            after: Some(side("new.yaml", 5, Value::Null)),
            of_mesh: true,
        },
        direction: Direction::Neutral,
        effects: Effects::default(),
    }
}

/// Three changes in two commits, the second of them merged.
pub(super) fn entries() -> Vec<Entry> {
    let entry = |commit: &Commit, merge: Option<&Commit>, change| Entry {
        commit: commit.clone(),
        merge: merge.cloned(),
        change,
    };
    let newest = commit('4', "payments: let the batch job in");
    let older = Commit {
        pull_request: None,
        signed: false,
        ..commit('2', "no log, who reads it?")
    };
    let merge = Commit {
        author: "Bo Roe <bo@example.com>".into(),
        ..commit('3', "Merge pull request #12 from ann/log")
    };
    vec![
        entry(&newest, None, permissive()),
        entry(&older, Some(&merge), deleted()),
        entry(&older, Some(&merge), moved()),
    ]
}

pub(super) fn range() -> Range {
    Range {
        from: Some("1".repeat(40)),
        to: Some("4".repeat(40)),
        commits: 17,
        shallow: false,
        whole: true,
    }
}

/// The log of these entries.
pub(super) fn print(format: Format, options: Options, entries: &[Entry], range: &Range) -> String {
    let mut out = Vec::new();
    let mut sink = sink(format, options, &mut out);
    assert!(sink.begin().is_ok());
    for entry in entries {
        assert!(sink.entry(entry).is_ok());
    }
    assert!(sink.end(range).is_ok());
    drop(sink);
    String::from_utf8_lossy(&out).into_owned()
}
