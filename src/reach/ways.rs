//! How a question is answered: what the client's side makes of the call, and every way in that takes it.

use std::borrow::Cow;
use std::net::IpAddr;
use std::sync::Arc;

use super::answer::{Answer, Inbound, Outcome, Path, Question, Stage, Step, Verdict};
use super::authorize::{Asked, Passage, authorize, lets_in_anyone};
use super::caller::{Caller, ClientAddress};
use super::explain;
use super::world::{ListenerPort, World};
use crate::mesh::{Call, Mesh};
use crate::model::{
    Addresses, At, Because, Client, Decided, Gate, Hop, Identity, Inlet, InletKind, Layer,
    Listener, Membership, Outside, Request, Service, TlsOrigination, Transport, Tri, Way, Workload,
};

/// Who starts a call.
struct Start {
    identity: Option<Identity>,
    peer: Option<IpAddr>,
    conditions: Vec<(String, At)>,
}

/// What reaches the server's side.
struct Arrival<'a> {
    /// The weakest leg.
    transport: Transport,
    /// The last leg.
    last: Transport,
    identity: Option<&'a Identity>,
    peer: Option<IpAddr>,
    client: ClientAddress,
    /// What is asked on the way.
    asked: Vec<Asked<'a>>,
    way: &'a Way,
    steps: Vec<Step>,
    conditions: Vec<(String, At)>,
}

impl World {
    /// Answers a question about a port.
    pub fn answer(&self, question: &Question<'_>, to: &ListenerPort) -> Answer {
        let mut answer = self.dial(question, to, false);
        let by_service = matches!(question.client, Client::Workload(..))
            && !self
                .services_to(self.index.workload(to.workload), to.port)
                .is_empty();
        if question.explain && by_service && answer.verdict != Verdict::Allow {
            let direct = self.dial(question, to, true).paths.into_iter();
            answer.bypass = direct
                .filter(|path| path.verdict > answer.verdict && path.verdict != Verdict::Unknown)
                .collect();
        }
        answer
    }

    /// The answer where the service is dialled, or the pod itself.
    fn dial(&self, question: &Question<'_>, to: &ListenerPort, pod: bool) -> Answer {
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
                let meshed = (client_meshed, server_meshed);
                answers.push(self.answer_if(question, to, meshed, pod));
            }
        }
        Answer::either(answers)
    }

    /// The answer if client and server are in their mesh, or not.
    fn answer_if(
        &self,
        question: &Question<'_>,
        to: &ListenerPort,
        (client_meshed, server_meshed): (bool, bool),
        pod: bool,
    ) -> Answer {
        let server = self.index.workload(to.workload);
        let direct = self.direct(server);
        let listener = to.meshed.as_ref().filter(|_| server_meshed);
        let inlets = listener.map_or(std::slice::from_ref(&direct), |listener| &listener.inlets);
        let (start, ways) = match question.client {
            Client::Workload(id, ip) => {
                let client = self.index.workload(id);
                let dialled = match pod {
                    true => Vec::new(),
                    false => self.services_to(server, to.port),
                };
                self.ways_from(client, client_meshed, ip, |mesh| {
                    calls(server, to.port, server_meshed, &dialled)
                        .iter()
                        .flat_map(|call| mesh.ways(client, call))
                        .collect()
                })
            }
            Client::External(ip) => self.ways_from_outside(server, server_meshed, to, ip),
            Client::Address(ip) => (nobody(Some(ip)), vec![Ok(dials_the_pod(server))]),
        };
        let mut paths = Vec::new();
        for way in &ways {
            let arrival = match way
                .as_ref()
                .map_err(Step::clone)
                .and_then(|way| travel(way, &start, to.port))
            {
                Ok(arrival) => arrival,
                Err(step) => {
                    paths.push(ended(step));
                    continue;
                }
            };
            paths.extend(self.enter(question, to, arrival, inlets, listener));
        }
        Answer::of(paths)
    }

    /// Everything that becomes of what arrives.
    fn enter(
        &self,
        question: &Question<'_>,
        to: &ListenerPort,
        mut arrival: Arrival<'_>,
        inlets: &[Inlet],
        listener: Option<&Listener>,
    ) -> Vec<Path> {
        let server = self.index.workload(to.workload);
        arrival.conditions.extend(self.network.inbound(server));
        arrival
            .conditions
            .extend(listener.into_iter().flat_map(|l| l.conditions.clone()));
        let unjudged = match listener {
            Some(listener) => listener.unjudged.clone(),
            None => self.unread.clone(),
        };
        if let Some((what, at)) = unjudged {
            return vec![unknown(arrival, what, at)];
        }
        let fitting: Vec<&Inlet> = inlets
            .iter()
            .filter(|inlet| fits(inlet, &arrival, question, inlets))
            .collect();
        if fitting.is_empty() {
            return vec![refused(&arrival, inlets, listener.map(|l| &l.tls.because))];
        }
        let through = |inlet| through(question, to, inlet, &arrival);
        fitting.into_iter().map(through).collect()
    }

    /// The ways of a client's calls, as its mesh makes them, and who it is to those it calls.
    fn ways_from(
        &self,
        client: &Workload,
        meshed: bool,
        ip: Option<IpAddr>,
        ways: impl Fn(&dyn Mesh) -> Vec<Way>,
    ) -> (Start, Vec<Result<Way, Step>>) {
        let mut start = Start {
            conditions: self.network.outbound(client),
            ..nobody(ip)
        };
        let Some(mesh) = self.mesh_of(client.id).filter(|_| meshed) else {
            let sends = Decided {
                value: TlsOrigination::Plaintext,
                because: self.membership(client.id).because.clone(),
                rivals: Vec::new(),
            };
            return (start, vec![Ok(Way::straight(sends, None))]);
        };
        start.identity = Some(mesh.identity(client));
        (start, ways(mesh).into_iter().map(Ok).collect())
    }

    /// From outside a call gets in by a service that is open to the outside, the node's own ports, or
    /// a gateway of a mesh.
    fn ways_from_outside(
        &self,
        server: &Workload,
        meshed: bool,
        to: &ListenerPort,
        ip: Option<IpAddr>,
    ) -> (Start, Vec<Result<Way, Step>>) {
        let mut ways = Vec::new();
        let mut enter = |text: &'static str, at: At| {
            let sends = Decided::configured(TlsOrigination::Plaintext, at.clone());
            let entry = Some((text.into(), at));
            ways.push(Ok(Way {
                entry,
                ..Way::straight(sends, None)
            }));
        };
        for (service, _) in self.services_to(server, to.port) {
            if let Some((how, at)) = &service.exposed {
                let text = match &**how {
                    "internet" => "a load balancer leads to it",
                    "network" => "a load balancer inside the network leads to it",
                    _ => "a port of every node leads to it",
                };
                enter(text, at.clone());
            }
        }
        let declared = server
            .containers
            .iter()
            .flat_map(|c| &c.ports)
            .find(|p| p.number == to.port);
        if server.host_network {
            let at = server.template_at("/spec/hostNetwork");
            enter("it listens on the node itself", at);
        } else if let Some(port) = declared.filter(|p| p.host_port.is_some()) {
            let at = At {
                resource: server.resource,
                pointer: port.at.join("hostPort"),
            };
            enter("a port of the node leads to it", at);
        }
        for call in calls(server, to.port, meshed, &self.services_to(server, to.port)) {
            ways.extend(self.ways_by_ingress(&call).into_iter().map(Ok));
        }
        let mut unread = self.unread.clone();
        for mesh in &self.meshes {
            ways.extend(mesh.ways_in(server, to.port, meshed).into_iter().map(Ok));
            unread = mesh.unjudged_ways_in(server, to.port).or(unread);
        }
        // a way in that is not understood may be open where those that are understood are not
        match unread {
            Some((what, at)) => ways.push(Err(Step::here(Stage::Entry, Outcome::Open, what, at))),
            None if ways.is_empty() => ways.push(Err(Step::here(
                Stage::Entry,
                Outcome::Denied,
                "no service, node port or gateway in the input leads to it from outside",
                server.at(),
            ))),
            None => {}
        }
        (nobody(ip), ways)
    }

    /// May this workload call something outside the cluster?
    pub fn answer_outside(&self, question: &Question<'_>, to: &Outside) -> Answer {
        let Client::Workload(id, ip) = question.client else {
            return Answer::of(Vec::new());
        };
        let client = self.index.workload(id);
        let mut answers = Vec::new();
        for &meshed in possible(self.membership(id).value) {
            let ways = |mesh: &dyn Mesh| mesh.ways_out(client, to);
            let (start, ways) = self.ways_from(client, meshed, ip, ways);
            let paths = ways.iter().map(|way| {
                match way
                    .as_ref()
                    .map_err(Step::clone)
                    .and_then(|way| travel(way, &start, to.port))
                {
                    Ok(arrival) if meshed || self.unread.is_none() => leave(question, arrival),
                    Ok(arrival) => match self.unread.clone() {
                        Some((what, at)) => unknown(arrival, what, at),
                        None => leave(question, arrival),
                    },
                    Err(step) => ended(step),
                }
            });
            answers.push(Answer::of(paths.collect()));
        }
        Answer::either(answers)
    }
}

/// The calls that reach a port: of each service in front of it, or of the pod itself.
fn calls<'a>(
    workload: &'a Workload,
    port: u16,
    meshed: bool,
    services: &[(&Service, u16)],
) -> Vec<Call<'a>> {
    let call = |service| Call {
        service,
        workload,
        port,
        meshed,
    };
    match services.is_empty() {
        true => vec![call(None)],
        false => services
            .iter()
            .map(|(service, port)| call(Some((service.id, *port))))
            .collect(),
    }
}

fn nobody(peer: Option<IpAddr>) -> Start {
    Start {
        identity: None,
        peer,
        conditions: Vec::new(),
    }
}

fn dials_the_pod(server: &Workload) -> Way {
    let sends = Decided::configured(TlsOrigination::Plaintext, server.at());
    let text = "it has no proxy and no identity, and dials the pod itself";
    Way {
        entry: Some((text.into(), server.at())),
        ..Way::straight(sends, None)
    }
}

fn transport(sends: TlsOrigination) -> Transport {
    match sends {
        TlsOrigination::Mtls => Transport::Mtls,
        TlsOrigination::Plaintext => Transport::Plaintext,
        TlsOrigination::ForeignTls => Transport::Tls,
    }
}

/// What is left of a call at the end of a way; a step where it does not get there.
fn travel<'a>(way: &'a Way, start: &'a Start, port: u16) -> Result<Arrival<'a>, Step> {
    let first = transport(way.sends.value);
    let step = match &way.entry {
        Some((text, at)) => Step::here(Stage::Entry, Outcome::Passed, text.clone(), at.clone()),
        None => {
            let text = match way.sends.value {
                TlsOrigination::Mtls => "the client's proxy sends mutual TLS",
                TlsOrigination::Plaintext => "the client sends plaintext",
                TlsOrigination::ForeignTls => "the client's proxy sends TLS that is not the mesh's",
            };
            let because = &way.sends.because;
            Step::new(Stage::Origination, Outcome::Passed, text, because)
        }
    };
    if let Some((text, because)) = &way.ends {
        let denied = Step::new(Stage::Routing, Outcome::Denied, text.clone(), because);
        return Err(denied);
    }
    let mut arrival = Arrival {
        transport: first,
        last: first,
        identity: start.identity.as_ref().filter(|_| first == Transport::Mtls),
        peer: start.peer,
        client: ClientAddress::Read(Addresses::Last),
        asked: Vec::new(),
        way,
        steps: vec![step],
        conditions: start.conditions.clone(),
    };
    arrival.conditions.extend(way.conditions.iter().cloned());
    arrival.ask(&way.gates, None, port);
    for hop in &way.hops {
        arrival.pass(hop, port);
    }
    Ok(arrival)
}

impl<'a> Arrival<'a> {
    fn ask(&mut self, gates: &'a [Gate], by: Option<&'a str>, port: u16) {
        for gate in gates {
            self.asked.push(Asked {
                rules: &gate.rules,
                caller: Caller {
                    port: if gate.routes { port } else { gate.port },
                    ..self.caller(None, gate.layer)
                },
                routes: gate.routes,
                rewrite: gate.rewrite.as_ref(),
                by,
            });
        }
    }

    /// Passes a proxy: from there on it is the one who calls.
    fn pass(&mut self, hop: &'a Hop, port: u16) {
        if let (ClientAddress::Read(_), Addresses::Trusted(_)) = (self.client, hop.addresses) {
            self.client = ClientAddress::Read(hop.addresses);
        }
        self.ask(&hop.gates, Some(&hop.name), port);
        if let ClientAddress::Read(Addresses::Trusted(_)) = self.client {
            self.client = ClientAddress::Written(self.peer);
        }
        let text = format!("it passes {}", hop.name);
        let step = Step::here(Stage::Routing, Outcome::Passed, text, hop.at.clone());
        self.steps.push(step);
        self.last = transport(hop.sends.value);
        self.transport = self.transport.min(self.last);
        self.identity = hop
            .identity
            .as_ref()
            .filter(|_| self.last == Transport::Mtls);
        self.peer = None;
        self.conditions.extend(hop.conditions.iter().cloned());
    }

    /// The caller as it shows at this point.
    fn caller(&self, destination: Option<IpAddr>, layer: Layer) -> Caller<'a> {
        Caller {
            identity: self.identity,
            peer: self.peer,
            destination,
            port: 0,
            server_name: self.way.server_name.clone(),
            layer,
            client: self.client,
        }
    }

    /// The request, with the host that is asked for where it says none.
    fn request<'q>(&self, question: &Question<'q>) -> Option<Cow<'q, Request>> {
        let request = question.request?;
        Some(match (&request.host, &self.way.host) {
            (None, Some(host)) => Cow::Owned(Request {
                host: Some(host.clone()),
                ..request.clone()
            }),
            _ => Cow::Borrowed(request),
        })
    }
}

/// What becomes of a call at an inlet that takes it.
fn through(
    question: &Question<'_>,
    to: &ListenerPort,
    inlet: &Inlet,
    arrival: &Arrival<'_>,
) -> Path {
    let mut asked = arrival.asked.clone();
    let before = asked.len();
    if let Some(rules) = &inlet.authorization {
        let caller = Caller {
            port: to.port,
            ..arrival.caller(question.destination, inlet.layer)
        };
        asked.push(Asked::who(rules, caller));
    }
    let request = arrival.request(question);
    let passage = authorize(&asked, request.as_deref());
    let accepted = Step::new(
        Stage::Acceptance,
        Outcome::Passed,
        acceptance(inlet),
        &inlet.because,
    );
    let mut steps = arrival.steps.clone();
    let mut said =
        explain::passage(&asked, request.as_deref(), &passage, question.explain).into_iter();
    let refused_before = passage.passes == Tri::No && passage.decisions.len() <= before;
    steps.extend(said.by_ref().take(before).flatten());
    if !refused_before || before == 0 {
        steps.push(accepted);
    }
    steps.extend(said.flatten());
    let mut verdict = match passage.passes {
        Tri::Yes => Verdict::Allow,
        Tri::No => Verdict::Deny,
        Tri::Unknown => Verdict::Conditional,
    };
    if !arrival.conditions.is_empty() {
        verdict = Verdict::Conditional;
        steps.extend(open(&arrival.conditions));
    }
    Path {
        inlet: inlet.kind,
        transport: arrival.transport,
        verdict,
        steps,
        inbound: inbound(question, arrival, &asked, &passage),
    }
}

/// How a call from outside came in.
fn inbound(
    question: &Question<'_>,
    arrival: &Arrival<'_>,
    asked: &[Asked<'_>],
    passage: &Passage,
) -> Option<Inbound> {
    let Client::External(_) = question.client else {
        return None;
    };
    let way = arrival.way;
    let first = way.hops.first();
    let mut routes = asked
        .iter()
        .zip(&passage.decisions)
        .filter(|(gate, _)| gate.routes);
    Some(Inbound {
        entry: way.entry.as_ref().map(|(_, at)| at.clone())?,
        via: first.map(|hop| Arc::clone(&hop.name)),
        takes: transport(way.sends.value),
        http: first.is_some_and(|hop| hop.gates.iter().all(|gate| gate.layer == Layer::Http)),
        route: routes.find_map(|(_, decision)| decision.rule.clone()),
        open: question.request.is_none() && lets_in_anyone(asked),
    })
}

fn acceptance(inlet: &Inlet) -> &'static str {
    match (inlet.kind, inlet.accepts) {
        (InletKind::Proxied, Transport::Mtls) => "the server's proxy takes mutual TLS",
        (InletKind::Proxied, Transport::Tls) => "the server's proxy ends the client's TLS",
        (InletKind::Proxied, Transport::Plaintext) => "the server's proxy takes plaintext",
        (InletKind::Permissive, Transport::Plaintext) => "the server's proxy takes plaintext too",
        (InletKind::Permissive, _) => "the server's proxy lets the application's own TLS through",
        (InletKind::Bypass, _) => {
            "the port is not captured by the server's proxy: nobody asks who calls"
        }
        (InletKind::Direct, _) => "the server has no proxy: nobody asks who calls",
    }
}

/// What becomes of a call that leaves the cluster.
fn leave(question: &Question<'_>, arrival: Arrival<'_>) -> Path {
    let request = arrival.request(question);
    let passage = authorize(&arrival.asked, request.as_deref());
    let said = explain::passage(
        &arrival.asked,
        request.as_deref(),
        &passage,
        question.explain,
    );
    let mut steps = arrival.steps;
    steps.extend(said.into_iter().flatten());
    steps.extend(open(&arrival.conditions));
    Path {
        inlet: InletKind::Direct,
        transport: arrival.transport,
        verdict: match passage.passes {
            _ if !arrival.conditions.is_empty() => Verdict::Conditional,
            Tri::Yes => Verdict::Allow,
            Tri::No => Verdict::Deny,
            Tri::Unknown => Verdict::Conditional,
        },
        steps,
        inbound: None,
    }
}

/// The way that ends before it gets anywhere.
fn ended(step: Step) -> Path {
    Path {
        inlet: InletKind::Direct,
        transport: Transport::Plaintext,
        verdict: match step.outcome {
            Outcome::Open => Verdict::Unknown,
            Outcome::Passed | Outcome::Denied => Verdict::Deny,
        },
        steps: vec![step],
        inbound: None,
    }
}

/// Whether an inlet takes what arrives. A request is read as HTTP where the port is open to both.
fn fits(inlet: &Inlet, arrival: &Arrival<'_>, question: &Question<'_>, all: &[Inlet]) -> bool {
    let http_too = |other: &Inlet| other.layer == Layer::Http && other.accepts == inlet.accepts;
    let shadowed = question.request.is_some()
        && !arrival.way.sealed
        && inlet.layer == Layer::Tcp
        && all.iter().any(http_too);
    // sealed bytes are no HTTP
    let readable = !arrival.way.sealed || inlet.layer == Layer::Tcp;
    inlet.accepts == arrival.last && readable && !shadowed
}

fn possible(known: Membership) -> &'static [bool] {
    match known {
        Membership::Meshed => &[true],
        Membership::Unmeshed => &[false],
        Membership::Unknown => &[true, false],
    }
}

/// The steps of what was not looked into.
fn open(conditions: &[(String, At)]) -> impl Iterator<Item = Step> {
    conditions
        .iter()
        .map(|(what, at)| Step::here(Stage::Condition, Outcome::Open, what.clone(), at.clone()))
}

fn unknown(arrival: Arrival<'_>, what: String, at: At) -> Path {
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
        inbound: None,
    }
}

/// The way that ends because nothing takes what arrives.
fn refused(arrival: &Arrival<'_>, inlets: &[Inlet], tls: Option<&Because>) -> Path {
    let mut steps = arrival.steps.clone();
    let (kind, because) = match inlets.first() {
        Some(inlet) => (inlet.kind, Some(&inlet.because)),
        None => (InletKind::Direct, None),
    };
    let text = match (kind, arrival.last) {
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
        inbound: None,
    }
}
