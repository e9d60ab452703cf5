//! What authorizations say, as rules.

use std::sync::Arc;

use crate::mesh::linkerd::Linkerd;
use crate::mesh::linkerd::authorization::identity_of;
use crate::mesh::linkerd::crd::{
    AuthorizationPolicy, Network, POLICY, Reference, Server, ServerAuthorization,
};
use crate::mesh::linkerd::object::Object;
use crate::mesh::linkerd::route::{Route, Rules};
use crate::mesh::linkerd::settings::{Config, DefaultPolicy};
use crate::model::{self, At, Constraint, WrittenRule, WrittenValue};

/// A policy that lets in whom its rules name; `at` is where it would say so.
pub(super) fn frame(at: At) -> model::AuthorizationPolicy {
    model::AuthorizationPolicy {
        effect: "allow",
        effect_at: at,
        dry_run: None,
        provider: None,
        rules: Vec::new(),
        lost: Vec::new(),
        wider: Vec::new(),
        gaps: Vec::new(),
    }
}

/// Whom a Server lets in by itself.
pub(super) fn by_access_policy(linkerd: &Linkerd, server: &Object<Server>) -> Option<WrittenRule> {
    let at = server.at("/spec/accessPolicy");
    let text = server.spec.access_policy.as_deref()?;
    let mut source = Vec::new();
    match DefaultPolicy::parse(text)? {
        DefaultPolicy::Deny => return None,
        DefaultPolicy::Audit => {}
        DefaultPolicy::Allow {
            authenticated,
            cluster,
        } => {
            if authenticated {
                source.push(anyone(&at));
            }
            if cluster {
                source.push(inside(&linkerd.config, &at));
            }
        }
    }
    Some(rule(at, source))
}

/// Whom an AuthorizationPolicy lets in.
pub(super) fn by_policy(linkerd: &Linkerd, policy: &Object<AuthorizationPolicy>) -> WrittenRule {
    let list = policy.at("/spec/requiredAuthenticationRefs");
    let mut source = Vec::new();
    for (i, reference) in policy.spec.required().iter().enumerate() {
        let at = list.join(i).join("name");
        let namespace = reference.namespace.as_deref().unwrap_or(&policy.namespace);
        let all = &linkerd.authorizations;
        if reference.is("", "ServiceAccount") {
            let value = account(namespace, &reference.name, at);
            source.push(Constraint::new(
                "requiredAuthenticationRefs",
                "identity",
                list.join(i),
                vec![value],
            ));
        } else if reference.is(POLICY, "MeshTLSAuthentication") {
            let found = all.mesh_tls.named(namespace, &reference.name);
            source.extend(found.map(|one| {
                let mut values = names(
                    one.spec.identities.as_deref(),
                    &one.at("/spec/identities"),
                    &linkerd.config,
                );
                let references = one.spec.identity_refs.iter().flatten().enumerate();
                values.extend(references.map(|(i, reference)| {
                    let at = one.at(&format!("/spec/identityRefs/{i}/name"));
                    referred(reference, &one.namespace, at, &linkerd.config)
                }));
                Constraint::new("identities", "identity", one.at("/spec"), values)
            }));
        } else {
            let found = all.networks.named(namespace, &reference.name);
            source
                .extend(found.map(|one| addresses(&one.spec.networks, &one.at("/spec/networks"))));
        }
    }
    rule(list, source)
}

/// Whom a ServerAuthorization lets in.
pub(super) fn by_server_authorization(
    linkerd: &Linkerd,
    object: &Object<ServerAuthorization>,
) -> WrittenRule {
    let at = object.at("/spec/client");
    let client = &object.spec.client;
    let mut source = Vec::new();
    if let Some(tls) = client.mesh_tls.as_ref().filter(|_| !client.unauthenticated) {
        let of = at.join("meshTLS");
        if tls.unauthenticated_tls {
            source.push(anyone(&of.join("unauthenticatedTLS")));
        } else {
            let list = of.join("identities");
            let mut values = names(tls.identities.as_deref(), &list, &linkerd.config);
            let list = of.join("serviceAccounts");
            for (i, one) in tls.service_accounts.iter().flatten().enumerate() {
                let namespace = one.namespace.as_deref().unwrap_or(&object.namespace);
                values.push(account(namespace, &one.name, list.join(i).join("name")));
            }
            source.push(Constraint::new("meshTLS", "identity", of, values));
        }
    }
    match client.networks.as_deref() {
        Some(networks) if !networks.is_empty() => {
            source.push(addresses(networks, &at.join("networks")));
        }
        _ => source.push(inside(&linkerd.config, &at)),
    }
    rule(at, source)
}

/// The requests that a route takes, each way wholly.
pub(super) fn requests(route: &Route) -> Vec<Vec<Constraint>> {
    let list = route.field("/spec/rules");
    let text = |text: String, any, at: At| WrittenValue {
        any,
        ..WrittenValue::plain(&text, at)
    };
    let mut found = Vec::new();
    match &route.rules {
        Rules::Http(rules) => {
            for (i, rule) in rules.iter().enumerate() {
                let all = rule.spec.matches.iter().flatten().enumerate();
                let before = found.len();
                for (j, one) in all {
                    let at = list.join(i).join("matches").join(j);
                    let mut call = Vec::new();
                    let path = one.path.clone().unwrap_or_default();
                    let written = path.value.as_deref().unwrap_or("/");
                    let prefix =
                        !matches!(path.kind.as_deref(), Some("Exact" | "RegularExpression"));
                    let shown = match (prefix, written) {
                        (true, "/") => "/*".to_owned(),
                        (true, path) => format!("{path}*"),
                        (false, path) => path.to_owned(),
                    };
                    let any = prefix && written == "/";
                    let path_at = at.join("path");
                    let shown = text(shown, any, path_at.join("value"));
                    call.push(request("paths", "path", path_at, vec![shown]));
                    if let Some(method) = &one.method {
                        let at = at.join("method");
                        let method = text(method.clone(), false, at.clone());
                        call.push(request("methods", "method", at, vec![method]));
                    }
                    let header = |header: &crate::mesh::linkerd::crd::ValueMatch| {
                        let at = at.join("headers");
                        let value = text(header.value.clone(), false, at.clone());
                        request(&header.name, "header", at, vec![value])
                    };
                    call.extend(one.headers.iter().map(header));
                    found.push(call);
                }
                if found.len() == before {
                    found.push(Vec::new());
                }
            }
        }
        Rules::Grpc(rules) => {
            for (i, rule) in rules.iter().enumerate() {
                let all: Vec<_> = rule.matches.iter().flatten().enumerate().collect();
                if all.is_empty() {
                    found.push(Vec::new());
                }
                for (j, one) in all {
                    let at = list.join(i).join("matches").join(j).join("method");
                    let method = one.method.clone().unwrap_or_default();
                    let part = |text: Option<String>| text.unwrap_or_else(|| "*".to_owned());
                    let path = format!("/{}/{}", part(method.service), part(method.method));
                    let any = path == "/*/*";
                    let path = text(path, any, at.clone());
                    found.push(vec![request("paths", "path", at, vec![path])]);
                }
            }
        }
    }
    found
}

fn rule(at: At, source: Vec<Constraint>) -> WrittenRule {
    WrittenRule {
        at,
        sources: match source.is_empty() {
            true => Vec::new(),
            false => vec![source],
        },
        operations: Vec::new(),
        conditions: Vec::new(),
    }
}

fn request(name: &str, dimension: &'static str, at: At, values: Vec<WrittenValue>) -> Constraint {
    Constraint {
        http: true,
        ..Constraint::new(name, dimension, at, values)
    }
}

/// Everyone with an identity.
fn anyone(at: &At) -> Constraint {
    let value = WrittenValue {
        any: true,
        ..WrittenValue::plain("*", at.clone())
    };
    Constraint::new("identities", "identity", at.clone(), vec![value])
}

/// Everyone at an address of the cluster.
fn inside(config: &Config, at: &At) -> Constraint {
    let networks = config.cluster_networks.value.iter();
    let values = networks.map(|net| WrittenValue {
        any: net.prefix_len() == 0,
        ..WrittenValue::plain(&net.to_string(), at.clone())
    });
    Constraint::new("networks", "address", at.clone(), values.collect())
}

fn addresses(networks: &[Network], list: &At) -> Constraint {
    let values = networks.iter().enumerate().map(|(i, network)| {
        let whole = network.except.iter().flatten().next().is_none();
        WrittenValue {
            any: network.cidr.0.prefix_len() == 0 && whole,
            ..WrittenValue::plain(&network.cidr.0.to_string(), list.join(i).join("cidr"))
        }
    });
    Constraint::new("networks", "address", list.clone(), values.collect())
}

fn account(namespace: &str, name: &str, at: At) -> WrittenValue {
    let own: (Arc<str>, Arc<str>) = (namespace.into(), name.into());
    WrittenValue {
        stands_for: stands_for(namespace, name),
        account: Some(own),
        ..WrittenValue::plain(&format!("{namespace}/{name}"), at)
    }
}

/// The accounts of multicluster's gateways call for everyone of the linked clusters.
fn stands_for(namespace: &str, name: &str) -> Option<Arc<str>> {
    (namespace == "linkerd-multicluster" && name == "linkerd-gateway")
        .then(|| "everyone in the linked clusters who calls through the gateway".into())
}

/// What a reference of a MeshTLSAuthentication names.
fn referred(reference: &Reference, own: &str, at: At, config: &Config) -> WrittenValue {
    if reference.is("", "Namespace") {
        return WrittenValue {
            namespace: Some(reference.name.as_str().into()),
            ..WrittenValue::plain(&identity_of(reference, own, config), at)
        };
    }
    let namespace = reference.namespace.as_deref().unwrap_or(own);
    account(namespace, &reference.name, at)
}

/// Names of identities.
fn names(all: Option<&[String]>, list: &At, config: &Config) -> Vec<WrittenValue> {
    let ours = config.namespace_name("");
    let each = all.into_iter().flatten().enumerate().map(|(i, name)| {
        let at = list.join(i);
        let labels = name.strip_suffix(&ours);
        match labels.map(|labels| labels.split('.').collect::<Vec<_>>()) {
            _ if name == "*" => WrittenValue {
                any: true,
                ..WrittenValue::plain(name, at)
            },
            Some(labels) => match labels.as_slice() {
                ["*"] => WrittenValue {
                    any: true,
                    ..WrittenValue::plain(name, at)
                },
                ["*", namespace] => WrittenValue {
                    namespace: Some((*namespace).into()),
                    ..WrittenValue::plain(name, at)
                },
                [own, namespace] => WrittenValue {
                    text: name.as_str().into(),
                    ..account(namespace, own, at)
                },
                _ => WrittenValue::plain(name, at),
            },
            None => WrittenValue {
                stands_for: name
                    .starts_with("linkerd-gateway.linkerd-multicluster.")
                    .then(|| stands_for("linkerd-multicluster", "linkerd-gateway"))
                    .flatten(),
                ..WrittenValue::plain(name, at)
            },
        }
    });
    each.collect()
}
