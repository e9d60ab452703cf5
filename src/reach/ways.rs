//! How a question is answered: what the client's side makes of the call, and every way in that takes it.

use std::net::IpAddr;

use super::answer::{Answer, Outcome, Path, Question, Stage, Step, Verdict};
use super::authorize::authorize;
use super::caller::Caller;
use super::explain;
use super::world::{ListenerPort, World};
use crate::mesh::Call;
use crate::model::{
    At, Because, Client, Identity, Inlet, InletKind, Layer, Membership, Service, TlsOrigination,
    Transport, Tri, Workload,
};

/// What reaches the server's side.
struct Arrival {
    transport: Transport,
    identity: Option<Identity>,
    peer: Option<IpAddr>,
    server_name: Option<String>,
    steps: Vec<Step>,
    conditions: Vec<(String, At)>,
}

impl World {
    /// Answers a question about a port.
    pub fn answer(&self, question: &Question<'_>, to: &ListenerPort) -> Answer {
        let server = self.index.workload(to.workload);
        let server_known = self.membership(server.id).value;
        let client = match question.client {
            Client::Workload(id, _) => Some(self.index.workload(id)),
            Client::External(_) | Client::Address(_) => None,
        };
        let client_known = client.map_or(Membership::Unmeshed, |c| self.membership(c.id).value);
        // two workloads of one namespace whose labels are not known are in the mesh together, or not at all
        let together = client_known == Membership::Unknown
            && server_known == Membership::Unknown
            && client.is_some_and(|c| c.namespace == server.namespace);
        let mut answers = Vec::new();
        for &client_meshed in possible(client_known) {
            for &server_meshed in possible(server_known) {
                if together && client_meshed != server_meshed {
                    continue;
                }
                answers.push(self.answer_if(question, to, client_meshed, server_meshed));
            }
        }
        Answer::either(answers)
    }

    /// The answer if both sides are in their mesh, or not.
    fn answer_if(
        &self,
        question: &Question<'_>,
        to: &ListenerPort,
        client_meshed: bool,
        server_meshed: bool,
    ) -> Answer {
        let server = self.index.workload(to.workload);
        let direct = self.direct(server);
        let listener = to.meshed.as_ref().filter(|_| server_meshed);
        let inlets = listener.map_or(std::slice::from_ref(&direct), |listener| &listener.inlets);
        let mut paths = Vec::new();
        for arrival in self.arrivals(question, server, to, client_meshed, server_meshed) {
            let mut arrival = match arrival {
                Ok(arrival) => arrival,
                Err(step) => {
                    paths.push(Path {
                        inlet: InletKind::Direct,
                        transport: Transport::Plaintext,
                        verdict: if step.outcome == Outcome::Open {
                            Verdict::Unknown
                        } else {
                            Verdict::Deny
                        },
                        steps: vec![step],
                    });
                    continue;
                }
            };
            arrival.conditions.extend(self.network.inbound(server));
            arrival
                .conditions
                .extend(listener.into_iter().flat_map(|l| l.conditions.clone()));
            let unjudged = match listener {
                Some(listener) => listener.unjudged.clone(),
                None => self.unread.clone(),
            };
            let fitting: Vec<&Inlet> = inlets
                .iter()
                .filter(|inlet| fits(inlet, &arrival, question, inlets))
                .collect();
            if let Some((what, at)) = unjudged {
                paths.push(unknown(arrival, what, at));
            } else if fitting.is_empty() {
                paths.push(refused(&arrival, inlets, listener.map(|l| &l.tls.because)));
            } else {
                paths.extend(
                    fitting
                        .into_iter()
                        .map(|inlet| self.through(question, to, inlet, &arrival)),
                );
            }
        }
        Answer::of(paths)
    }

    /// Everything that the client's side may make of the call; a step where it does not get here.
    fn arrivals(
        &self,
        question: &Question<'_>,
        server: &Workload,
        to: &ListenerPort,
        client_meshed: bool,
        server_meshed: bool,
    ) -> Vec<Result<Arrival, Step>> {
        let services = self.services_to(server, to.port);
        match question.client {
            Client::Address(ip) => vec![Ok(plain(
                Some(ip),
                Step::here(
                    Stage::Origination,
                    Outcome::Passed,
                    "it has no proxy and no identity, and dials the pod itself",
                    server.at(),
                ),
            ))],
            Client::External(ip) => self.ways_from_outside(server, to, ip, &services),
            Client::Workload(id, ip) => {
                let client = self.index.workload(id);
                let dialled: Vec<Option<(&Service, u16)>> = match services.is_empty() {
                    true => vec![None],
                    false => services.into_iter().map(Some).collect(),
                };
                dialled
                    .into_iter()
                    .map(|service| {
                        let call = Call {
                            service: service.map(|(service, port)| (service.id, port)),
                            workload: server,
                            port: to.port,
                            meshed: server_meshed,
                        };
                        Ok(self.ways_from_workload(client, client_meshed, &call, ip))
                    })
                    .collect()
            }
        }
    }

    fn ways_from_workload(
        &self,
        client: &Workload,
        meshed: bool,
        call: &Call<'_>,
        ip: Option<IpAddr>,
    ) -> Arrival {
        let mesh = self.mesh_of(client.id).filter(|_| meshed);
        let Some(mesh) = mesh else {
            let because = &self.membership(client.id).because;
            let mut arrival = plain(
                ip,
                Step::new(
                    Stage::Origination,
                    Outcome::Passed,
                    "the client has no proxy",
                    because,
                ),
            );
            arrival.conditions = self.network.outbound(client);
            return arrival;
        };
        let origination = mesh.origination(client, call);
        let (transport, text) = match origination.sends.value {
            TlsOrigination::Mtls => (Transport::Mtls, "the client's proxy sends mutual TLS"),
            TlsOrigination::Plaintext => (Transport::Plaintext, "the client sends plaintext"),
            TlsOrigination::ForeignTls => (
                Transport::Tls,
                "the client's proxy sends TLS that is not the mesh's",
            ),
        };
        let mut conditions = self.network.outbound(client);
        conditions.extend(origination.conditions);
        Arrival {
            transport,
            identity: (transport == Transport::Mtls).then(|| mesh.identity(client)),
            peer: ip,
            server_name: origination.server_name,
            steps: vec![Step::new(
                Stage::Origination,
                Outcome::Passed,
                text,
                &origination.sends.because,
            )],
            conditions,
        }
    }

    /// From outside a call gets in by a service that is open to the outside, or the node's own ports.
    fn ways_from_outside(
        &self,
        server: &Workload,
        to: &ListenerPort,
        ip: Option<IpAddr>,
        services: &[(&Service, u16)],
    ) -> Vec<Result<Arrival, Step>> {
        let mut ways = Vec::new();
        for (service, _) in services {
            if let Some((how, at)) = &service.exposed {
                let text = match &**how {
                    "internet" => "a load balancer leads to it",
                    "network" => "a load balancer inside the network leads to it",
                    _ => "a port of every node leads to it",
                };
                let step = Step::here(Stage::Entry, Outcome::Passed, text, at.clone());
                ways.push(Ok(plain(ip, step)));
            }
        }
        let declared = server
            .containers
            .iter()
            .flat_map(|c| &c.ports)
            .find(|p| p.number == to.port);
        if server.host_network {
            let at = server.template_at("/spec/hostNetwork");
            ways.push(Ok(plain(
                ip,
                Step::here(
                    Stage::Entry,
                    Outcome::Passed,
                    "it listens on the node itself",
                    at,
                ),
            )));
        } else if let Some(port) = declared.filter(|p| p.host_port.is_some()) {
            let at = At {
                resource: server.resource,
                pointer: port.at.join("hostPort"),
            };
            ways.push(Ok(plain(
                ip,
                Step::here(
                    Stage::Entry,
                    Outcome::Passed,
                    "a port of the node leads to it",
                    at,
                ),
            )));
        }
        // a way in that is not understood may be open where those that are understood are not
        let mut meshes = self.meshes.iter();
        let unread = meshes.find_map(|mesh| mesh.unjudged_ways_in());
        match unread.or_else(|| self.unread.clone()) {
            Some((what, at)) => ways.push(Err(Step::here(Stage::Entry, Outcome::Open, what, at))),
            None if ways.is_empty() => ways.push(Err(Step::here(
                Stage::Entry,
                Outcome::Denied,
                "no service, node port or gateway in the input leads to it from outside",
                server.at(),
            ))),
            None => {}
        }
        ways
    }

    /// What becomes of a call at an inlet that takes it.
    fn through(
        &self,
        question: &Question<'_>,
        to: &ListenerPort,
        inlet: &Inlet,
        arrival: &Arrival,
    ) -> Path {
        let mut steps = arrival.steps.clone();
        let text = match (inlet.kind, inlet.accepts) {
            (InletKind::Proxied, _) => "the server's proxy takes mutual TLS",
            (InletKind::Permissive, Transport::Plaintext) => {
                "the server's proxy takes plaintext too"
            }
            (InletKind::Permissive, _) => {
                "the server's proxy lets the application's own TLS through"
            }
            (InletKind::Bypass, _) => {
                "the port is not captured by the server's proxy: nobody asks who calls"
            }
            (InletKind::Direct, _) => "the server has no proxy: nobody asks who calls",
        };
        steps.push(Step::new(
            Stage::Acceptance,
            Outcome::Passed,
            text,
            &inlet.because,
        ));
        let mut verdict = Verdict::Allow;
        if let Some(rules) = &inlet.authorization {
            let caller = Caller {
                identity: arrival.identity.as_ref(),
                peer: arrival.peer,
                destination: question.destination,
                port: to.port,
                server_name: arrival.server_name.clone(),
                layer: inlet.layer,
            };
            let request = question.request.filter(|_| inlet.layer == Layer::Http);
            let decision = authorize(rules, &caller, request);
            verdict = match decision.passes {
                Tri::Yes => Verdict::Allow,
                Tri::No => Verdict::Deny,
                Tri::Unknown => Verdict::Conditional,
            };
            steps.extend(explain::authorization(
                rules,
                &caller,
                request,
                &decision,
                question.explain,
            ));
        }
        if !arrival.conditions.is_empty() {
            verdict = Verdict::Conditional;
            steps.extend(open(&arrival.conditions));
        }
        Path {
            inlet: inlet.kind,
            transport: arrival.transport,
            verdict,
            steps,
        }
    }
}

/// Whether an inlet takes what arrives. A request is read as HTTP where the port is open to both.
fn fits(inlet: &Inlet, arrival: &Arrival, question: &Question<'_>, all: &[Inlet]) -> bool {
    let http_too = |other: &Inlet| other.layer == Layer::Http && other.accepts == inlet.accepts;
    let shadowed =
        question.request.is_some() && inlet.layer == Layer::Tcp && all.iter().any(http_too);
    inlet.accepts == arrival.transport && !shadowed
}

fn possible(known: Membership) -> &'static [bool] {
    match known {
        Membership::Meshed => &[true],
        Membership::Unmeshed => &[false],
        Membership::Unknown => &[true, false],
    }
}

fn plain(peer: Option<IpAddr>, first: Step) -> Arrival {
    Arrival {
        transport: Transport::Plaintext,
        identity: None,
        peer,
        server_name: None,
        steps: vec![first],
        conditions: Vec::new(),
    }
}

/// The steps of what was not looked into.
fn open(conditions: &[(String, At)]) -> impl Iterator<Item = Step> {
    conditions
        .iter()
        .map(|(what, at)| Step::here(Stage::Condition, Outcome::Open, what.clone(), at.clone()))
}

fn unknown(arrival: Arrival, what: String, at: At) -> Path {
    let mut steps = arrival.steps;
    steps.push(Step {
        stage: Stage::Condition,
        outcome: Outcome::Open,
        text: what.into(),
        because: Because::Configured(at),
    });
    Path {
        inlet: InletKind::Proxied,
        transport: arrival.transport,
        verdict: Verdict::Unknown,
        steps,
    }
}

/// The way that ends because nothing takes what arrives.
fn refused(arrival: &Arrival, inlets: &[Inlet], tls: Option<&Because>) -> Path {
    let mut steps = arrival.steps.clone();
    let (kind, because) = match inlets.first() {
        Some(inlet) => (inlet.kind, Some(&inlet.because)),
        None => (InletKind::Direct, None),
    };
    let text = match (kind, arrival.transport) {
        (InletKind::Direct, _) => "the server has no proxy and cannot answer that",
        (InletKind::Bypass, _) => {
            "the port is not captured by the server's proxy, and the application cannot answer that"
        }
        (_, Transport::Plaintext) => "the server's proxy takes mutual TLS only",
        (_, Transport::Mtls) => "the server's proxy takes no mutual TLS",
        (_, Transport::Tls) => "the server's proxy refuses TLS that is not the mesh's",
    };
    if let Some(because) = because.or(tls) {
        steps.push(Step::new(Stage::Acceptance, Outcome::Denied, text, because));
    }
    let verdict = if arrival.conditions.is_empty() {
        Verdict::Deny
    } else {
        Verdict::Conditional
    };
    steps.extend(open(&arrival.conditions));
    Path {
        inlet: kind,
        transport: arrival.transport,
        verdict,
        steps,
    }
}
