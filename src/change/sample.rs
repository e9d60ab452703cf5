//! Small meshes for unit tests.

#![allow(clippy::unwrap_used)]

use super::{
    Change, Difference, Direction, EdgeChange, EdgeState, Felt, FieldChange, InForce, Side,
    Written, attribute, compare,
};
use crate::model::Pointer;
use crate::policy::{self, Rules};
use crate::scan::{Origin, Places, judge, parse};
use crate::text::{SourceFile, Sources};

/// A file's name and text.
pub type File<'a> = (&'a str, &'a str);

/// What is in force in the environments of some files, with the findings of one rule.
pub fn all_in_force(files: &[File<'_>], rule: &str) -> Vec<InForce> {
    let mut sources = Sources::default();
    for &(name, text) in files {
        sources.add(SourceFile::new(name, text));
    }
    let rules = Rules::embedded().unwrap().only(|one| &*one.id == rule);
    let parsed = parse(&sources);
    let environments = parsed.environments.iter();
    environments
        .map(|environment| {
            let judged = judge(&parsed, environment, &Origin::default(), &rules.sections());
            let places = Places(&judged.world);
            let (findings, _) = policy::evaluate(&rules, &judged.input, &places, &judged.name);
            InForce::of(&judged, &sources, findings)
        })
        .collect()
}

/// What is in force in the only environment of some files.
pub fn in_force(files: &[File<'_>]) -> InForce {
    let mut all = all_in_force(files, "");
    assert_eq!(all.len(), 1, "{all:?}");
    all.remove(0)
}

/// A namespace whose workloads have a sidecar.
pub fn namespace(name: &str) -> String {
    format!(
        "---\napiVersion: v1\nkind: Namespace\n\
         metadata: {{name: {name}, labels: {{istio-injection: enabled}}}}\n"
    )
}

/// A workload with a service account of its own name, that listens on a port.
pub fn deployment(namespace: &str, name: &str, port: u16) -> String {
    format!(
        "---\napiVersion: apps/v1\nkind: Deployment\n\
         metadata: {{name: {name}, namespace: {namespace}}}\n\
         spec:\n  selector: {{matchLabels: {{app: {name}}}}}\n  template:\n    \
         metadata: {{labels: {{app: {name}}}}}\n    spec:\n      serviceAccountName: {name}\n      \
         containers: [{{name: main, image: 'registry/{name}:1', ports: [{{containerPort: {port}}}]}}]\n"
    )
}

/// A service before a workload.
pub fn service(namespace: &str, name: &str, port: u16) -> String {
    format!(
        "---\napiVersion: v1\nkind: Service\nmetadata: {{name: {name}, namespace: {namespace}}}\n\
         spec: {{selector: {{app: {name}}}, ports: [{{name: http, port: {port}}}]}}\n"
    )
}

/// A namespace with the workloads `web`, `cart` and `pay`, and services before the last two: documents
/// 0 to 5 of a file.
pub fn shop() -> String {
    let mut all = namespace("shop");
    for name in ["web", "cart", "pay"] {
        all += &deployment("shop", name, 80);
    }
    all + &service("shop", "cart", 80) + &service("shop", "pay", 80)
}

/// A `PeerAuthentication` of a namespace.
pub fn peers(namespace: &str, mode: &str) -> String {
    format!(
        "---\napiVersion: security.istio.io/v1\nkind: PeerAuthentication\n\
         metadata: {{name: default, namespace: {namespace}}}\nspec: {{mtls: {{mode: {mode}}}}}\n"
    )
}

/// An `AuthorizationPolicy` that allows some clients, each `namespace/account`, to call an app.
pub fn allow(namespace: &str, name: &str, app: &str, clients: &[&str]) -> String {
    let rule = |client: &&str| {
        let (namespace, account) = client.split_once('/').unwrap();
        format!(
            "  - from: [{{source: {{principals: [cluster.local/ns/{namespace}/sa/{account}]}}}}]\n"
        )
    };
    format!(
        "---\napiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\n\
         metadata: {{name: {name}, namespace: {namespace}}}\nspec:\n  \
         selector: {{matchLabels: {{app: {app}}}}}\n  rules:\n{}",
        clients.iter().map(rule).collect::<String>()
    )
}

/// A place; `3:/spec` is in the fourth document of `all.yaml`, `a.yaml:0:/spec` in another file.
pub fn at(place: &str) -> Written {
    let parts: Vec<_> = place.split(':').collect();
    let (file, document, pointer) = match parts[..] {
        [document, pointer] => ("all.yaml", document, pointer),
        [file, document, pointer] => (file, document, pointer),
        _ => unreachable!("{place}"),
    };
    Written {
        file: file.into(),
        document: document.parse().unwrap(),
        pointer: Pointer::new(pointer),
    }
}

/// A change from one place to another; `-` is none, a `!` in front of it all: it is none of a mesh's.
pub fn field(change: &str) -> FieldChange {
    let of_mesh = !change.starts_with('!');
    let (before, after) = change.trim_start_matches('!').split_once(" > ").unwrap();
    let side = |place: &str| {
        (place != "-").then(|| Side {
            at: at(place),
            line: 1,
            value: serde_json::Value::Null,
        })
    };
    let (before, after) = (side(before), side(after));
    let pointer = &after.as_ref().or(before.as_ref()).unwrap().at.pointer;
    FieldChange {
        resource: None,
        field: pointer
            .as_str()
            .replace("/items/0", "")
            .replacen('/', "", 1),
        before,
        after,
        of_mesh,
    }
}

fn state(state: Option<EdgeState>) -> String {
    let transport = |state: EdgeState| state.transport.map_or("", |transport| transport.name());
    state.map_or_else(
        || "none".to_owned(),
        |state| format!("{} {}", state.verdict.name(), transport(state)),
    )
}

/// A difference in a line.
pub fn line(difference: &Difference) -> String {
    let edge = |kind: &str, one: &EdgeChange| {
        let (before, after) = (state(one.before), state(one.after));
        let (before, after) = (before.trim(), after.trim());
        format!("{kind} {} {}: {before} > {after}", one.from, one.to)
    };
    match difference {
        Difference::Opened(one) => edge("opened", one),
        Difference::Closed(one) => edge("closed", one),
        Difference::Downgraded(one) => edge("downgraded", one),
        Difference::Upgraded(one) => edge("upgraded", one),
        Difference::Listener(one) => {
            format!("listener {}: {} > {}", one.listener, one.before, one.after)
        }
        Difference::Log(one) => {
            let (before, after) = (one.before.unwrap_or("none"), one.after.unwrap_or("none"));
            format!("log {} {}: {before} > {after}", one.log, one.of)
        }
        Difference::Introduced(one) => format!("introduced {} {:?}", one.rule, one.severity),
        Difference::Resolved(one) => format!("resolved {} {:?}", one.rule, one.severity),
    }
}

/// The differences between two meshes in a file, each in a line.
pub fn differences(before: &str, after: &str) -> Vec<String> {
    let before = in_force(&[("all.yaml", before)]);
    let after = in_force(&[("all.yaml", after)]);
    lines(&compare(Some(&before), Some(&after)))
}

/// Differences, each in a line.
pub fn lines(felt: &[Felt]) -> Vec<String> {
    felt.iter().map(|felt| line(&felt.difference)).collect()
}

/// What each change did, as its number, direction and effects in lines.
pub fn attributed(before: &[InForce], after: &[InForce], fields: &[&str]) -> Vec<String> {
    let mut felt = Vec::new();
    for one in after {
        let same = |other: &&InForce| other.environment() == one.environment();
        felt.extend(compare(before.iter().find(same), Some(one)));
    }
    for one in before {
        if !after
            .iter()
            .any(|other| other.environment() == one.environment())
        {
            felt.extend(compare(Some(one), None));
        }
    }
    let changes = fields.iter().map(|change| field(change)).collect();
    let (before, after): (Vec<_>, Vec<_>) = (before.iter().collect(), after.iter().collect());
    attribute(changes, felt, &before, &after)
        .iter()
        .map(told)
        .collect()
}

fn told(change: &Change) -> String {
    let side = change.field.after.as_ref().or(change.field.before.as_ref());
    let at = &side.unwrap().at;
    let direction = match change.direction {
        Direction::Weaker => "weaker",
        Direction::Stronger => "stronger",
        Direction::Neutral => "neutral",
    };
    let effects = effects(change);
    format!(
        "{}:{} {direction} [{}]",
        at.document,
        at.pointer,
        effects.join(", ")
    )
}

/// What a change did, in lines.
pub fn effects(change: &Change) -> Vec<String> {
    let one = change.effects.clone();
    let all = one.listeners.into_iter().map(Difference::Listener);
    let all = all.chain(one.opened.into_iter().map(Difference::Opened));
    let all = all.chain(one.closed.into_iter().map(Difference::Closed));
    let all = all.chain(one.downgraded.into_iter().map(Difference::Downgraded));
    let all = all.chain(one.upgraded.into_iter().map(Difference::Upgraded));
    let all = all.chain(one.logging.into_iter().map(Difference::Log));
    let all = all.chain(one.introduced.into_iter().map(Difference::Introduced));
    let all = all.chain(one.resolved.into_iter().map(Difference::Resolved));
    all.map(|one| line(&one)).collect()
}
