//! What a workload's proxy sends.
//!
//! `hashicorp/consul: agent/xds/listeners.go` (makeOutboundListener…), `agent/proxycfg/upstreams.go`,
//! `agent/consul/state/intention.go` (IntentionTopology).

use super::Consul;
use super::capture;
use super::chain::Leading;
use super::entry::Kind;
use super::service::{Name, Nameless, Registration};
use super::upstream::{self, Upstream};
use crate::mesh::Call;
use crate::model::{At, Because, Decided, Outside, TlsOrigination, Way, Workload};

impl Consul {
    /// The ways of a call inside the mesh.
    pub(super) fn ways_of(&self, client: &Workload, call: &Call<'_>) -> Vec<Way> {
        if let Some(nameless) = self.nameless(client) {
            return vec![ending(call, nameless.why, nameless.at.clone())];
        }
        let target = self.target(call);
        let mut ways = Vec::new();
        let main = target.filter(|target| target.is_on(call.port));
        let leading = main.map_or_else(Vec::new, |main| {
            self.chains
                .leading_to(&self.index, &main.name, call.workload)
        });
        let upstreams = self.upstreams(client);
        for way in &leading {
            let named = upstreams.iter().find(|one| one.service == way.dialled);
            let because = named.map(|one| Because::Configured(one.at.clone()));
            ways.extend(because.map(|because| self.led(client, way, because, call)));
        }
        match self.own(client) {
            Some(own) if own.native && main.is_some() => {
                let because = Because::Configured(own.at.clone());
                ways.push(Way::straight(mtls(because), call.service));
            }
            Some(_) if !self.is_transparent(client).value => {}
            _ => ways.extend(self.dialled(client, call, target, &leading)),
        }
        if ways.is_empty() {
            let what = "no upstream of its proxy leads there";
            ways.push(ending(call, what, client.at()));
        }
        for way in &mut ways {
            way.host = call.service.map(|(id, _)| {
                let service = self.index.service(id);
                format!("{}.{}.svc.cluster.local", service.name, service.namespace)
            });
        }
        ways
    }

    /// The ways of a call to the address of what is called, or of another name that leads there.
    fn dialled(
        &self,
        client: &Workload,
        call: &Call<'_>,
        target: Option<&Registration>,
        leading: &[Leading],
    ) -> Vec<Way> {
        let transparent = self.is_transparent(client);
        let straight = |because| {
            let sends = Decided::new(TlsOrigination::Plaintext, because);
            Way::straight(sends, call.service)
        };
        if !transparent.value {
            return vec![straight(transparent.because)];
        }
        let mut ways = Vec::new();
        if let Some(excluded) = capture::excluded_user(&self.index, client) {
            ways.push(straight(Because::Configured(excluded.at)));
            if excluded.all {
                return ways;
            }
        }
        let service = call
            .service
            .map(|(id, port)| (self.index.service(id), port));
        let dialled = service.filter(|(service, _)| !service.headless);
        let port = dialled.map_or(call.port, |(_, port)| port);
        if let Some(because) = capture::excluded_outbound(client, port, None) {
            ways.push(straight(because));
            return ways;
        }
        let first = ways.len();
        let own = self.registered(client).first();
        let untold = |name: &Name| self.untold(&own?.name, name);
        let told = |name: &Name| own.is_some() && untold(name).is_none();
        let rule = "Consul's proxies use mutual TLS to services that they are told of";
        let by_rule = || Because::Default {
            rule,
            near: client.at(),
        };
        for way in leading {
            let own = target.is_some_and(|target| target.name == way.dialled);
            let by_address = || self.is_dialled_directly(&way.dialled);
            // outside Kubernetes services have names of their own in the mesh
            let outside = self.own(client).is_some();
            if told(&way.dialled) && (!own || dialled.is_some() || outside || by_address()) {
                let led = self.led(client, way, by_rule(), call);
                let redirected = outside.then(|| {
                    let what = "whether connections on its node are led to the proxy";
                    (what.to_owned(), transparent.because.at().clone())
                });
                ways.push(Way {
                    needs: led.needs.into_iter().chain(redirected).collect(),
                    ..led
                });
            }
        }
        let taken = target.filter(|target| dialled.is_some() && told(&target.name));
        match taken {
            Some(target) if !target.is_on(call.port) => {
                let at = target.port.as_ref().map(|port| port.because.at().clone());
                let why = "the client's proxy leads calls to the service to its registered port";
                ways.push(ending(call, why, at.unwrap_or_else(|| client.at())));
            }
            Some(target) => {
                let all = self.chains.targets(&target.name);
                let line = all.first().and_then(|one| one.because.first());
                if let Some(at) = line.filter(|_| ways.len() == first) {
                    let why = "the client's proxy leads calls to the service to another one";
                    ways.push(ending(call, why, at.clone()));
                }
            }
            None => {
                let refused = target.is_some_and(|target| untold(&target.name).is_some());
                ways.push(self.passed_on(client, call, refused, straight));
            }
        }
        for way in ways.iter_mut().skip(first) {
            if self.own(client).is_none() {
                way.conditions.extend(capture::open(&self.index, client));
            }
            way.conditions.extend(capture::excluded_networks(client));
        }
        ways
    }

    /// The way of a call to what the proxy is not told of, maybe because it is refused there.
    fn passed_on(
        &self,
        client: &Workload,
        call: &Call<'_>,
        refused: bool,
        straight: impl Fn(Because) -> Way,
    ) -> Way {
        match self.destinations_only() {
            Some(at) => ending(
                call,
                "the client's proxy leads calls to services of the mesh only",
                at,
            ),
            // rules know by the client's own place that nobody told it to send plaintext
            None => straight(Because::Default {
                rule: match refused {
                    true => {
                        "Consul's proxies are not told of services that refuse them, and pass calls there on"
                    }
                    false => {
                        "Consul's proxies pass on what goes to no service that they are told of"
                    }
                },
                near: client.at(),
            }),
        }
    }

    /// Whether proxies take the addresses of a service's pods for the service.
    fn is_dialled_directly(&self, service: &Name) -> bool {
        let field = ["transparentProxy", "dialedDirectly"];
        let name = (&*service.namespace, &*service.name);
        let written = self.entries.of_service(&self.index, name, &field, &field);
        written.and_then(|it| it.as_flag()) == Some(true)
    }

    /// The line by which proxies lead calls to services of the mesh only.
    pub(super) fn destinations_only(&self) -> Option<At> {
        let fields = self.entries.only(Kind::Mesh)?.fields(&self.index)?;
        let written = fields.path(&["transparentProxy", "meshDestinationsOnly"])?;
        (written.as_flag() == Some(true)).then(|| written.at().clone())
    }

    /// The service that a call is to, as Consul knows it.
    fn target(&self, call: &Call<'_>) -> Option<&Registration> {
        let registered = self.registered(call.workload).iter();
        let mut registered = registered.filter(|_| call.meshed);
        let dialled = call.service.map(|(id, _)| id);
        registered.find(|one| dialled.is_none() || one.service == dialled)
    }

    /// The services that a workload's proxy leads calls to on ports of its own.
    pub(super) fn upstreams(&self, client: &Workload) -> Vec<Upstream> {
        match self.own(client) {
            Some(own) => own.upstreams(&self.index, &self.config),
            None => upstream::of_pod(client, &self.config),
        }
    }

    /// The ways of a call to something outside the mesh.
    pub(super) fn ways_outside(&self, client: &Workload, to: &Outside) -> Vec<Way> {
        if let Some(Nameless { why, at, .. }) = self.nameless(client) {
            return vec![ends(None, why, at.clone())];
        }
        let transparent = self.is_transparent(client);
        let straight = |because| {
            let sends = Decided::new(TlsOrigination::Plaintext, because);
            Way::straight(sends, None)
        };
        if !transparent.value {
            return vec![straight(transparent.because)];
        }
        let mut ways = Vec::new();
        if let Some(excluded) = capture::excluded_user(&self.index, client) {
            ways.push(straight(Because::Configured(excluded.at)));
            if excluded.all {
                return ways;
            }
        }
        if let Some(because) = capture::excluded_outbound(client, to.port, to.ip) {
            ways.push(straight(because));
            return ways;
        }
        ways.push(match self.destinations_only() {
            Some(at) => ends(
                None,
                "the client's proxy leads calls to services of the mesh only",
                at,
            ),
            None => straight(Because::Default {
                rule: "Consul's proxies pass on what goes to no service that they are told of",
                near: client.at(),
            }),
        });
        ways
    }

    /// What distinguishes clients on their way out, apart from what they are called.
    pub(super) fn way_out_key(&self, client: &Workload) -> String {
        let list = |name| {
            super::annotation::items(client, name)
                .into_iter()
                .map(|(text, _)| text)
        };
        let excluded: Vec<&str> = list("transparent-proxy-exclude-outbound-ports")
            .chain(list("transparent-proxy-exclude-outbound-cidrs"))
            .collect();
        let upstreams = self.upstreams(client).into_iter();
        let mut upstreams: Vec<String> = upstreams
            .map(|one| format!("{}/{}", one.service.namespace, one.service.name))
            .collect();
        upstreams.sort();
        // what leads to a service by another name is not among what its own intentions tell apart
        let own = self.registered(client).first();
        let chains = self.chains.names();
        let told: Vec<String> = chains
            .filter(|name| own.is_some_and(|own| self.untold(&own.name, name).is_none()))
            .map(|name| format!("{}/{}", name.namespace, name.name))
            .collect();
        format!(
            "{}|{}|{}|{}|{}|{}|{}|{}",
            self.nameless(client).is_some(),
            self.own(client)
                .map_or("", |own| if own.native { "native" } else { "own" }),
            self.is_transparent(client).value,
            capture::open(&self.index, client).is_some(),
            capture::excluded_user(&self.index, client).is_some(),
            [excluded.join(","), upstreams.join(",")].join("|"),
            self.altered_key(client),
            told.join(","),
        )
    }

    /// A way through the proxies of both sides.
    fn led(&self, client: &Workload, leading: &Leading, because: Because, call: &Call<'_>) -> Way {
        Way {
            gates: leading.gates.clone(),
            needs: leading.needs.clone(),
            conditions: self.altered(client, &leading.dialled),
            ..Way::straight(mtls(because), call.service)
        }
    }

    /// Why a workload with a proxy never starts.
    pub(super) fn nameless(&self, workload: &Workload) -> Option<&Nameless> {
        self.member(workload).registered.as_ref().err()
    }
}

fn mtls(because: Because) -> Decided<TlsOrigination> {
    Decided::new(TlsOrigination::Mtls, because)
}

/// A way that does not get there.
fn ending(call: &Call<'_>, why: &'static str, at: At) -> Way {
    ends(call.service, why, at)
}

fn ends(service: Option<(crate::model::ServiceId, u16)>, why: &'static str, at: At) -> Way {
    let sends = Decided::configured(TlsOrigination::Plaintext, at.clone());
    Way {
        ends: Some((why.into(), Because::Configured(at))),
        ..Way::straight(sends, service)
    }
}
