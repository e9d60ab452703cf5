//! Who is let in by whom: AuthorizationPolicies and ServerAuthorizations, and what they name.
//!
//! `linkerd/linkerd2: policy-controller/k8s/index/src/inbound/index.rs` (client_authzs,
//! policy_client_authz).

mod admission;

use std::collections::HashMap;
use std::sync::Arc;

use super::crd::{
    self, AuthorizationPolicy, GATEWAY, MeshTls, NetworkAuthentication, POLICY, Reference,
    ServerAuthorization,
};
use super::object::{Object, Objects, timeless_first};
use super::settings::Config;
use super::who;
use crate::k8s::{Index, Resource};
use crate::model::{At, Labels, Problem, When};

pub use admission::networks as bad_networks;

/// Whom one object lets in.
#[derive(Debug, Clone)]
pub struct Grant {
    /// Who.
    pub when: When,
    /// The line that says so.
    pub at: At,
}

/// What an AuthorizationPolicy is about.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Target {
    /// A Server.
    Server(Arc<str>),
    /// All Servers of the namespace.
    Namespace,
    /// A route.
    Route(RouteName),
}

/// Group, kind and name of a route, in lower case.
pub type RouteName = (String, String, String);

/// The name by which policies find a route.
pub fn route_name(group: &str, kind: &str, name: &str) -> RouteName {
    let lower = str::to_ascii_lowercase;
    (lower(group), lower(kind), lower(name))
}

/// Why an object lets nobody in, and the field.
pub type Ignored = (String, At);

/// What one object comes to.
#[derive(Debug)]
pub struct Compiled {
    /// What it is about; nothing where it is about Servers that it names otherwise.
    pub target: Option<Target>,
    /// Whom it lets in, or why nobody.
    pub grant: Result<Grant, Ignored>,
}

/// Everything that lets callers in.
#[derive(Debug)]
pub struct Authorizations {
    /// The AuthorizationPolicies.
    pub policies: Objects<AuthorizationPolicy>,
    /// The ServerAuthorizations.
    pub of_servers: Objects<ServerAuthorization>,
    /// The MeshTLSAuthentications.
    pub mesh_tls: Objects<MeshTls>,
    /// The NetworkAuthentications.
    pub networks: Objects<NetworkAuthentication>,
    /// What AuthorizationPolicies come to, in their order.
    compiled: Vec<Compiled>,
    /// The AuthorizationPolicies about something, by their places.
    about: HashMap<(Arc<str>, Target), Vec<usize>>,
}

impl Authorizations {
    /// Reads and compiles them.
    pub fn read(index: &Index, config: &Config, problems: &mut Vec<Problem>) -> Self {
        let policies = Objects::read(
            index,
            (POLICY, "AuthorizationPolicy"),
            timeless_first,
            |resource, spec| admission::policy(resource.key.namespace.as_deref(), spec),
            problems,
        );
        let mut all = Self {
            of_servers: Objects::read(
                index,
                (POLICY, "ServerAuthorization"),
                timeless_first,
                |_, spec| admission::of_server(spec),
                problems,
            ),
            mesh_tls: Objects::read(
                index,
                (POLICY, "MeshTLSAuthentication"),
                timeless_first,
                |_, spec| admission::mesh_tls(spec),
                problems,
            ),
            networks: Objects::read(
                index,
                (POLICY, "NetworkAuthentication"),
                timeless_first,
                |_: &Resource, spec: &mut NetworkAuthentication| {
                    admission::networks(&spec.networks, "/spec/networks", true)
                },
                problems,
            ),
            compiled: Vec::new(),
            about: HashMap::new(),
            policies,
        };
        for (i, policy) in all.policies.iter().enumerate() {
            let target = target(policy);
            all.compiled.push(Compiled {
                grant: all.grant(policy, config),
                target: target.clone(),
            });
            if let Some(target) = target {
                let key = (Arc::clone(&policy.namespace), target);
                all.about.entry(key).or_default().push(i);
            }
        }
        all
    }

    /// All AuthorizationPolicies with what they come to.
    pub fn compiled(&self) -> impl Iterator<Item = (&Object<AuthorizationPolicy>, &Compiled)> {
        self.policies.iter().zip(&self.compiled)
    }

    /// Whom AuthorizationPolicies about something let in.
    pub fn about(&self, namespace: &Arc<str>, target: Target) -> impl Iterator<Item = &Grant> {
        let all = self.about.get(&(Arc::clone(namespace), target));
        all.into_iter()
            .flatten()
            .filter_map(|&i| self.compiled.get(i)?.grant.as_ref().ok())
    }

    /// Policies about a Server that let nobody in: why not.
    pub fn passed_over(&self, server: &Object<crd::Server>, config: &Config) -> Vec<Ignored> {
        let targets = [Target::Server(Arc::clone(&server.name)), Target::Namespace];
        let about = targets.into_iter().flat_map(|target| {
            let places = self.about.get(&(Arc::clone(&server.namespace), target));
            places.into_iter().flatten()
        });
        let ignored = about.filter_map(|&i| self.compiled.get(i)?.grant.as_ref().err().cloned());
        let named = |one: &&Object<ServerAuthorization>| {
            one.spec.server.name.as_deref() == Some(&*server.name)
        };
        let of_server = self.of_servers.of(&server.namespace).filter(named);
        let ignored_there = of_server.filter_map(|one| server_grant(one, config).err());
        ignored.chain(ignored_there).collect()
    }

    /// Whom ServerAuthorizations of a Server let in.
    pub fn of_server(
        &self,
        namespace: &str,
        name: &str,
        labels: &Labels,
        config: &Config,
    ) -> Vec<Grant> {
        let all = self.of_servers.of(namespace);
        all.filter(|one| selects(&one.spec, name, labels))
            .filter_map(|one| server_grant(one, config).ok())
            .collect()
    }

    /// Whom an AuthorizationPolicy lets in: everything that it requires must hold.
    fn grant(
        &self,
        policy: &Object<AuthorizationPolicy>,
        config: &Config,
    ) -> Result<Grant, Ignored> {
        let list = policy.at("/spec/requiredAuthenticationRefs");
        let mut parts = Vec::new();
        let many = |wanted: bool| {
            let of = |one: &&Reference| one.is(POLICY, "NetworkAuthentication") == wanted;
            policy.spec.required().iter().filter(of).count() > 1
        };
        if many(true) || many(false) {
            let what = "it requires two of one sort, so the whole policy is passed over";
            return Err((what.to_owned(), list));
        }
        let required = policy.spec.required().iter().enumerate();
        for (i, reference) in required {
            let at = list.join(i);
            let namespace = reference.namespace.as_deref().unwrap_or(&policy.namespace);
            let missing = || {
                let what = format!(
                    "there is no {} {namespace}/{}, so the whole policy is passed over",
                    reference.kind, reference.name
                );
                (what, at.join("name"))
            };
            parts.push(if reference.is("", "ServiceAccount") {
                let name = config.account_name(namespace, &reference.name);
                who::identity(&name, &at.join("name"))
            } else if reference.is(POLICY, "MeshTLSAuthentication") {
                let found = self.mesh_tls.named(namespace, &reference.name);
                let found = found.filter(|one| is_read(&one.spec));
                identities(found.ok_or_else(missing)?, config)
            } else if !reference.is(POLICY, "NetworkAuthentication") {
                return Err(missing());
            } else {
                let found = self.networks.named(namespace, &reference.name);
                let found = found.filter(|one| !one.spec.networks.is_empty());
                let found = found.ok_or_else(missing)?;
                who::from(&found.spec.networks, &found.at("/spec/networks"))
            });
        }
        Ok(Grant {
            when: When::all(parts),
            at: list,
        })
    }
}

/// What an AuthorizationPolicy is about.
fn target(policy: &Object<AuthorizationPolicy>) -> Option<Target> {
    let reference = policy.spec.target_ref.as_ref()?;
    let route = |group| {
        let name = route_name(group, &reference.kind, &reference.name);
        Some(Target::Route(name))
    };
    match reference {
        one if one.is(POLICY, "Server") => Some(Target::Server(one.name.as_str().into())),
        one if one.is("", "Namespace") => Some(Target::Namespace),
        one if one.is(POLICY, "HTTPRoute") => route(POLICY),
        one if one.is(GATEWAY, "HTTPRoute") || one.is(GATEWAY, "GRPCRoute") => route(GATEWAY),
        _ => None,
    }
}

/// Whether the controller can read what a MeshTLSAuthentication refers to.
fn is_read(authentication: &MeshTls) -> bool {
    let mut all = authentication.identity_refs.iter().flatten();
    all.all(|one| one.is("", "ServiceAccount") || one.is("", "Namespace"))
}

/// The identities that a MeshTLSAuthentication takes.
fn identities(authentication: &Object<MeshTls>, config: &Config) -> When {
    let at = authentication.at("/spec/identities");
    let names = authentication.spec.identities.iter().flatten().enumerate();
    let mut any: Vec<When> = names
        .map(|(i, name)| who::identity(name, &at.join(i)))
        .collect();
    let at = authentication.at("/spec/identityRefs");
    let references = authentication.spec.identity_refs.iter().flatten();
    for (i, reference) in references.enumerate() {
        let name = identity_of(reference, &authentication.namespace, config);
        any.push(who::identity(&name, &at.join(i)));
    }
    When::any(any)
}

/// The name, or pattern, of what a reference of a MeshTLSAuthentication names.
pub fn identity_of(reference: &Reference, own: &str, config: &Config) -> String {
    match reference.is("", "Namespace") {
        true => format!("*.{}", config.namespace_name(&reference.name)),
        false => {
            let namespace = reference.namespace.as_deref().unwrap_or(own);
            config.account_name(namespace, &reference.name)
        }
    }
}

/// Whether a ServerAuthorization is about a Server, by its name or the labels of the Server itself.
pub fn selects(authorization: &ServerAuthorization, name: &str, labels: &Labels) -> bool {
    match (&authorization.server.name, &authorization.server.selector) {
        (Some(named), _) => named == name,
        (None, Some(selector)) => selector.matches(labels),
        (None, None) => true,
    }
}

/// Whom a ServerAuthorization lets in.
/// `linkerd/linkerd2: policy-controller/k8s/index/src/inbound/server_authorization.rs`.
pub fn server_grant(
    authorization: &Object<ServerAuthorization>,
    config: &Config,
) -> Result<Grant, Ignored> {
    let at = authorization.at("/spec/client");
    let client = &authorization.spec.client;
    let who = if client.unauthenticated {
        When::Always
    } else {
        let tls = client.mesh_tls.as_ref().ok_or_else(|| {
            let what = "it says neither unauthenticated nor meshTLS, so it lets nobody in";
            (what.to_owned(), at.clone())
        })?;
        of_tls(tls, authorization, config)?
    };
    let networks = client.networks.iter().flatten().count();
    let from = match (networks, &client.networks) {
        (1.., Some(networks)) => who::from(networks, &at.join("networks")),
        _ => who::inside(config),
    };
    Ok(Grant {
        when: When::all(vec![who, from]),
        at,
    })
}

fn of_tls(
    tls: &crd::ClientTls,
    authorization: &Object<ServerAuthorization>,
    config: &Config,
) -> Result<When, Ignored> {
    let at = authorization.at("/spec/client/meshTLS");
    if tls.unauthenticated_tls {
        return Ok(who::any_tls(&at.join("unauthenticatedTLS")));
    }
    let list = at.join("identities");
    let names = tls.identities.iter().flatten().enumerate();
    let mut any: Vec<When> = names
        .map(|(i, name)| who::identity(name, &list.join(i)))
        .collect();
    let list = at.join("serviceAccounts");
    for (i, account) in tls.service_accounts.iter().flatten().enumerate() {
        let namespace = account.namespace.as_deref();
        let namespace = namespace.unwrap_or(&authorization.namespace);
        let name = config.account_name(namespace, &account.name);
        any.push(who::identity(&name, &list.join(i)));
    }
    match any.is_empty() {
        true => Err((
            "its meshTLS names nobody, so it lets nobody in".to_owned(),
            at,
        )),
        false => Ok(When::any(any)),
    }
}
