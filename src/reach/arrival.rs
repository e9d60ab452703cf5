//! A call on its way: what is left of it at each proxy, up to the server's side.

use std::borrow::Cow;
use std::net::IpAddr;

use super::answer::{Outcome, Question, Stage, Step};
use super::caller::{Asked, Caller, ClientAddress};
use crate::model::{
    Addresses, At, Gate, Hop, Identity, Layer, Request, TlsOrigination, Transport, Way,
};

/// Who starts a call.
pub(super) struct Start {
    pub(super) identity: Option<Identity>,
    pub(super) peer: Option<IpAddr>,
    /// Whether it is in the cluster, with an address of its own there.
    pub(super) inside: bool,
    /// What its calls need beside what their way asks, and is not known to be there.
    pub(super) needs: Vec<(String, At)>,
}

/// What reaches the server's side.
pub(super) struct Arrival<'a> {
    /// The weakest leg.
    pub(super) transport: Transport,
    /// The last leg.
    pub(super) last: Transport,
    pub(super) identity: Option<&'a Identity>,
    pub(super) peer: Option<IpAddr>,
    pub(super) inside: bool,
    pub(super) client: ClientAddress,
    /// What is asked on the way.
    pub(super) asked: Vec<Asked<'a>>,
    pub(super) way: &'a Way,
    pub(super) steps: Vec<Step>,
    /// What could change what becomes of it.
    pub(super) conditions: Vec<(String, At)>,
    /// What it needs to pass: without it, it is refused.
    pub(super) needs: Vec<(String, At)>,
}

pub(super) fn transport(sends: TlsOrigination) -> Transport {
    match sends {
        TlsOrigination::Mtls => Transport::Mtls,
        TlsOrigination::Plaintext => Transport::Plaintext,
        TlsOrigination::ForeignTls => Transport::Tls,
    }
}

/// What is left of a call at the end of a way; a step where it does not get there.
pub(super) fn travel<'a>(way: &'a Way, start: &'a Start, port: u16) -> Result<Arrival<'a>, Step> {
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
        inside: start.inside,
        client: ClientAddress::Read(Addresses::Last),
        asked: Vec::new(),
        way,
        steps: vec![step],
        conditions: way.conditions.clone(),
        needs: [&start.needs[..], &way.needs].concat(),
    };
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
        self.inside = true;
        self.conditions.extend(hop.conditions.iter().cloned());
    }

    /// The caller as it shows at this point.
    pub(super) fn caller(&self, destination: Option<IpAddr>, layer: Layer) -> Caller<'a> {
        Caller {
            identity: self.identity,
            peer: self.peer,
            inside: self.inside,
            destination,
            port: 0,
            server_name: self.way.server_name.clone(),
            layer,
            client: self.client,
        }
    }

    /// The request, with the host that is asked for where it says none.
    pub(super) fn request<'q>(&self, question: &Question<'q>) -> Option<Cow<'q, Request>> {
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
