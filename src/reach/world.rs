//! One environment with its meshes: which mesh answers for whom.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::ingress::Ingresses;
use super::network::NetworkPolicies;
use crate::k8s::Index;
use crate::mesh::Mesh;
use crate::model::{
    At, Because, Decided, Identity, Inlet, InletKind, Layer, Listener, Membership, Problem,
    Protocol, ResourceId, Service, TlsAcceptance, Transport, Workload, WorkloadId,
};

/// One environment with its meshes.
pub struct World {
    /// Its objects.
    pub index: Arc<Index>,
    /// Its meshes.
    pub meshes: Vec<Arc<dyn Mesh>>,
    pub(super) network: NetworkPolicies,
    pub(super) ingresses: Ingresses,
    members: Vec<Member>,
}

/// Which mesh a workload is in, if any.
struct Member {
    mesh: Option<usize>,
    membership: Decided<Membership>,
}

/// A port of a workload, and everything in force on it.
#[derive(Debug, Clone)]
pub struct ListenerPort {
    /// The workload.
    pub workload: WorkloadId,
    /// The port its containers listen on.
    pub port: u16,
    /// The container port or service port that shows it exists.
    pub at: At,
    /// What its mesh says; none where the workload is certainly in no mesh.
    pub meshed: Option<Listener>,
}

impl World {
    /// Settles for every workload which mesh it is in.
    pub fn new(index: Arc<Index>, meshes: Vec<Arc<dyn Mesh>>) -> (Self, Vec<Problem>) {
        let mut problems = Vec::new();
        let members = index
            .workloads()
            .iter()
            .map(|workload| settle(workload, &meshes))
            .collect();
        let network = NetworkPolicies::read(&index, &mut problems);
        let ingresses = Ingresses::find(&index, &meshes);
        let world = Self {
            index,
            ingresses,
            meshes,
            network,
            members,
        };
        (world, problems)
    }

    /// # Panics
    /// With a workload of another environment.
    #[allow(clippy::indexing_slicing)]
    fn member(&self, workload: WorkloadId) -> &Member {
        &self.members[workload.0 as usize]
    }

    /// The mesh a workload is in, or may be in.
    pub fn mesh_of(&self, workload: WorkloadId) -> Option<&dyn Mesh> {
        let mesh = self.member(workload).mesh?;
        self.meshes.get(mesh).map(|mesh| &**mesh)
    }

    /// The mesh that an object belongs to: as one of its kinds, as a workload in it, or as what holds
    /// such a workload; or the only one there is.
    pub fn mesh_at(&self, object: ResourceId) -> Option<&'static str> {
        if let [only] = self.meshes.as_slice() {
            return Some(only.kind());
        }
        let key = &self.index.resource(object).key;
        if let Some(title) = crate::mesh::product_of(&key.group) {
            let mut all = self.meshes.iter();
            return all
                .find(|mesh| mesh.title() == title)
                .map(|mesh| mesh.kind());
        }
        let namespace = match key.is("", "Namespace") {
            true => Some(&key.name),
            false => key.namespace.as_ref(),
        };
        // what is in no namespace may describe what runs outside Kubernetes
        let near = || {
            self.index
                .workloads_in(namespace.map_or("", |name| &**name))
        };
        let own = near().find(|workload| workload.resource == object);
        let beside = near().filter(|_| own.is_none() && namespace.is_some());
        let mut held = own.into_iter().chain(beside);
        held.find_map(|workload| {
            let out = self.membership(workload.id).value == Membership::Unmeshed;
            let mesh = self.mesh_of(workload.id).filter(|_| !out)?;
            Some(mesh.kind())
        })
    }

    /// Whether it is this mesh that a workload is in, or may be in.
    pub(super) fn is_in(&self, mesh: &dyn Mesh, workload: &Workload) -> bool {
        let own = self.mesh_of(workload.id);
        own.is_some_and(|own| own.kind() == mesh.kind())
    }

    /// Whether a workload is in a mesh, and because of what.
    pub fn membership(&self, workload: WorkloadId) -> &Decided<Membership> {
        &self.member(workload).membership
    }

    /// Who a workload can prove to be, if it is (or may be) in a mesh.
    pub fn identity(&self, workload: &Workload) -> Option<Identity> {
        self.mesh_of(workload.id)
            .map(|mesh| mesh.identity(workload))
    }

    /// The ports that a workload listens on as far as files show: declared by its containers, led to
    /// by a service, or opened by its proxy.
    pub fn ports(&self, workload: &Workload) -> Vec<(u16, At)> {
        let mut seen = BTreeSet::new();
        let mut ports = Vec::new();
        for container in &workload.containers {
            for port in &container.ports {
                if port.protocol == Protocol::Tcp && seen.insert(port.number) {
                    let at = At {
                        resource: workload.resource,
                        pointer: port.number_at.clone(),
                    };
                    ports.push((port.number, at));
                }
            }
        }
        for service in self.index.services_of(workload.id) {
            for port in service
                .ports
                .iter()
                .filter(|port| port.protocol == Protocol::Tcp)
            {
                if let Some(target) = self.index.target(port, workload)
                    && seen.insert(target)
                {
                    ports.push((target, port.at.clone()));
                }
            }
        }
        let proxied = self.membership(workload.id).value != Membership::Unmeshed;
        let mesh = self.mesh_of(workload.id).filter(|_| proxied);
        let opened = mesh.map(|mesh| mesh.opened_ports(workload));
        for (port, at) in opened.into_iter().flatten() {
            if seen.insert(port) {
                ports.push((port, at));
            }
        }
        ports.sort_by_key(|(port, _)| *port);
        ports
    }

    /// A port of a workload with everything in force on it.
    pub fn listener_port(&self, workload: &Workload, port: u16, at: At) -> ListenerPort {
        let certain = self.membership(workload.id).value == Membership::Unmeshed;
        let mesh = self.mesh_of(workload.id).filter(|_| !certain);
        ListenerPort {
            workload: workload.id,
            port,
            at,
            meshed: mesh.map(|mesh| mesh.listener(workload, port)),
        }
    }

    /// The services through which a workload's port is dialled, with their own port.
    pub fn services_to(&self, workload: &Workload, port: u16) -> Vec<(&Service, u16)> {
        self.index.services_to(workload, port)
    }

    /// The ways to a workload without a proxy. What a program outside Kubernetes speaks by itself is
    /// what those send who are told of it.
    pub fn direct(&self, workload: &Workload) -> Vec<Inlet> {
        let spoken = match workload.is_outside() {
            true => &[Transport::Plaintext, Transport::Tls][..],
            false => &[Transport::Plaintext],
        };
        let inlet = |&accepts| Inlet {
            kind: InletKind::Direct,
            accepts,
            layer: Layer::Tcp,
            authorization: None,
            because: self.membership(workload.id).because.clone(),
        };
        spoken.iter().map(inlet).collect()
    }

    /// What a listener takes in one word, whether there is a proxy or not.
    pub fn acceptance(&self, listener: &ListenerPort) -> Decided<TlsAcceptance> {
        let membership = self.membership(listener.workload);
        match &listener.meshed {
            Some(meshed) => meshed.tls.clone(),
            None => Decided::new(TlsAcceptance::Plaintext, membership.because.clone()),
        }
    }
}

/// The first mesh that certainly has it; else the first that may.
fn settle(workload: &Workload, meshes: &[Arc<dyn Mesh>]) -> Member {
    let mut best: Option<Member> = None;
    for (i, mesh) in meshes.iter().enumerate() {
        let membership = mesh.membership(workload);
        // of two meshes that the workload is not in, a written reason tells more than a mesh's silence
        let rank = |one: &Decided<Membership>| match one.value {
            Membership::Meshed => 3,
            Membership::Unknown => 2,
            Membership::Unmeshed => usize::from(matches!(one.because, Because::Configured(_))),
        };
        if best
            .as_ref()
            .is_none_or(|known| rank(&membership) > rank(&known.membership))
        {
            best = Some(Member {
                mesh: Some(i),
                membership,
            });
        }
    }
    best.unwrap_or_else(|| Member {
        mesh: None,
        membership: Decided::new(
            Membership::Unmeshed,
            Because::Default {
                rule: "there is no mesh",
                near: workload.at(),
            },
        ),
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::mesh::sample::{Same, index};

    /// The ports of the first workload, each with its line, as a mesh has it.
    fn ports(membership: Membership, file: (&str, &str)) -> Vec<String> {
        let (index, _) = index(&[file]);
        let near = index.workloads().first().unwrap().at();
        let mesh = Same {
            membership,
            opened: vec![(8080, near.join("a")), (20200, near.join("b"))],
            provider: None,
        };
        let (world, _) = World::new(index, vec![Arc::new(mesh)]);
        let all = world.ports(world.index.workloads().first().unwrap());
        all.into_iter()
            .map(|(port, at)| format!("{port} {}", world.index.address(&at)))
            .collect()
    }

    #[test]
    fn a_proxy_may_open_ports_of_its_own() {
        let web = ("web.hcl", "service { name = \"web\" port = 8080 }");
        let own = "8080 File/web.hcl#/service/port";
        let opened = "20200 File/web.hcl#/service/b";
        assert_eq!(ports(Membership::Meshed, web), [own, opened]);
        assert_eq!(ports(Membership::Unknown, web), [own, opened]);
        assert_eq!(ports(Membership::Unmeshed, web), [own]);
    }

    #[test]
    fn a_port_stands_where_its_number_is() {
        let machine = "apiVersion: workload.linkerd.io/v1beta1\nkind: ExternalWorkload\n\
            metadata: {name: vm, namespace: shop}\nspec: {ports: [{name: web, port: 80}]}\n";
        assert_eq!(
            ports(Membership::Unmeshed, ("vm.yaml", machine)),
            ["80 ExternalWorkload.workload.linkerd.io/shop/vm#/spec/ports/0/port"]
        );
        let pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: p, namespace: shop}\n\
            spec: {containers: [{name: c, ports: [{containerPort: 80}]}]}\n";
        assert_eq!(
            ports(Membership::Unmeshed, ("pod.yaml", pod)),
            ["80 Pod/shop/p#/spec/containers/0/ports/0/containerPort"]
        );
    }
}
