//! What the admission webhook refuses of authorizations: it will not exist.
//!
//! `linkerd/linkerd2: policy-controller/runtime/src/{admission,validation}.rs`.

use crate::mesh::linkerd::crd::{
    AuthorizationPolicy, GATEWAY, MeshTls, Network, POLICY, Reference, ServerAuthorization,
    is_label,
};
use crate::mesh::linkerd::object::{Refusal, by_schema, by_webhook};
use crate::mesh::linkerd::who::SPIFFE;

/// Of an AuthorizationPolicy.
pub(super) fn policy(namespace: Option<&str>, spec: &AuthorizationPolicy) -> Option<Refusal> {
    let Some(target) = &spec.target_ref else {
        return by_schema("it has no targetRef", "/spec/targetRef");
    };
    if spec.required_authentication_refs.is_none() {
        let what = "it does not say what is required of callers; everyone is an empty list";
        return by_schema(what, "/spec/requiredAuthenticationRefs");
    }
    if let Some(fault) = target.fault() {
        return by_schema(fault, "/spec/targetRef/group");
    }
    let known = [
        (POLICY, "Server"),
        (POLICY, "HTTPRoute"),
        (GATEWAY, "HTTPRoute"),
        (GATEWAY, "GRPCRoute"),
        ("", "Namespace"),
    ];
    if !known.iter().any(|(group, kind)| target.is(group, kind)) {
        let hint = match target.kind.eq_ignore_ascii_case("Server") {
            true => "; a Server is in the group policy.linkerd.io",
            false => "",
        };
        let what = format!("{} is nothing it can be about{hint}", target.title());
        return by_webhook(what, "/spec/targetRef/kind");
    }
    if target.is("", "Namespace") && namespace != Some(target.name.as_str()) {
        let what = "it is about another namespace than its own";
        return by_webhook(what, "/spec/targetRef/name");
    }
    let list = "/spec/requiredAuthenticationRefs";
    let kinds = [
        ("", "ServiceAccount"),
        (POLICY, "MeshTLSAuthentication"),
        (POLICY, "NetworkAuthentication"),
    ];
    let all = spec.required();
    if let Some(refusal) = groups(all, list) {
        return Some(refusal);
    }
    let unknown = |one: &Reference| !kinds.iter().any(|(group, kind)| one.is(group, kind));
    if let Some(i) = all.iter().position(unknown) {
        let title = all.get(i).map(Reference::title).unwrap_or_default();
        return by_webhook(
            format!("{title} proves nothing about a caller"),
            format!("{list}/{i}/kind"),
        );
    }
    let second = |wanted: &dyn Fn(&Reference) -> bool| {
        let mut found = all.iter().enumerate().filter(|(_, one)| wanted(one));
        found.nth(1).map(|(i, _)| format!("{list}/{i}"))
    };
    if let Some(at) = second(&|one| !one.is(POLICY, "NetworkAuthentication")) {
        return by_webhook("it requires two identities of one caller", at);
    }
    let network = |one: &Reference| one.is(POLICY, "NetworkAuthentication");
    second(&network).and_then(|at| by_webhook("it requires two NetworkAuthentications", at))
}

/// Of a MeshTLSAuthentication.
pub(super) fn mesh_tls(spec: &MeshTls) -> Option<Refusal> {
    match (&spec.identities, &spec.identity_refs) {
        (Some(_), Some(_)) => {
            return by_schema(
                "it has both identities and identityRefs",
                "/spec/identityRefs",
            );
        }
        (None, None) => return by_schema("it names no identities", "/spec"),
        (Some(all), None) if all.is_empty() => {
            return by_schema("it names no identities", "/spec/identities");
        }
        (None, Some(all)) if all.is_empty() => {
            return by_schema("it names no identities", "/spec/identityRefs");
        }
        _ => {}
    }
    for (i, name) in spec.identities.iter().flatten().enumerate() {
        if let Some(fault) = fault(name) {
            let what = format!("{name:?} is no identity: {fault}");
            return by_webhook(what, format!("/spec/identities/{i}"));
        }
    }
    let references = spec.identity_refs.as_deref().unwrap_or_default();
    if let Some(refusal) = groups(references, "/spec/identityRefs") {
        return Some(refusal);
    }
    for (i, one) in references.iter().enumerate() {
        let at = format!("/spec/identityRefs/{i}");
        if one.is("", "Namespace") {
            if one.namespace.is_some() {
                let what = "a Namespace is in no namespace";
                return by_webhook(what, format!("{at}/namespace"));
            }
        } else if !one.is("", "ServiceAccount") {
            let what = format!("{} is no identity", one.title());
            return by_webhook(what, format!("{at}/kind"));
        }
    }
    None
}

/// A reference whose group is none.
fn groups(all: &[Reference], list: &str) -> Option<Refusal> {
    let mut faults = all.iter().enumerate();
    faults.find_map(|(i, one)| by_schema(one.fault()?, format!("{list}/{i}/group")))
}

/// A name in a ServerAuthorization that its schema does not take: neither dots nor SPIFFE.
/// `linkerd/linkerd2: charts/linkerd-crds/templates/policy/server-authorization.yaml`.
fn odd_name(spec: &ServerAuthorization) -> Option<Refusal> {
    let named = spec.server.name.as_ref();
    if let Some(name) = named.filter(|name| !is_label(name)) {
        let what = format!("{name:?} is no name of a Server there");
        return by_schema(what, "/spec/server/name");
    }
    let tls = spec.client.mesh_tls.as_ref()?;
    let at = "/spec/client/meshTLS";
    for (i, name) in tls.identities.iter().flatten().enumerate() {
        if name.starts_with(SPIFFE) || fault(name).is_some() {
            let what = format!("{name:?} is no name of a host in lower case");
            return by_schema(what, format!("{at}/identities/{i}"));
        }
    }
    for (i, one) in tls.service_accounts.iter().flatten().enumerate() {
        let odd = |name: &str| !is_label(name);
        if odd(&one.name) || one.namespace.as_deref().is_some_and(odd) {
            let what = "names with dots are no service accounts there";
            return by_schema(what, format!("{at}/serviceAccounts/{i}"));
        }
    }
    None
}

/// Of a ServerAuthorization.
pub(super) fn of_server(spec: &ServerAuthorization) -> Option<Refusal> {
    if let Some(refusal) = odd_name(spec) {
        return Some(refusal);
    }
    if spec.server.name.is_some() == spec.server.selector.is_some() {
        return by_schema("it has to name a Server or select some", "/spec/server");
    }
    let client = &spec.client;
    if let Some(tls) = &client.mesh_tls {
        if client.unauthenticated {
            let what = "unauthenticated and meshTLS exclude each other";
            return by_webhook(what, "/spec/client/unauthenticated");
        }
        let names = tls.identities.iter().flatten().count();
        let accounts = tls.service_accounts.iter().flatten().count();
        if tls.unauthenticated_tls && names + accounts > 0 {
            let what = "unauthenticatedTLS and named identities exclude each other";
            return by_webhook(what, "/spec/client/meshTLS/unauthenticatedTLS");
        }
    }
    let list = client.networks.as_deref().unwrap_or_default();
    networks(list, "/spec/client/networks", false)
}

/// Of networks.
pub fn networks(all: &[Network], list: &str, required: bool) -> Option<Refusal> {
    if required && all.is_empty() {
        return by_webhook("it names no network", list);
    }
    for (i, network) in all.iter().enumerate() {
        for (j, except) in network.except.iter().flatten().enumerate() {
            let at = format!("{list}/{i}/except/{j}");
            let (net, except) = (network.cidr.0, except.0);
            if except.contains(&net) {
                return by_webhook(format!("{except} leaves nothing of {net}"), at);
            }
            if !net.contains(&except) {
                return by_webhook(format!("{except} is not in {net}"), at);
            }
        }
    }
    None
}

/// What is wrong with the name of an identity, in the form of a host or of SPIFFE.
fn fault(name: &str) -> Option<&'static str> {
    let Some(rest) = name.strip_prefix(SPIFFE) else {
        let rest = name.strip_prefix("*.").unwrap_or(name);
        let fits = name == "*" || rest.split('.').all(is_label);
        return (!fits).then_some(
            "it is neither the name of a host in lower case, with or without `*.` before it, nor begins \
             with spiffe://",
        );
    };
    let (domain, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let in_domain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-._".contains(c);
    let in_path = |c: char| c.is_ascii_alphanumeric() || "-._".contains(c);
    let mut segments = path.split('/').skip(1);
    if domain.is_empty() {
        Some("it has no trust domain")
    } else if !domain.chars().all(in_domain) {
        Some("its trust domain has letters or signs that none has")
    } else if !segments.all(|one| !matches!(one, "" | "." | "..") && one.chars().all(in_path)) {
        Some("its path has empty parts, dots or signs that none has")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::fault;

    #[test]
    fn names_of_identities() {
        for name in [
            "*",
            "*.shop",
            "web.shop.serviceaccount.identity.linkerd.cluster.local",
            "spiffe://root.example/vm_1/A",
            "spiffe://root",
        ] {
            assert_eq!(fault(name), None, "{name}");
        }
        for name in [
            "",
            "Web.shop",
            "web.shop.",
            "a.*.b",
            "**",
            "system:serviceaccount:a:b",
            "spiffe://",
            "spiffe://Root/a",
            "spiffe://root/a/",
            "spiffe://root//a",
            "spiffe://root/../a",
        ] {
            assert!(fault(name).is_some(), "{name}");
        }
    }
}
