//! Ways in by an `Ingress` that no mesh serves: its controller is a client like any other.

use std::collections::HashMap;
use std::sync::Arc;

use super::world::World;
use crate::k8s::Index;
use crate::k8s::ingress::{Ingress, IngressPath};
use crate::mesh::{Call, Mesh};
use crate::model::{
    Addresses, At, Because, Decided, Effect, Gate, Hop, Layer, Membership, Normalization, Rule,
    Ruleset, ServiceId, StringMatch, Test, TlsOrigination, Way, When, Workload, WorkloadId,
};

/// The paths of Ingress objects that no mesh serves, by service.
#[derive(Debug, Default)]
pub struct Ingresses {
    to: HashMap<ServiceId, Vec<Entrance>>,
}

/// One path that leads to a service.
#[derive(Debug)]
struct Entrance {
    path: IngressPath,
    tls: Option<At>,
    /// Who implements it, as far as that is in the input.
    controllers: Vec<WorkloadId>,
}

impl Ingresses {
    /// Finds them.
    pub fn find(index: &Index, meshes: &[Arc<dyn Mesh>]) -> Self {
        let mut found = Self::default();
        for ingress in Ingress::all(index) {
            if meshes.iter().any(|mesh| mesh.serves_ingress(&ingress)) {
                continue;
            }
            let controllers = controllers(index, &ingress);
            for path in &ingress.paths {
                if let Some((service, _)) = path.to {
                    found.to.entry(service).or_default().push(Entrance {
                        path: path.clone(),
                        tls: ingress.tls.clone(),
                        controllers: controllers.clone(),
                    });
                }
            }
        }
        found
    }
}

/// The workloads that implement an Ingress: their image or labels name the class or its controller
/// (`k8s.io/ingress-nginx`).
fn controllers(index: &Index, ingress: &Ingress) -> Vec<WorkloadId> {
    let class = ingress.class.as_ref().map(|(class, _)| &**class);
    let controller = ingress.controller.as_deref();
    let named: Vec<&str> = controller
        .and_then(|controller| controller.rsplit('/').next())
        .into_iter()
        .chain(class)
        .collect();
    let implements = |workload: &&Workload| {
        let labels = ["app.kubernetes.io/name", "app"];
        let by_label = labels
            .iter()
            .filter_map(|label| workload.label(label))
            .any(|label| named.contains(&label));
        let by_image = workload.containers.iter().any(|container| {
            let mut parts = container.image.split(['/', ':', '@']);
            parts.any(|part| named.contains(&part))
        });
        by_label || by_image
    };
    let found = index.workloads().iter().filter(implements);
    found.map(|workload| workload.id).collect()
}

impl World {
    /// The ways to a port by an Ingress of another controller.
    pub(super) fn ways_by_ingress(&self, call: &Call<'_>) -> Vec<Way> {
        let Some((service, port)) = call.service else {
            return Vec::new();
        };
        let entrances = self.ingresses.to.get(&service).into_iter().flatten();
        entrances
            .filter(|entrance| entrance.path.to == Some((service, port)))
            .flat_map(|entrance| self.by_entrance(entrance, call))
            .collect()
    }

    fn by_entrance(&self, entrance: &Entrance, call: &Call<'_>) -> Vec<Way> {
        let at = &entrance.path.at;
        let (sends, sends_at) = match &entrance.tls {
            Some(tls) => (TlsOrigination::ForeignTls, tls.clone()),
            None => (TlsOrigination::Plaintext, at.clone()),
        };
        let start = |hop: Hop, conditions| Way {
            entry: Some(("an Ingress leads to it".into(), at.clone())),
            hops: vec![hop],
            conditions,
            ..Way::straight(Decided::configured(sends, sends_at.clone()), call.service)
        };
        let hop = |name: String, sends| Hop {
            name: name.into(),
            at: at.clone(),
            identity: None,
            gates: vec![gate(&entrance.path)],
            sends,
            addresses: Addresses::Trusted(0),
            conditions: Vec::new(),
        };
        let plain = |because| Decided::new(TlsOrigination::Plaintext, because);
        if entrance.controllers.is_empty() {
            let what = "the controller of the Ingress is not in the input".to_owned();
            let sends = plain(Because::Configured(at.clone()));
            let hop = hop("an ingress controller".to_owned(), sends);
            return vec![start(hop, vec![(what, at.clone())])];
        }
        let mut ways = Vec::new();
        for &id in &entrance.controllers {
            let controller = self.index.workload(id);
            let membership = self.membership(id);
            let name = format!("the ingress controller {controller}");
            let mesh = self
                .mesh_of(id)
                .filter(|_| membership.value == Membership::Meshed);
            let Some(mesh) = mesh else {
                let sends = plain(membership.because.clone());
                let conditions = match membership.value {
                    Membership::Unknown => {
                        vec![("whether it is in the mesh".to_owned(), controller.at())]
                    }
                    _ => Vec::new(),
                };
                ways.push(start(hop(name, sends), conditions));
                continue;
            };
            let call = &Call {
                meshed: call.meshed && self.is_in(mesh, call.workload),
                ..*call
            };
            for onward in mesh.ways(controller, call) {
                let mut hop = hop(name.clone(), onward.sends.clone());
                hop.identity = Some(mesh.identity(controller));
                hop.gates.extend(onward.gates);
                let mut way = start(hop, onward.conditions);
                way.hops.extend(onward.hops);
                way.server_name = onward.server_name;
                way.ends = onward.ends;
                ways.push(way);
            }
        }
        ways
    }
}

/// What leads along a path.
fn gate(path: &IngressPath) -> Gate {
    let host = path.host.as_deref().map_or(When::Always, |host| {
        let value = match host.strip_prefix('*') {
            Some(suffix) => StringMatch::Suffix(suffix.into()),
            None => StringMatch::Exact(host.to_lowercase().into()),
        };
        When::Is(Test::Host(value), path.at.clone())
    });
    Gate {
        routes: true,
        rules: Arc::new(Ruleset {
            rules: vec![Rule {
                when: When::all(vec![host, path.matches()]),
                then: Effect::Allow,
                at: path.at.clone(),
            }],
            otherwise: Effect::Deny,
            because: Because::Configured(path.at.clone()),
            normalization: Normalization::BASE,
            tokens: None,
        }),
        layer: Layer::Http,
        port: 0,
        rewrite: None,
    }
}
