//! Who may call a port, and how it is read.
//!
//! `linkerd/linkerd2: policy-controller/k8s/index/src/inbound/index.rs` (inbound_server,
//! default_inbound_server), `policy-controller/grpc/src/inbound.rs` (to_server).

use std::sync::Arc;

use super::probe;
use super::server::{self, CONTROL};
use crate::mesh::linkerd::authorization::{Grant, Target};
use crate::mesh::linkerd::crd::{ProxyProtocol, Server};
use crate::mesh::linkerd::membership::annotation::{Annotations, is_external};
use crate::mesh::linkerd::object::Object;
use crate::mesh::linkerd::route::{Place, Route, branches};
use crate::mesh::linkerd::settings::DefaultPolicy;
use crate::mesh::linkerd::{Linkerd, port, who};
use crate::model::{
    At, Because, Decided, Effect, Layer, Normalization, Rule, Ruleset, Test, When, Workload,
};

/// The rule of ports for which nobody says how they are read.
const FINDS_OUT: &str = "the proxy finds out what is spoken";

/// Who may call a port, and how it is read.
pub(super) struct Policy<'a> {
    /// The Server, where there is one.
    pub(super) server: Option<&'a Object<Server>>,
    /// Why the port is judged like that.
    pub(super) because: Because,
    pub(super) protocol: Decided<&'static str>,
    /// The rules of each way of reading it.
    pub(super) layers: Vec<(Layer, Arc<Ruleset>)>,
    /// What lets callers without an identity in, if anything does; probes do not count.
    pub(super) anonymous: Option<At>,
}

impl Linkerd {
    /// Who may call a port.
    pub(super) fn policy_of(&self, workload: &Workload, port: u16) -> Policy<'_> {
        if port == CONTROL && !is_external(workload) {
            return self.tapped(workload);
        }
        match self.server_of(workload, port) {
            Some(server) => self.by_server(server, workload, port),
            None => self.by_default(workload, port),
        }
    }

    /// The Servers that select a workload, what counts first is first.
    pub fn servers_of(&self, workload: &Workload) -> impl Iterator<Item = &Object<Server>> + Clone {
        let places = self.serving.get(workload.id.0 as usize);
        let places = places.map_or(&[][..], Vec::as_slice);
        places.iter().filter_map(|&place| self.servers.nth(place))
    }

    /// How a port is read.
    pub(in crate::mesh::linkerd) fn protocol(
        &self,
        workload: &Workload,
        port: u16,
    ) -> Decided<&'static str> {
        if port == CONTROL && !is_external(workload) {
            return Decided::default("http", "tap speaks gRPC", workload.at());
        }
        match self.server_of(workload, port) {
            Some(server) => protocol_of(server),
            None => self.protocol_by_default(&Annotations::of(&self.index, workload), port),
        }
    }

    /// How a port is read that no Server selects.
    fn protocol_by_default(
        &self,
        annotations: &Annotations<'_>,
        port: u16,
    ) -> Decided<&'static str> {
        match self.opaque(annotations, port) {
            Some(because) => Decided::new("tcp", because),
            None => Decided::default("auto", FINDS_OUT, annotations.workload.at()),
        }
    }

    /// The Server that is in force on a port.
    fn server_of(&self, workload: &Workload, port: u16) -> Option<&Object<Server>> {
        let mut servers = self.servers_of(workload);
        servers.find(|one| server::means(&one.spec, workload, port))
    }

    /// Who may call a port that a Server selects.
    fn by_server<'a>(
        &'a self,
        server: &'a Object<Server>,
        workload: &Workload,
        port: u16,
    ) -> Policy<'a> {
        let protocol = server.spec.proxy_protocol.unwrap_or(ProxyProtocol::Unknown);
        let grants = self.server_grants(server);
        let because = match &server.spec.access_policy {
            Some(_) => Because::Configured(server.at("/spec/accessPolicy")),
            None => Because::Configured(server.at("/metadata/name")),
        };
        let place: Place = (Arc::clone(&server.namespace), Arc::clone(&server.name));
        let stream = || self.ruleset(&grants, &because);
        let http = || {
            let routes = self.routes.http(&place);
            match routes.is_empty() {
                true => self.unrouted(&grants, workload, port, &because),
                false => self.routed(&routes, &grants, &because),
            }
        };
        let layers = match protocol {
            ProxyProtocol::Unknown => vec![(Layer::Http, http()), (Layer::Tcp, stream())],
            ProxyProtocol::Http1 | ProxyProtocol::Http2 => vec![(Layer::Http, http())],
            ProxyProtocol::Grpc => {
                let routes = self.routes.grpc(&place);
                let rules = match routes.is_empty() {
                    true => self.ruleset(&grants, &because),
                    false => self.routed(&routes, &grants, &because),
                };
                vec![(Layer::Http, rules)]
            }
            ProxyProtocol::Opaque | ProxyProtocol::Tls => vec![(Layer::Tcp, stream())],
        };
        let routes = match protocol {
            ProxyProtocol::Opaque | ProxyProtocol::Tls => Vec::new(),
            ProxyProtocol::Grpc => self.routes.grpc(&place),
            _ => self.routes.http(&place),
        };
        let of_routes = routes.iter().flat_map(|route| self.route_grants(route));
        let anonymous = grants.iter().chain(of_routes).find(|one| is_anonymous(one));
        Policy {
            server: Some(server),
            anonymous: anonymous.map(|grant| grant.at.clone()),
            protocol: protocol_of(server),
            because,
            layers: layers
                .into_iter()
                .map(|(layer, rules)| (layer, Arc::new(rules)))
                .collect(),
        }
    }

    /// Whom a Server lets in whatever route is taken.
    pub fn server_grants(&self, server: &Object<Server>) -> Vec<Grant> {
        let labels = &self.index.resource(server.id).labels;
        let (namespace, name) = (&server.namespace, &server.name);
        let all = &self.authorizations;
        let mut grants = all.of_server(namespace, name, labels, &self.config);
        let of_server = all.about(namespace, Target::Server(Arc::clone(name)));
        grants.extend(of_server.cloned());
        grants.extend(all.about(namespace, Target::Namespace).cloned());
        let access = server.spec.access_policy.as_deref();
        if let Some(policy) = access.and_then(DefaultPolicy::parse) {
            let at = server.at("/spec/accessPolicy");
            let when = who::by_default(policy, &self.config, &at);
            if !matches!(when, When::Never) {
                grants.push(Grant { when, at });
            }
        }
        grants
    }

    /// Whom a route lets in beside those whom its Server does.
    pub fn route_grants<'a>(&'a self, route: &Route) -> impl Iterator<Item = &'a Grant> {
        let target = Target::Route(route.name.clone());
        self.authorizations.about(&route.namespace, target)
    }

    /// Who may call a port that no Server selects.
    fn by_default(&self, workload: &Workload, port: u16) -> Policy<'_> {
        let annotations = Annotations::of(&self.index, workload);
        let chosen = self.default_policy(&annotations);
        let mut policy = chosen.value;
        let mut because = chosen.because.clone();
        let required = annotations.config("proxy-require-identity-inbound-ports");
        if let Some((text, at)) = required
            && port::all(text).is_some_and(|ports| port::contains(&ports, port))
            && let DefaultPolicy::Allow { authenticated, .. } = &mut policy
            && !*authenticated
        {
            *authenticated = true;
            because = Because::Configured(at);
        }
        let at = because.at().clone();
        let grant = Grant {
            when: who::by_default(policy, &self.config, &at),
            at,
        };
        let anonymous = is_anonymous(&grant).then(|| grant.at.clone());
        let anyone = matches!(grant.when, When::Always);
        let grants = [grant];
        let open = |rules: Ruleset| match anyone {
            // nobody asks who calls
            true => Arc::new(Ruleset {
                rules: Vec::new(),
                otherwise: Effect::Allow,
                ..rules
            }),
            false => Arc::new(rules),
        };
        let stream = (Layer::Tcp, open(self.ruleset(&grants, &because)));
        let protocol = self.protocol_by_default(&annotations, port);
        let layers = match protocol.value {
            "tcp" => vec![stream],
            _ => {
                let http = open(self.unrouted(&grants, workload, port, &because));
                vec![(Layer::Http, http), stream]
            }
        };
        Policy {
            server: None,
            because,
            protocol,
            layers,
            anonymous,
        }
    }

    /// The default policy of a workload.
    pub fn default_policy(&self, annotations: &Annotations<'_>) -> Decided<DefaultPolicy> {
        let written = annotations.config("default-inbound-policy");
        let own = written.and_then(|(text, at)| Some((DefaultPolicy::parse(text)?, at)));
        match own {
            Some((policy, at)) => Decided::configured(policy, at),
            None => self.config.default_policy.clone(),
        }
    }

    /// Why a port that no Server selects is read as a stream of bytes: it is on the pod's list, or, of
    /// ports that are declared, on the usual one.
    /// `linkerd/linkerd2: controller/proxy-injector/webhook.go`.
    pub fn opaque(&self, annotations: &Annotations<'_>, port: u16) -> Option<Because> {
        if let Some((text, at)) = annotations.config("opaque-ports") {
            let ports = port::all(text)?;
            return port::contains(&ports, port).then_some(Because::Configured(at));
        }
        let workload = annotations.workload;
        let mut declared = workload.containers.iter().flat_map(|one| &one.ports);
        let usual = &self.config.opaque_ports;
        let listed = port::contains(&usual.value, port) && !is_external(workload);
        (listed && declared.any(|one| one.number == port)).then(|| usual.because.clone())
    }

    /// The rules of a stream of bytes.
    fn ruleset(&self, grants: &[Grant], because: &Because) -> Ruleset {
        ruleset(grants.iter().map(allow).collect(), because)
    }

    /// The rules of requests where no route is attached: probes are let in beside everyone else.
    fn unrouted(
        &self,
        grants: &[Grant],
        workload: &Workload,
        port: u16,
        because: &Because,
    ) -> Ruleset {
        let networks = &self.config.probe_networks;
        let probes = probe::of(&self.index, workload, port).into_iter();
        let probes = probes.map(|(asked, at)| Rule {
            when: When::all(vec![
                asked,
                who::within(&networks.value, networks.because.at()),
            ]),
            then: Effect::Allow,
            at,
        });
        ruleset(grants.iter().map(allow).chain(probes).collect(), because)
    }

    /// The rules of requests where routes are attached: what takes none of them is refused.
    fn routed(&self, routes: &[&Route], grants: &[Grant], because: &Because) -> Ruleset {
        let refused = |at| {
            let rule = Rule {
                when: When::Always,
                then: Effect::Deny,
                at,
            };
            ruleset(vec![rule], because)
        };
        let branches = match branches(routes) {
            Ok(branches) => branches,
            Err(unreadable) => return refused(unreadable),
        };
        let mut rules = Vec::new();
        for branch in branches {
            let and = |grant: &Grant| Rule {
                when: When::all(vec![branch.when.clone(), grant.when.clone()]),
                then: Effect::Allow,
                at: grant.at.clone(),
            };
            if let Some(at) = branch.answers {
                rules.push(Rule {
                    when: branch.when.clone(),
                    then: Effect::Deny,
                    at,
                });
                continue;
            }
            rules.extend(self.route_grants(branch.route).map(and));
            rules.extend(grants.iter().map(and));
            rules.push(Rule {
                when: branch.when,
                then: Effect::Unlisted,
                at: branch.at,
            });
        }
        let first = routes.first().map(|route| route.at.clone());
        let because = first.map_or_else(|| because.clone(), Because::Configured);
        ruleset(rules, &because)
    }

    /// The port on which proxies show their calls: to tap only, where it is installed.
    /// `linkerd/linkerd2-proxy: linkerd/app/src/tap.rs`.
    fn tapped(&self, workload: &Workload) -> Policy<'_> {
        let because = Because::Default {
            rule: "proxies show their calls to tap of the extension viz, and to nobody else",
            near: workload.at(),
        };
        let at = workload.at();
        let tap = self.config.account_name("linkerd-viz", "tap");
        let grant = Grant {
            when: who::identity(&tap, &at),
            at,
        };
        let rules = self.ruleset(&[grant], &because);
        Policy {
            server: None,
            protocol: self.protocol(workload, CONTROL),
            layers: vec![(Layer::Http, Arc::new(rules))],
            anonymous: None,
            because,
        }
    }
}

/// How a Server has its port read.
fn protocol_of(server: &Object<Server>) -> Decided<&'static str> {
    let name = match server.spec.proxy_protocol {
        None => return Decided::default("auto", FINDS_OUT, server.at("/metadata/name")),
        Some(ProxyProtocol::Unknown) => "auto",
        Some(ProxyProtocol::Http1 | ProxyProtocol::Http2 | ProxyProtocol::Grpc) => "http",
        Some(ProxyProtocol::Opaque) => "tcp",
        Some(ProxyProtocol::Tls) => "tls",
    };
    Decided::configured(name, server.at("/spec/proxyProtocol"))
}

pub(super) fn ruleset(rules: Vec<Rule>, because: &Because) -> Ruleset {
    Ruleset {
        rules,
        otherwise: Effect::Deny,
        because: because.clone(),
        normalization: Normalization::VERBATIM,
        tokens: None,
    }
}

fn allow(grant: &Grant) -> Rule {
    Rule {
        when: grant.when.clone(),
        then: Effect::Allow,
        at: grant.at.clone(),
    }
}

/// Whether it lets in callers without an identity.
fn is_anonymous(grant: &Grant) -> bool {
    let mut proof = matches!(grant.when, When::Never);
    grant.when.each_test(&mut |test, _| {
        proof |= matches!(test, Test::Identity(_));
    });
    !proof
}
