//! Each mesh product, compiled to neutral policy: what is in force, and because of which line.
//!
//! A mesh is a folder here and one word in [`meshes!`]. It answers the questions of [`Mesh`];
//! who may call whom is worked out from the answers, without knowing the product.

mod network;
mod release;
#[cfg(test)]
pub mod sample;
mod webhooks;

use std::sync::Arc;

use crate::k8s::Index;
use crate::k8s::ingress::Ingress;
use crate::model::{
    AccessLog, At, Decided, Identity, Listener, LogState, Membership, Outside, Problem, Ruleset,
    Service, ServiceId, Setting, TokenRule, Tracing, Way, Workload,
};

/// What a mesh product answers about one environment.
pub trait Mesh: Send + Sync {
    /// The name in facts (`istio`).
    fn kind(&self) -> &'static str;

    /// The name for people (`Istio`).
    fn title(&self) -> &'static str;

    /// Mesh-wide settings that rules look at.
    fn settings(&self) -> &Settings;

    /// Whether a proxy of this mesh is in front of a workload.
    fn membership(&self, workload: &Workload) -> Decided<Membership>;

    /// Who a workload of this mesh can prove to be.
    fn identity(&self, workload: &Workload) -> Identity;

    /// Who a service account is in the mesh.
    fn account(&self, namespace: &str, name: &str) -> Identity;

    /// Everything in force on one port of a workload that is in the mesh.
    fn listener(&self, workload: &Workload, port: u16) -> Listener;

    /// The ways of a client's call: what its proxy sends, and through which others.
    fn ways(&self, client: &Workload, call: &Call<'_>) -> Vec<Way>;

    /// The ways of a client's call to something outside the cluster.
    fn ways_out(&self, client: &Workload, to: &Outside) -> Vec<Way>;

    /// The ways from outside the cluster to a workload's port, through gateways of the mesh.
    /// `meshed`: whether that workload is taken to be in the mesh.
    fn ways_in(&self, workload: &Workload, port: u16, meshed: bool) -> Vec<Way>;

    /// Whether a gateway of the mesh serves an `Ingress`.
    fn serves_ingress(&self, _ingress: &Ingress) -> bool {
        false
    }

    /// The proxies before a workload's own that calls from inside may pass.
    fn proxies_before(&self, _workload: &Workload, _port: u16) -> Vec<Before> {
        Vec::new()
    }

    /// What distinguishes clients on their way out, apart from who and where they are: clients of
    /// one namespace with equal keys send the same to everyone.
    fn origination_key(&self, client: &Workload) -> String;

    /// The namespaces whose clients may send something else to a service than all others do.
    fn distinguished_namespaces(&self, _service: &Service) -> Vec<Arc<str>> {
        Vec::new()
    }

    /// A way in from outside to a workload's port that may be there and is not understood.
    fn unjudged_ways_in(&self, _workload: &Workload, _port: u16) -> Option<(String, At)> {
        None
    }

    /// The access log of a workload that is in the mesh.
    fn access_log(&self, workload: &Workload) -> AccessLog;

    /// Whether changes of its configuration are recorded, where the mesh itself records them.
    fn audit_log(&self) -> Option<Decided<LogState>> {
        None
    }

    /// The spans of a workload that is in the mesh.
    fn tracing(&self, workload: &Workload) -> Tracing {
        Tracing::unknown(workload.at())
    }

    /// The tokens that a provider of this name vouches for.
    fn token_provider(&self, _name: &str) -> Option<TokenRule> {
        None
    }

    /// What is set for the whole mesh, apart from [`Settings`], and rules judge by its name.
    fn posture(&self) -> Vec<Setting> {
        Vec::new()
    }

    /// What is set for the proxy of a workload that asks for one, and rules judge by its name.
    fn proxy_settings(&self, _workload: &Workload) -> Vec<Setting> {
        Vec::new()
    }

    /// Ports that a workload's proxy opens beside those of its containers, and because of which line.
    fn opened_ports(&self, _workload: &Workload) -> Vec<(u16, At)> {
        Vec::new()
    }

    /// Whether its policies decide about probes of the kubelet as they do about other calls.
    fn judges_probes(&self) -> bool {
        false
    }

    /// The services that it offers to other clusters.
    fn exports(&self) -> Vec<Export> {
        Vec::new()
    }

    /// What is set for the proxy of every workload for which nothing narrower is.
    fn proxy_defaults(&self) -> Vec<Setting> {
        Vec::new()
    }

    /// Whether a workload is a part of the mesh itself, or of what comes with it.
    fn is_part(&self, _workload: &Workload) -> bool {
        false
    }

    /// Namespace and name of callers that policies know by another name than that of their service
    /// account.
    fn callers(&self) -> Vec<(Arc<str>, Arc<str>)> {
        Vec::new()
    }

    /// What its gateways and the proxies before workloads ask of requests.
    fn rules_of_proxies(&self) -> Vec<Arc<Ruleset>> {
        Vec::new()
    }

    /// The proxies that it makes by itself, so that their pods are not in the input.
    fn made(&self) -> Vec<Made<'_>> {
        Vec::new()
    }

    /// Policies as they are written, in neutral words.
    fn policies(&self) -> &[crate::model::Policy];

    /// The objects that decide what is in force: who may write them may change that. Those that open
    /// most come first.
    fn policy_resources(&self) -> &'static [PolicyResource];

    /// The objects by which someone watches calls as they are made, where that is possible.
    fn watched_resources(&self) -> &'static [PolicyResource] {
        &[]
    }

    /// Whether a service account is one of the mesh's own control plane.
    fn is_own_account(&self, namespace: &str, name: &str) -> bool;

    /// The versions of its parts, as far as files name them.
    fn versions(&self) -> Vec<Version>;
}

/// Objects that decide what is in force.
#[derive(Debug, Clone, Copy)]
pub struct PolicyResource {
    /// What they decide about: `authorization`, `transport`, `code`, `routing`, `telemetry`,
    /// `settings`, `membership`, `admission`; of those that only show something, what: `calls`.
    pub part: &'static str,
    /// Their API group.
    pub group: &'static str,
    /// What requests call them.
    pub resource: &'static str,
    /// The verbs by which they are changed, or watched.
    pub verbs: &'static [&'static str],
    /// The names of those that count, a star at the end for any ending; none: all of them.
    pub names: &'static [&'static str],
    /// Where they are.
    pub place: Residence,
}

/// Verbs that write objects.
const WRITE: &[&str] = &["create", "update", "patch", "delete", "deletecollection"];
/// Of objects that are there anyway, and of which only some count.
const CHANGE: &[&str] = &["update", "patch", "delete", "deletecollection"];
/// Of labels and annotations: who may delete a namespace deletes its workloads with it.
const RELABEL: &[&str] = &["update", "patch"];

impl PolicyResource {
    /// Objects in any namespace that may be written.
    const fn object(part: &'static str, group: &'static str, resource: &'static str) -> Self {
        Self {
            part,
            group,
            resource,
            verbs: WRITE,
            names: &[],
            place: Residence::Namespaces,
        }
    }

    /// Objects in no namespace that may be written.
    const fn of_cluster(part: &'static str, group: &'static str, resource: &'static str) -> Self {
        Self {
            place: Residence::Cluster,
            ..Self::object(part, group, resource)
        }
    }

    /// ConfigMaps beside the control plane, of which only some count.
    const fn settings(names: &'static [&'static str]) -> Self {
        Self {
            verbs: CHANGE,
            names,
            place: Residence::ControlPlane,
            ..Self::object("settings", "", "configmaps")
        }
    }

    /// Namespaces, by which workloads are in the mesh or not.
    const fn namespaces() -> Self {
        Self {
            verbs: RELABEL,
            ..Self::object("membership", "", "namespaces")
        }
    }

    /// Webhooks of some names that are asked before an object is stored.
    const fn webhooks(resource: &'static str, names: &'static [&'static str]) -> Self {
        Self {
            names,
            ..Self::of_cluster("admission", "admissionregistration.k8s.io", resource)
        }
    }
}

/// Where objects are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Residence {
    /// In any namespace; a Namespace is in itself.
    Namespaces,
    /// Only those beside the control plane count.
    ControlPlane,
    /// In none.
    Cluster,
}

/// The version of a part of a mesh.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    /// `all`, `control_plane`, `proxy`, `node_proxy`, `node_agent`.
    pub component: &'static str,
    /// As it is written.
    pub text: String,
    /// Major, minor and, if it is said, patch; nothing where the text is no release of the project.
    pub release: Option<(u32, u32, Option<u32>)>,
    /// Where it is written.
    pub at: At,
}

impl Version {
    /// The numbers of `1.30.4` or `1.30`; nothing of anything else.
    fn numbers(text: &str) -> Option<(u32, u32, Option<u32>)> {
        let mut numbers = text.split('.').map(|part| {
            let digits = !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
            digits.then(|| part.parse::<u32>().ok()).flatten()
        });
        let (major, minor) = (numbers.next()??, numbers.next()??);
        let patch = match numbers.next() {
            Some(patch) => Some(patch?),
            None => None,
        };
        numbers.next().is_none().then_some((major, minor, patch))
    }

    /// Where an image comes from, its name and its tag; nothing where it has no tag.
    fn of_image(image: &str) -> Option<(&str, &str, &str)> {
        let tagged = image.split_once('@').map_or(image, |(tagged, _)| tagged);
        let (path, last) = tagged.rsplit_once('/').unwrap_or(("", tagged));
        let (name, tag) = last.split_once(':')?;
        Some((path, name, tag))
    }
}

/// A service that is offered to other clusters.
#[derive(Debug, Clone)]
pub struct Export {
    /// The service.
    pub service: ServiceId,
    /// The line that offers it.
    pub at: At,
    /// Who all callers from there are to the service; nothing where each is who it is.
    pub as_one: Option<Identity>,
    /// To whom it is offered, in a person's words, and someone there whom no rule names; nothing where
    /// callers from there are like those of the mesh.
    pub to: Option<(String, Identity)>,
}

/// A proxy that a mesh makes by itself.
#[derive(Debug, Clone, Copy)]
pub struct Made<'a> {
    /// Its pods.
    pub pods: &'a Workload,
    /// Whether it is a gateway, and not one before workloads.
    pub gateway: bool,
}

/// A call as the client makes it.
#[derive(Debug, Clone, Copy)]
pub struct Call<'a> {
    /// The service that is dialled and its port; `None` where the pod itself is dialled.
    pub service: Option<(ServiceId, u16)>,
    /// The workload that is reached.
    pub workload: &'a Workload,
    /// The workload's port.
    pub port: u16,
    /// Whether that workload is taken to be in the same mesh.
    pub meshed: bool,
}

/// A proxy before a workload's own.
#[derive(Debug, Clone)]
pub struct Before {
    /// Its name for people.
    pub name: Arc<str>,
    /// The line that sends calls through it.
    pub at: At,
    /// What it asks.
    pub rules: Arc<Ruleset>,
}

/// Mesh-wide settings that rules look at.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The settings, or the first object that shows the mesh is there.
    pub at: At,
    /// Who vouches for identities.
    pub trust_domain: Decided<Arc<str>>,
    /// Whether it trusts others who vouch for identities of their own.
    pub federated: bool,
    /// Where policies count for the whole mesh.
    pub root_namespace: Decided<Arc<str>>,
    /// Whether clients use mutual TLS by themselves.
    pub automatic_mtls: Decided<bool>,
    /// Whether calls without mutual TLS are taken where nothing else is said; nothing where policies
    /// say so, and no setting.
    pub plaintext_default: Option<Decided<bool>>,
    /// Whether calls are logged where nothing else is said.
    pub access_log: Decided<LogState>,
    /// Formats of log lines as they are configured, and where, in use or not.
    pub log_formats: Vec<(String, At)>,
    /// Whether the settings themselves are in the input.
    pub known: bool,
    /// Labels and annotations that ask for a proxy, and bring none.
    pub unanswered: Vec<Unanswered>,
}

/// A label or annotation that asks for a proxy, and nobody answers.
#[derive(Debug, Clone)]
pub struct Unanswered {
    /// Where it is written.
    pub at: At,
    /// The label or annotation with its value.
    pub label: String,
    /// The namespace it stands in.
    pub namespace: Arc<str>,
    /// The workloads it asks for.
    pub workloads: Vec<crate::model::WorkloadId>,
    /// Why nobody answers.
    pub why: Refusal,
}

/// Why nobody answers who asks for a proxy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// No injector in the input is for it.
    NoInjector,
    /// It stands where no injector looks.
    Misplaced,
    /// Its value is none that injectors know.
    InvalidValue,
    /// Something else prevents it: what, and the line.
    Prevented(&'static str, At),
}

impl Refusal {
    /// The name in facts.
    pub fn name(&self) -> &'static str {
        match self {
            Self::NoInjector => "no_injector",
            Self::Misplaced => "misplaced",
            Self::InvalidValue => "invalid_value",
            Self::Prevented(..) => "prevented",
        }
    }
}

macro_rules! meshes {
    ($($name:ident),+ $(,)?) => {
        $(pub mod $name;)+

        /// Finds the meshes of an environment and compiles them.
        pub fn find(index: &Arc<Index>) -> (Vec<Arc<dyn Mesh>>, Vec<Problem>) {
            let mut known: Vec<Arc<dyn Mesh>> = Vec::new();
            let mut problems = Vec::new();
            $(if let Some(mesh) = $name::compile(index, &mut problems) {
                known.push(Arc::new(mesh));
            })+
            (known, problems)
        }

        /// Whose an API group is, by the name for people; nothing if it is no mesh's.
        pub fn product_of(group: &str) -> Option<&'static str> {
            $(if $name::owns(group) {
                return Some($name::TITLE);
            })+
            None
        }
    };
}

meshes! { istio, linkerd, consul }
