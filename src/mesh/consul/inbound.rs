//! What a workload's proxy takes, and from whom.
//!
//! `hashicorp/consul: agent/xds/listeners.go` (makeInboundListener, makePermissiveFilterChain,
//! makeExposedCheckListener).

use std::sync::Arc;

use super::Consul;
use super::altered::INBOUND;
use super::annotation;
use super::capture::{self, Opened, exposed_paths};
use super::entry::{Entry, Kind, is_http};
use super::intention::Intention;
use super::own::Own;
use super::service::{Name, Registration};
use crate::model::{
    At, Because, Decided, Effect, Inlet, InletKind, Layer, Listener, Normalization, PathMatch,
    Rule, Ruleset, StringMatch, Test, TlsAcceptance, TlsOrigination, Transport, Way, When,
    Workload,
};

impl Consul {
    /// Everything in force on a port.
    pub(super) fn listener_of(&self, workload: &Workload, port: u16) -> Listener {
        let registered = self.registered(workload);
        let main = registered.iter().find(|one| one.is_on(port));
        let protocol = self.protocol_on(workload, main);
        let (tls, inlets) = match self.nameless(workload) {
            Some(nameless) => {
                let because = Because::Configured(nameless.at.clone());
                (Decided::new(TlsAcceptance::Required, because), Vec::new())
            }
            None => self.ways_into(workload, port, main),
        };
        Listener {
            workload: workload.id,
            port,
            protocol,
            tls,
            inlets,
            conditions: self.open_inbound(workload, main),
            passed_over: Vec::new(),
            serves_others: false,
            unjudged: None,
        }
    }

    /// What could change what becomes of a call, and is not in the input.
    fn open_inbound(&self, workload: &Workload, main: Option<&Registration>) -> Vec<(String, At)> {
        let mut conditions = Vec::new();
        if self.own(workload).is_none() {
            conditions.extend(capture::open(&self.index, workload));
        }
        conditions.extend(self.replaced_listener(workload));
        conditions.extend(main.and_then(|main| self.extended(&main.name, INBOUND)));
        conditions
    }

    /// The ways in, and what they take in one word.
    fn ways_into(
        &self,
        workload: &Workload,
        port: u16,
        main: Option<&Registration>,
    ) -> (Decided<TlsAcceptance>, Vec<Inlet>) {
        let because = self.is_transparent(workload).because;
        let proxied = match main {
            Some(main) => self.proxied(workload, main, &because),
            None => self.led_elsewhere(workload, &because),
        };
        let (tls, beside) = self.ways_beside(workload, port, main);
        (tls, std::iter::once(proxied).chain(beside).collect())
    }

    /// The ways in for those who prove nothing, and what is taken in one word.
    pub(super) fn ways_beside(
        &self,
        workload: &Workload,
        port: u16,
        main: Option<&Registration>,
    ) -> (Decided<TlsAcceptance>, Vec<Inlet>) {
        let transparent = self.is_transparent(workload);
        let opened = self.opened_by(workload);
        let own = self.own(workload).is_some();
        let mut inlets = Vec::new();
        let past = match (own, transparent.value) {
            (true, _) => None,
            (false, true) => capture::excluded_inbound(workload, &self.config, &opened, port),
            (false, false) => Some(transparent.because.clone()),
        };
        let listens = opened.iter().filter(|one| one.port == port);
        let mut tls = Decided::new(TlsAcceptance::Required, transparent.because.clone());
        let past = past.filter(|_| !self.is_dead(workload, port, &opened));
        let reached = own || past.is_some();
        let exposed: Vec<Inlet> = listens.filter(|_| reached).map(exposed).collect();
        match past {
            _ if !exposed.is_empty() => {
                let because = exposed
                    .first()
                    .map_or(&tls.because, |one| &one.because)
                    .clone();
                tls = Decided::new(TlsAcceptance::Plaintext, because);
                inlets.extend(exposed);
            }
            Some(because) => {
                let value = match main {
                    Some(_) => TlsAcceptance::Permissive,
                    None => TlsAcceptance::Plaintext,
                };
                tls = Decided::new(value, because.clone());
                inlets.push(plain(InletKind::Bypass, because));
            }
            None => {
                let permissive = main.and_then(|main| self.permissive(&main.name));
                if let Some(because) = permissive.filter(|_| transparent.value) {
                    tls = Decided::new(TlsAcceptance::Permissive, because.clone());
                    inlets.push(plain(InletKind::Permissive, because));
                }
            }
        }
        (tls, inlets)
    }

    /// The way through the proxy to the service.
    fn proxied(&self, workload: &Workload, main: &Registration, because: &Because) -> Inlet {
        let protocol = self.protocol_on(workload, Some(main));
        let layer = match is_http(protocol.value) && !self.is_native(workload) {
            true => Layer::Http,
            false => Layer::Tcp,
        };
        Inlet {
            kind: InletKind::Proxied,
            accepts: Transport::Mtls,
            layer,
            authorization: Some(Arc::new(self.authorization(&main.name, layer))),
            because: because.clone(),
        }
    }

    /// The proxy takes calls to any port, and leads them to the service's: callers that are told of the
    /// service do not get to this one.
    fn led_elsewhere(&self, workload: &Workload, because: &Because) -> Inlet {
        let registered = self.registered(workload).iter();
        let known = registered.map(|one| self.intentions_for(&one.name));
        let known: Vec<_> = known.collect();
        let home = &self.config.neutral.trust_domain.value;
        let refuse = |intention: &Intention| Rule {
            when: intention.source.when(&intention.at, home),
            then: Effect::Deny,
            at: because.at().clone(),
        };
        let rules = Ruleset {
            rules: known
                .iter()
                .flat_map(|all| all.iter())
                .map(refuse)
                .collect(),
            otherwise: Effect::Deny,
            because: because.clone(),
            normalization: Normalization::BASE,
            tokens: None,
        };
        Inlet {
            kind: InletKind::Proxied,
            accepts: Transport::Mtls,
            layer: Layer::Tcp,
            authorization: Some(Arc::new(rules)),
            because: because.clone(),
        }
    }

    /// The line by which the proxy of a service takes plaintext, and asks nobody who calls.
    pub(super) fn permissive(&self, service: &Name) -> Option<Because> {
        let mode = ["mutualTLSMode"];
        let name = (&*service.namespace, &*service.name);
        let written = self.entries.of_service(&self.index, name, &mode, &mode)?;
        (written.as_text() == Some("permissive")).then(|| Because::Configured(written.at().clone()))
    }

    /// What a service speaks: what its registration says counts before config entries.
    pub(super) fn protocol_on(
        &self,
        workload: &Workload,
        main: Option<&Registration>,
    ) -> Decided<&'static str> {
        let near = main.map_or_else(|| workload.at(), |main| main.because.at().clone());
        let own = self.own(workload);
        let registered = own.and_then(|own| own.proxy_config(&self.index)?.get("protocol"));
        let known = |text: &str| match is_http(&text.to_lowercase()) {
            true => "http",
            false => "tcp",
        };
        if let Some((text, at)) = annotation::of(workload, "proxy-config-map")
            && let Ok(serde_json::Value::Object(config)) = serde_json::from_str(text)
            && let Some(text) = config.get("protocol").and_then(serde_json::Value::as_str)
        {
            return Decided::configured(known(text), at);
        }
        if let Some(written) = registered
            && let Some(text) = written.as_text()
        {
            return Decided::configured(known(text), written.at().clone());
        }
        let service = main.map(|main| &main.name);
        let (text, at) = service.map_or_else(
            || ("tcp".to_owned(), None),
            |name| {
                self.entries
                    .protocol(&self.index, &name.namespace, &name.name)
            },
        );
        match at {
            Some(at) => Decided::configured(known(&text), at),
            None => Decided::default("tcp", "Consul's default protocol of services", near),
        }
    }

    /// The ways from outside to a port that the proxy of a service outside Kubernetes opens: whoever
    /// gets to the node gets there.
    pub(super) fn ways_by_opened(&self, workload: &Workload, port: u16) -> Vec<Way> {
        let own = self.own(workload).is_some();
        let opened = self.opened_by(workload).into_iter();
        let open = opened.filter(|one| own && one.port == port);
        open.map(|one| {
            let at = one.because.at().clone();
            let entry = Some(("the proxy opens it on the node itself".into(), at));
            let sends = Decided::new(TlsOrigination::Plaintext, one.because);
            Way {
                entry,
                ..Way::straight(sends, None)
            }
        })
        .collect()
    }

    /// Whether a port would be the proxy's, and it does not listen there.
    fn is_dead(&self, workload: &Workload, port: u16, opened: &[Opened]) -> bool {
        let mut declared = workload.containers.iter().flat_map(|one| &one.ports);
        let known = declared.any(|one| one.number == port)
            || opened.iter().any(|one| one.port == port)
            || !self.index.services_to(workload, port).is_empty();
        let of_entry = |entry: &Entry| {
            let fields = entry.fields(&self.index);
            let expose = fields.and_then(|it| it.get("expose"));
            let paths = expose.map_or_else(Vec::new, |expose| exposed_paths(&expose));
            paths.iter().any(|one| one.port == port)
        };
        let named = || {
            let all = self.entries.only(Kind::ProxyDefaults).into_iter();
            let own = self.registered(workload).iter().filter_map(|one| {
                let (namespace, name) = (&one.name.namespace, &one.name.name);
                self.entries.named(Kind::ServiceDefaults, namespace, name)
            });
            all.chain(own).any(of_entry)
        };
        !known && (capture::is_reserved(port, &self.config) || named())
    }

    /// All ports that a workload's proxy opens for others than callers of its service. Paths that its
    /// registration exposes, those of probes too, take the place of those of service-defaults, and
    /// these of those of proxy-defaults.
    /// `hashicorp/consul: agent/configentry/merge_service_config.go`, `agent/configentry/resolve.go`.
    pub(super) fn opened_by(&self, workload: &Workload) -> Vec<Opened> {
        let transparent = self.is_transparent(workload).value;
        let mut opened = match self.own(workload) {
            Some(own) => own.exposed(&self.index),
            None => capture::opened(&self.index, workload, &self.config, transparent),
        };
        if opened.iter().any(|one| one.path.is_some()) {
            return opened;
        }
        for registered in self.registered(workload) {
            let name = (&*registered.name.namespace, &*registered.name.name);
            let expose = ["expose"];
            let own = self.entries.named(Kind::ServiceDefaults, name.0, name.1);
            let own = own.and_then(|entry| entry.fields(&self.index)?.path(&expose));
            let own = own.map_or_else(Vec::new, |written| exposed_paths(&written));
            let all = || {
                let entry = self.entries.only(Kind::ProxyDefaults)?;
                Some(exposed_paths(&entry.fields(&self.index)?.path(&expose)?))
            };
            opened.extend(match own.is_empty() {
                true => all().unwrap_or_default(),
                false => own,
            });
        }
        opened
    }
}

fn plain(kind: InletKind, because: Because) -> Inlet {
    Inlet {
        kind,
        accepts: Transport::Plaintext,
        layer: Layer::Tcp,
        authorization: None,
        because,
    }
}

/// The way in by a port that the proxy opens for one path.
fn exposed(opened: &Opened) -> Inlet {
    let at = opened.because.at().clone();
    let rules = opened.path.as_ref().map(|path| {
        let path = PathMatch::Text(StringMatch::Exact(path.as_str().into()));
        Arc::new(Ruleset {
            rules: vec![Rule {
                when: When::Is(Test::Path(path), at.clone()),
                then: Effect::Allow,
                at,
            }],
            otherwise: Effect::Deny,
            because: opened.because.clone(),
            normalization: Normalization::BASE,
            tokens: None,
        })
    });
    Inlet {
        layer: match rules.is_some() {
            true => Layer::Http,
            false => Layer::Tcp,
        },
        authorization: rules,
        ..plain(InletKind::Permissive, opened.because.clone())
    }
}

impl Consul {
    /// What the registration of a workload outside Kubernetes says.
    pub(super) fn own(&self, workload: &Workload) -> Option<&Own> {
        self.member(workload).own.as_ref()
    }

    /// Whether an application takes calls by itself, without a proxy.
    pub(super) fn is_native(&self, workload: &Workload) -> bool {
        self.own(workload).is_some_and(|own| own.native)
    }

    /// Whether all connections of a workload are led through its proxy. What a registration does not
    /// say entries may; the webhook of the chart refuses those that do.
    /// `hashicorp/consul: agent/configentry/merge_service_config.go`.
    pub(super) fn is_transparent(&self, workload: &Workload) -> Decided<bool> {
        let Some(own) = self.own(workload) else {
            return capture::is_transparent(&self.index, workload, &self.config);
        };
        let said = matches!(own.transparent.because, Because::Configured(_));
        let main = self.registered(workload).first().filter(|_| !said);
        let mode = main.and_then(|main| {
            let name = (&*main.name.namespace, &*main.name.name);
            self.entries
                .of_service(&self.index, name, &["mode"], &["mode"])
        });
        mode.map_or_else(
            || own.transparent.clone(),
            |mode| Decided::configured(mode.as_text() == Some("transparent"), mode.at().clone()),
        )
    }
}
