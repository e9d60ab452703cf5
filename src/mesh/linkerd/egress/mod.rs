//! What becomes of calls that leave the cluster.
//!
//! `linkerd/linkerd2: policy-controller/k8s/index/src/outbound/index/egress_network.rs`,
//! `policy-controller/k8s/status/src/index.rs` (parent_condition_egress_network).

mod network;
mod shadow;

use std::sync::Arc;

use super::Linkerd;
use super::crd::{EgressNetwork, GATEWAY, Parent, StreamRoute, TrafficPolicy};
use super::object::{
    Object, Objects, Refusal, by_schema, by_webhook, timeless_first, timeless_last,
};
use super::route::{Route, Rules, leading};
use crate::k8s::Index;
use crate::model::{
    At, Because, Decided, Effect, Gate, Layer, Normalization, Outside, Problem, Rule, Ruleset,
    StringMatch, Test, TlsOrigination, Way, When, Workload,
};

pub use network::Choice;

/// What says what becomes of calls out of the cluster.
#[derive(Debug)]
pub struct Egress {
    /// The EgressNetworks.
    pub networks: Objects<EgressNetwork>,
    tls: Objects<StreamRoute>,
    tcp: Objects<StreamRoute>,
}

impl Egress {
    /// Reads it.
    pub fn read(index: &Index, problems: &mut Vec<Problem>) -> Self {
        let mut streams = |kind| {
            Objects::read(
                index,
                (GATEWAY, kind),
                timeless_last,
                |_, spec| stream(spec),
                problems,
            )
        };
        let (tls, tcp) = (streams("TLSRoute"), streams("TCPRoute"));
        let refusal = |spec: &EgressNetwork| {
            if spec.traffic_policy.is_none() {
                let what = "it does not say what becomes of calls";
                return by_schema(what, "/spec/trafficPolicy");
            }
            let networks = spec.networks.as_deref()?;
            super::authorization::bad_networks(networks, "/spec/networks", true)
        };
        Self {
            networks: Objects::read(
                index,
                (super::crd::POLICY, "EgressNetwork"),
                timeless_first,
                |_, spec| refusal(spec),
                problems,
            ),
            tls,
            tcp,
        }
    }
}

/// What the admission webhook refuses of a `TLSRoute` or `TCPRoute` for an EgressNetwork; those for
/// others are not ours.
fn stream(route: &StreamRoute) -> Option<Refusal> {
    if !route
        .parent_refs
        .iter()
        .any(|parent| parent.is("EgressNetwork"))
    {
        return None;
    }
    super::route::egress_without_port(&route.parent_refs).or_else(|| {
        let one = route.rules.len() == 1;
        match one {
            true => None,
            false => by_webhook("it needs exactly one rule", "/spec/rules"),
        }
    })
}

/// The routes on a network, of the one kind that counts.
enum Attached<'a> {
    Requests(Vec<&'a Route>),
    Tls(Vec<&'a Object<StreamRoute>>),
    Tcp(Vec<&'a Object<StreamRoute>>),
    None,
}

impl Linkerd {
    /// The ways of a call out of the cluster.
    pub(super) fn ways_outside(&self, client: &Workload, to: &Outside) -> Vec<Way> {
        let plain = |because| Decided::new(TlsOrigination::Plaintext, because);
        if let Some(because) = self.skipped_outbound(client, to.port) {
            return vec![Way::straight(plain(because), None)];
        }
        let because = Because::Default {
            rule: "Linkerd leads calls out of the cluster on as the application makes them",
            near: client.at(),
        };
        let mut way = Way::straight(plain(because), None);
        way.host.clone_from(&to.host);
        let network = match self.egress_network(client, to.ip) {
            Choice::None => return vec![way],
            Choice::One(network) => network,
            Choice::Open(what, at) => {
                way.conditions.push((what, at));
                return vec![way];
            }
        };
        self.through(client, network, to, way)
    }

    /// The ways of a call that an EgressNetwork takes.
    fn through(
        &self,
        client: &Workload,
        network: &Object<EgressNetwork>,
        to: &Outside,
        mut way: Way,
    ) -> Vec<Way> {
        let written = self.index.node(network.id).path(&["spec", "trafficPolicy"]);
        let because = match written {
            Some(_) => Because::Configured(network.at("/spec/trafficPolicy")),
            None => Because::Configured(network.at("/metadata/name")),
        };
        let denies = network.spec.traffic_policy == Some(TrafficPolicy::Deny);
        let attached = match self.is_accepted(network) {
            true => self.attached(client, network, to.port),
            false => Attached::None,
        };
        let gate = |rules, layer| Gate {
            routes: true,
            rules: Arc::new(Ruleset {
                rules,
                otherwise: match denies {
                    true => Effect::Deny,
                    false => Effect::Allow,
                },
                because: because.clone(),
                normalization: Normalization::VERBATIM,
                tokens: None,
            }),
            layer,
            port: to.port,
            rewrite: None,
        };
        match attached {
            Attached::Requests(routes) => {
                let rules = leading(&routes, |branch| leads_on(branch.backends));
                way.gates.push(gate(rules, Layer::Http));
                vec![way]
            }
            Attached::Tcp(routes) => {
                way.gates.push(gate(always(&routes), Layer::Tcp));
                vec![way]
            }
            Attached::Tls(routes) => {
                // who calls by name to such a port is taken to use TLS, with that name
                let mut ways = vec![way.clone()];
                if let Some(host) = &to.host {
                    let mut sealed = way.clone();
                    sealed.sends = Decided {
                        value: TlsOrigination::ForeignTls,
                        ..sealed.sends
                    };
                    sealed.sealed = true;
                    sealed.server_name = Some(host.clone());
                    sealed.gates.push(gate(by_name(&routes), Layer::Tcp));
                    ways.push(sealed);
                }
                if let Some(plain) = ways.first_mut() {
                    plain.gates.push(gate(Vec::new(), Layer::Tcp));
                }
                ways
            }
            Attached::None if denies => {
                way.ends = Some(("this EgressNetwork lets no call pass".into(), because));
                vec![way]
            }
            Attached::None => vec![way],
        }
    }

    /// The routes on a port of a network that count for a client: of its own namespace, and of the
    /// network's. Of several kinds one counts.
    fn attached(
        &self,
        client: &Workload,
        network: &Object<EgressNetwork>,
        port: u16,
    ) -> Attached<'_> {
        let on = |namespace: &str, parents: &[Parent]| {
            parents.iter().any(|parent| {
                let named = parent.namespace.as_deref().unwrap_or(namespace);
                parent.is("EgressNetwork")
                    && parent.port == Some(port)
                    && *named == *network.namespace
                    && *parent.name == *network.name
            })
        };
        let counts = |namespace: &Arc<str>| {
            *namespace == client.namespace || *namespace == network.namespace
        };
        let requests = |wanted: fn(&Rules) -> bool| -> Option<Vec<&Route>> {
            let all = self.routes.iter();
            let mut all = all.filter(|one| wanted(&one.rules) && on(&one.namespace, &one.parents));
            // a kind that any route names leaves no room for the next
            let first = all.next()?;
            let all = std::iter::once(first).chain(all);
            Some(all.filter(|one| counts(&one.namespace)).collect())
        };
        if let Some(routes) = requests(|rules| matches!(rules, Rules::Grpc(_)))
            .or_else(|| requests(|rules| matches!(rules, Rules::Http(_))))
        {
            return match routes.is_empty() {
                true => Attached::None,
                false => Attached::Requests(routes),
            };
        }
        for (objects, kind) in [
            (&self.egress.tls, Attached::Tls as fn(_) -> _),
            (&self.egress.tcp, Attached::Tcp as fn(_) -> _),
        ] {
            let all = objects.iter();
            let all: Vec<_> = all
                .filter(|one| on(&one.namespace, &one.spec.parent_refs))
                .collect();
            if !all.is_empty() {
                let all: Vec<_> = all
                    .into_iter()
                    .filter(|one| counts(&one.namespace))
                    .collect();
                return match all.is_empty() {
                    true => Attached::None,
                    false => kind(all),
                };
            }
        }
        Attached::None
    }
}

/// Whether a rule leads to where the call goes anyway.
fn leads_on(backends: &[Parent]) -> bool {
    backends.is_empty() || backends.iter().any(|one| one.is("EgressNetwork"))
}

fn always(routes: &[&Object<StreamRoute>]) -> Vec<Rule> {
    let rule = |route: &&Object<StreamRoute>| Rule {
        when: When::Always,
        then: Effect::Allow,
        at: route.at("/metadata/name"),
    };
    routes.iter().map(rule).collect()
}

/// What leads connections on by the name that the client's TLS asks for.
fn by_name(routes: &[&Object<StreamRoute>]) -> Vec<Rule> {
    let rule = |route: &&Object<StreamRoute>| {
        let at: At = route.at("/spec/hostnames");
        let hosts = route.spec.hostnames.iter().enumerate().map(|(i, host)| {
            let host = host.to_lowercase();
            let name = match host.strip_prefix('*') {
                Some(rest) => StringMatch::Suffix(rest.into()),
                None => StringMatch::Exact(host.into()),
            };
            When::Is(Test::ServerName(name), at.join(i))
        });
        Rule {
            when: match route.spec.hostnames.is_empty() {
                true => When::Always,
                false => When::any(hosts.collect()),
            },
            then: Effect::Allow,
            at: route.at("/metadata/name"),
        }
    };
    routes.iter().map(rule).collect()
}
