//! How a question is answered: the ways of the call, and every way in that takes it.

use std::collections::BTreeSet;
use std::net::IpAddr;

use super::answer::{Answer, Outcome, Path, Question, Stage, Step, Verdict};
use super::arrival::{Arrival, Start, travel};
use super::outcome::{ended, fits, leave, refused, through, unknown};
use super::world::{ListenerPort, World};
use crate::mesh::{Call, Mesh};
use crate::model::{
    At, Client, Decided, Inlet, Listener, Membership, Outside, Service, TlsOrigination, Way,
    Workload,
};

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
        let inlets = listener.map_or(&direct, |listener| &listener.inlets);
        let (start, ways) = match question.client {
            Client::Workload(id, ip) => {
                let client = self.index.workload(id);
                let dialled = match pod {
                    true => Vec::new(),
                    false => self.services_to(server, to.port),
                };
                // one without a proxy asks for the name that it dials
                let hosts: Vec<_> = match dialled.is_empty() {
                    true => vec![None],
                    false => dialled.iter().map(|(one, _)| Some(name(one))).collect(),
                };
                self.ways_from(client, client_meshed, ip, &hosts, |mesh| {
                    let own = self.is_in(mesh, server);
                    calls(server, to.port, server_meshed && own, &dialled)
                        .iter()
                        .flat_map(|call| mesh.ways(client, call))
                        .map(|way| if own { way } else { abroad(way) })
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
        arrival.needs.extend(self.network.inbound(server));
        arrival
            .conditions
            .extend(listener.into_iter().flat_map(|l| l.conditions.clone()));
        if let Some((what, at)) = listener.and_then(|listener| listener.unjudged.clone()) {
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
        hosts: &[Option<String>],
        ways: impl Fn(&dyn Mesh) -> Vec<Way>,
    ) -> (Start, Vec<Result<Way, Step>>) {
        let mut start = Start {
            needs: self.network.outbound(client),
            inside: !client.host_network,
            ..nobody(ip)
        };
        let Some(mesh) = self.mesh_of(client.id).filter(|_| meshed) else {
            let sends = Decided::new(
                TlsOrigination::Plaintext,
                self.membership(client.id).because.clone(),
            );
            let hosts: BTreeSet<Option<String>> = hosts.iter().cloned().collect();
            let way = |host: Option<String>| Way {
                host,
                ..Way::straight(sends.clone(), None)
            };
            return (start, hosts.into_iter().map(|host| Ok(way(host))).collect());
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
        let mut unjudged = None;
        for mesh in &self.meshes {
            let own = self.is_in(&**mesh, server);
            let ways_in = mesh.ways_in(server, to.port, meshed && own).into_iter();
            ways.extend(ways_in.map(|way| Ok(if own { way } else { abroad(way) })));
            unjudged = mesh.unjudged_ways_in(server, to.port).or(unjudged);
        }
        // a way in that is not understood may be open where those that are understood are not
        match unjudged {
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
            let (start, ways) =
                self.ways_from(client, meshed, ip, std::slice::from_ref(&to.host), ways);
            let paths = ways.iter().map(|way| {
                match way
                    .as_ref()
                    .map_err(Step::clone)
                    .and_then(|way| travel(way, &start, to.port))
                {
                    Ok(arrival) => leave(question, arrival),
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

/// The whole name of a service.
fn name(service: &Service) -> String {
    format!("{}.{}.svc.cluster.local", service.name, service.namespace)
}

/// What one mesh proves, nobody outside it takes for a proof.
fn abroad(mut way: Way) -> Way {
    let last = way
        .hops
        .last_mut()
        .map_or(&mut way.sends, |hop| &mut hop.sends);
    if last.value == TlsOrigination::Mtls {
        last.value = TlsOrigination::ForeignTls;
    }
    way
}

fn nobody(peer: Option<IpAddr>) -> Start {
    Start {
        identity: None,
        peer,
        inside: false,
        needs: Vec::new(),
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

fn possible(known: Membership) -> &'static [bool] {
    match known {
        Membership::Meshed => &[true],
        Membership::Unmeshed => &[false],
        Membership::Unknown => &[true, false],
    }
}
