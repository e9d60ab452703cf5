//! One environment, typed: its objects, workloads, services and namespaces.
//!
//! Objects are told apart by group and kind, never by kind alone: Istio and Linkerd both have an
//! `AuthorizationPolicy`, and three groups have a `Gateway`.

pub mod ingress;
mod load_balancer;
mod metadata;
pub mod probe;
pub mod rbac;
mod registration;
pub mod resource;
pub mod selector;
mod service;
mod shape;
pub mod spec;
mod workload;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use rayon::prelude::*;

use crate::model::{
    At, Labels, Namespace, Place, Pointer, Problem, ProblemKind, Protocol, ResourceId, Service,
    ServiceId, TargetPort, Workload, WorkloadId,
};
use crate::render::{Environment, Member, Values};
use crate::syntax::{Document, Node, pointer_to};
use crate::text::{FileId, Span};

pub use metadata::namespace_of;
pub use resource::{Resource, ResourceKey};
pub use shape::{Shape, shape};

/// What an object was read as.
#[allow(clippy::large_enum_variant)] // each lives for a moment only
enum Typed {
    Namespace(Labels),
    Service(Service),
    Workload(Workload),
    Other,
}

/// For the first object of a key: where the others stand, and whether any differs.
type Twins = BTreeMap<ResourceId, (Vec<Span>, bool)>;

/// Everything of one environment.
#[derive(Debug, Default)]
pub struct Index {
    /// The environment's name.
    pub environment: String,
    documents: Arc<Vec<Document>>,
    /// The documents that were read of files of which some were made that the environment has.
    by_file: HashMap<FileId, Vec<usize>>,
    resources: Vec<Resource>,
    by_address: HashMap<Arc<str>, ResourceId>,
    by_kind: BTreeMap<(Arc<str>, Arc<str>), Vec<ResourceId>>,
    workloads: Vec<Workload>,
    services: Vec<Service>,
    by_resource: HashMap<ResourceId, ServiceId>,
    namespaces: BTreeMap<Arc<str>, Namespace>,
    services_of: HashMap<WorkloadId, Vec<ServiceId>>,
    workloads_of: HashMap<ServiceId, Vec<WorkloadId>>,
    by_namespace: HashMap<Arc<str>, Vec<WorkloadId>>,
    rbac: rbac::Rbac,
    /// Documents that are no Kubernetes objects.
    pub foreign: usize,
    /// What of them may hold values that something is installed with; they stand behind the objects.
    values: Vec<ResourceId>,
    /// Objects that have one key and differ: where the first stands, and where each other one.
    twins: Vec<(Span, Span)>,
}

impl Index {
    /// Reads the objects of an environment.
    pub fn build(environment: &Environment, documents: Arc<Vec<Document>>) -> (Self, Vec<Problem>) {
        let mut index = Self {
            environment: environment.name.clone(),
            documents: Arc::clone(&documents),
            ..Self::default()
        };
        let made = |member: &Member| {
            documents
                .get(member.document)
                .is_some_and(Document::is_made)
        };
        if environment.members.iter().any(made) {
            for (number, document) in documents.iter().enumerate() {
                if !document.is_made() {
                    let own = index.by_file.entry(document.file()).or_default();
                    own.push(number);
                }
            }
        }
        let mut problems = Vec::new();
        let mut twins = Twins::new();
        let read: Vec<_> = environment
            .members
            .par_iter()
            .filter_map(|member| Some(metadata::objects(documents.get(member.document)?, member)))
            .collect();
        for (found, wrong) in read {
            problems.extend(wrong);
            if found.is_empty() {
                index.foreign += 1;
            }
            for resource in found {
                index.add(resource, &mut twins);
            }
        }
        index.report_twins(twins, &mut problems);
        index.type_objects(&mut problems);
        index.anchor_namespaces();
        index.report_assumed_namespaces(&mut problems);
        index.join_services();
        index.rbac = rbac::read(&index, &mut problems);
        for one in &environment.values {
            index.add_values(one);
        }
        for workload in registration::read(&index, &mut problems) {
            index.add_workload(workload);
        }
        (index, problems)
    }

    /// A document that is no object gets an address like one, so that it can be pointed at.
    fn add_values(&mut self, values: &Values) {
        let id = ResourceId(self.resources.len() as u32);
        // an address ends where a field begins
        let name = values.file.replace('#', "%23");
        let key = ResourceKey {
            group: "".into(),
            kind: "File".into(),
            namespace: None,
            name: name.into(),
        };
        let whole = key.address();
        let copies = (2..).map(|copy| format!("{whole}~{copy}"));
        let free = std::iter::once(whole.clone())
            .chain(copies)
            .find(|address| !self.by_address.contains_key(address.as_str()));
        let address: Arc<str> = free.unwrap_or_default().into();
        self.by_address.insert(Arc::clone(&address), id);
        self.values.push(id);
        self.resources
            .push(Resource::of_values(key, address, values.document));
    }

    fn add(&mut self, mut resource: Resource, twins: &mut Twins) {
        let id = ResourceId(self.resources.len() as u32);
        if let Some(&first) = self.by_address.get(&resource.address) {
            let span = self.node_of(&resource).span();
            let (others, differ) = twins.entry(first).or_insert((Vec::new(), false));
            others.push(span);
            // a copy that says the same is no second object
            if same_content(self.node(first), self.node_of(&resource)) {
                return;
            }
            *differ = true;
            resource.contested = true;
            if let Some(first) = self.resources.get_mut(first.0 as usize) {
                first.contested = true;
            }
            let copies = (2..).map(|copy| format!("{}~{copy}", resource.address));
            let mut free = copies.filter(|copy| !self.by_address.contains_key(copy.as_str()));
            resource.address = free.next().unwrap_or_default().into();
        }
        self.by_address.insert(Arc::clone(&resource.address), id);
        let kind = (
            Arc::clone(&resource.key.group),
            Arc::clone(&resource.key.kind),
        );
        self.by_kind.entry(kind).or_default().push(id);
        self.resources.push(resource);
    }

    /// One problem for each key that more than one object has, at the second of them.
    fn report_twins(&mut self, twins: Twins, problems: &mut Vec<Problem>) {
        for (first, (others, differ)) in twins {
            if differ {
                let own = self.node(first).span();
                self.twins.extend(others.iter().map(|&other| (own, other)));
            }
            let key = &self.resource(first).key;
            let times = others.len() + 1;
            let message = match differ {
                true => format!(
                    "{key} is defined {times} times with different content; whichever is applied last is in \
                     force: keep one, or put them in environments of their own"
                ),
                false => {
                    format!("{key} is defined {times} times with the same content; once is enough")
                }
            };
            let place = others
                .first()
                .map_or(Place::Nowhere, |&span| Place::Span(span));
            problems.push(Problem::new(ProblemKind::DuplicateObject, message, place));
        }
    }

    /// One problem for all workloads whose namespace had to be assumed, at the first of them.
    fn report_assumed_namespaces(&self, problems: &mut Vec<Problem>) {
        let assumed: Vec<&Workload> = self
            .workloads
            .iter()
            .filter(|workload| self.resource(workload.resource).namespace_assumed)
            .collect();
        if let Some(first) = assumed.first() {
            let message = match assumed.len() {
                1 => format!("{first} names no namespace, so it is taken to be in `default`"),
                many => format!(
                    "{many} workloads, {first} first, name no namespace, so they are taken to be in `default`"
                ),
            };
            problems.push(Problem::at(ProblemKind::Assumption, message, first.at()));
        }
    }

    fn type_objects(&mut self, problems: &mut Vec<Problem>) {
        let ids: Vec<ResourceId> = (0..self.resources.len() as u32).map(ResourceId).collect();
        let typed: Vec<(Typed, Vec<Problem>)> = ids.par_iter().map(|&id| self.typed(id)).collect();
        for (id, (typed, wrong)) in ids.into_iter().zip(typed) {
            problems.extend(wrong);
            let key = &self.resource(id).key;
            if let Some(namespace) = key.namespace.clone() {
                self.note_namespace(namespace, None, id);
            }
            match typed {
                Typed::Namespace(labels) => {
                    let name = Arc::clone(&self.resource(id).key.name);
                    self.note_namespace(name, Some(labels), id);
                }
                Typed::Service(service) => {
                    let number = ServiceId(self.services.len() as u32);
                    self.by_resource.insert(id, number);
                    self.services.push(Service {
                        id: number,
                        ..service
                    });
                }
                Typed::Workload(workload) => self.add_workload(workload),
                Typed::Other => {}
            }
        }
    }

    fn add_workload(&mut self, workload: Workload) {
        let id = WorkloadId(self.workloads.len() as u32);
        let near = self.by_namespace.entry(Arc::clone(&workload.namespace));
        near.or_default().push(id);
        self.workloads.push(Workload { id, ..workload });
    }

    /// What an object is; its own number comes later.
    fn typed(&self, id: ResourceId) -> (Typed, Vec<Problem>) {
        let mut problems = Vec::new();
        let resource = self.resource(id);
        let typed = if resource.key.is("", "Namespace") {
            Typed::Namespace(resource.labels.clone())
        } else if resource.key.is("", "Service") {
            service::read(self, id, &mut problems).map_or(Typed::Other, Typed::Service)
        } else {
            workload::read(self, id, &mut problems).map_or(Typed::Other, Typed::Workload)
        };
        (typed, problems)
    }

    /// A namespace without an object of its own is shown at its first workload rather than at
    /// whatever was read first.
    fn anchor_namespaces(&mut self) {
        for workload in self.workloads.iter().rev() {
            if let Some(namespace) = self.namespaces.get_mut(&workload.namespace)
                && namespace.labels.is_none()
            {
                namespace.at = workload.at();
            }
        }
    }

    /// A namespace is known by its object, and else by the first object that lies in it. The API
    /// server gives it its name as a label.
    fn note_namespace(&mut self, name: Arc<str>, labels: Option<Labels>, by: ResourceId) {
        let labels = labels.map(|mut labels| {
            labels.insert("kubernetes.io/metadata.name".into(), Arc::clone(&name));
            labels
        });
        let field = if labels.is_some() {
            "/metadata/name"
        } else {
            "/metadata/namespace"
        };
        let at = At::new(by, field);
        match self.namespaces.get_mut(&name) {
            Some(known) => {
                if labels.is_some() {
                    known.labels = labels;
                    known.at = at;
                }
            }
            None => {
                self.namespaces
                    .insert(Arc::clone(&name), Namespace { name, labels, at });
            }
        }
    }

    fn join_services(&mut self) {
        let mut near: HashMap<&str, selector::LabelIndex> = HashMap::new();
        for (at, service) in self.services.iter().enumerate() {
            if let Some(wanted) = &service.selector {
                near.entry(&service.namespace)
                    .or_default()
                    .add(at, Some(wanted));
            }
        }
        for workload in &self.workloads {
            let Some(index) = near.get(&*workload.namespace) else {
                continue;
            };
            for at in index.candidates(&workload.labels) {
                let Some(service) = self.services.get(at) else {
                    continue;
                };
                if service
                    .selector
                    .as_ref()
                    .is_some_and(|s| selector::is_subset(s, &workload.labels))
                {
                    self.services_of
                        .entry(workload.id)
                        .or_default()
                        .push(service.id);
                    self.workloads_of
                        .entry(service.id)
                        .or_default()
                        .push(workload.id);
                }
            }
        }
    }

    /// An object.
    ///
    /// # Panics
    /// With an id of another environment.
    #[allow(clippy::indexing_slicing)]
    pub fn resource(&self, id: ResourceId) -> &Resource {
        &self.resources[id.0 as usize]
    }

    /// Objects that have one key and differ: where the first stands, and where each other one.
    pub fn twins(&self) -> &[(Span, Span)] {
        &self.twins
    }

    /// Documents that are no objects and may hold values that something is installed with.
    pub fn values(&self) -> &[ResourceId] {
        &self.values
    }

    /// All objects with their ids.
    pub fn resources(&self) -> impl Iterator<Item = (ResourceId, &Resource)> {
        self.resources
            .iter()
            .take(self.resources.len() - self.values.len())
            .enumerate()
            .map(|(i, resource)| (ResourceId(i as u32), resource))
    }

    /// The objects of one kind of one group, in the order they were read.
    pub fn of_kind(&self, group: &str, kind: &str) -> &[ResourceId] {
        self.by_kind
            .get(&(Arc::from(group), Arc::from(kind)))
            .map_or(&[], Vec::as_slice)
    }

    /// The object with this key, if there is one.
    pub fn find(
        &self,
        group: &str,
        kind: &str,
        namespace: Option<&str>,
        name: &str,
    ) -> Option<ResourceId> {
        let key = ResourceKey {
            group: group.into(),
            kind: kind.into(),
            namespace: namespace.map(Into::into),
            name: name.into(),
        };
        self.by_address.get(key.address().as_str()).copied()
    }

    /// Who may do what with which objects.
    pub fn rbac(&self) -> &rbac::Rbac {
        &self.rbac
    }

    /// The object as it is written.
    pub fn node(&self, id: ResourceId) -> Node<'_> {
        self.node_of(self.resource(id))
    }

    #[allow(clippy::indexing_slicing)]
    fn node_of(&self, resource: &Resource) -> Node<'_> {
        let root = self.documents[resource.document].root();
        let mut node = root;
        for step in resource.inside.steps() {
            node = step_into(node, &step).unwrap_or(root);
        }
        node
    }

    /// All workloads.
    pub fn workloads(&self) -> &[Workload] {
        &self.workloads
    }

    /// A workload.
    ///
    /// # Panics
    /// With an id of another environment.
    #[allow(clippy::indexing_slicing)]
    pub fn workload(&self, id: WorkloadId) -> &Workload {
        &self.workloads[id.0 as usize]
    }

    /// The workloads of a namespace; of the empty one, those outside Kubernetes.
    pub fn workloads_in(&self, namespace: &str) -> impl Iterator<Item = &Workload> {
        let ids = self.by_namespace.get(namespace);
        ids.into_iter().flatten().map(|&id| self.workload(id))
    }

    /// All services.
    pub fn services(&self) -> &[Service] {
        &self.services
    }

    /// A service.
    ///
    /// # Panics
    /// With an id of another environment.
    #[allow(clippy::indexing_slicing)]
    pub fn service(&self, id: ServiceId) -> &Service {
        &self.services[id.0 as usize]
    }

    /// The services that select a workload.
    pub fn services_of(&self, workload: WorkloadId) -> impl Iterator<Item = &Service> {
        let ids = self.services_of.get(&workload);
        ids.into_iter().flatten().map(|&id| self.service(id))
    }

    /// The service of this name.
    pub fn service_named(&self, namespace: &str, name: &str) -> Option<&Service> {
        let id = self.find("", "Service", Some(namespace), name)?;
        self.by_resource.get(&id).map(|&id| self.service(id))
    }

    /// The services through which a workload's port is dialled, with their own port.
    pub fn services_to(&self, workload: &Workload, port: u16) -> Vec<(&Service, u16)> {
        let mut found = Vec::new();
        for service in self.services_of(workload.id) {
            for declared in service.ports.iter().filter(|p| p.protocol == Protocol::Tcp) {
                if self.target(declared, workload) == Some(port) {
                    found.push((service, declared.number));
                }
            }
        }
        found
    }

    /// The workloads that a service selects.
    pub fn workloads_of(&self, service: ServiceId) -> impl Iterator<Item = &Workload> {
        let ids = self.workloads_of.get(&service);
        ids.into_iter().flatten().map(|&id| self.workload(id))
    }

    /// The port of `workload` that a service's port leads to; none if the name is not declared.
    pub fn target(&self, port: &crate::model::ServicePort, workload: &Workload) -> Option<u16> {
        match &port.target {
            TargetPort::Number(number) => Some(*number),
            TargetPort::Name(name) => workload
                .containers
                .iter()
                .filter(|container| !container.init || container.sidecar)
                .flat_map(|container| &container.ports)
                .find(|declared| {
                    declared.name.as_ref() == Some(name) && declared.protocol == port.protocol
                })
                .map(|declared| declared.number),
        }
    }

    /// A namespace, if anything names it.
    pub fn namespace(&self, name: &str) -> Option<&Namespace> {
        self.namespaces.get(name)
    }

    /// All namespaces, by name.
    pub fn namespaces(&self) -> impl Iterator<Item = &Namespace> {
        self.namespaces.values()
    }

    /// An address as rules see it: `PeerAuthentication.security.istio.io/shop/default#/spec/mtls`.
    pub fn address(&self, at: &At) -> String {
        let resource = &self.resource(at.resource).address;
        let mut address = String::with_capacity(resource.len() + 1 + at.pointer.as_str().len());
        address.push_str(resource);
        address.push('#');
        address.push_str(at.pointer.as_str());
        address
    }

    /// The place that an address of [`Self::address`] names, possibly lengthened by a rule.
    pub fn parse_address(&self, address: &str) -> Option<At> {
        let (resource, pointer) = address.split_once('#')?;
        let id = self.by_address.get(resource)?;
        Some(At::new(*id, pointer))
    }

    /// The one line to show for an address: the field, or the nearest thing that is written.
    pub fn span(&self, at: &At) -> Option<Span> {
        let resource = self.resource(at.resource);
        let document = self.documents.get(resource.document)?;
        // an object as a whole is shown where it is named
        let field = match at.pointer.as_str() {
            "" => "/metadata/name",
            field => field,
        };
        Some(crate::syntax::locate(document, &resource.inside.append(field)).anchor())
    }

    /// Where an address leads in the files: to a document that was read, and from its outermost node on.
    pub fn written(&self, at: &At) -> Option<(&Document, Pointer)> {
        let resource = self.resource(at.resource);
        let document = self.documents.get(resource.document)?;
        let pointer = match resource.inside.as_str() {
            "" => at.pointer.clone(),
            _ => resource.inside.append(at.pointer.as_str()),
        };
        match document.is_made() {
            false => Some((document, pointer)),
            true => self.made_of(document, &pointer),
        }
    }

    /// Where what a pointer leads to was written, before it was put together with other things. What is
    /// not written is missing in what is around it.
    fn made_of(&self, document: &Document, pointer: &Pointer) -> Option<(&Document, Pointer)> {
        let mut node = document.root();
        let mut steps = pointer.steps();
        let mut missing = Vec::new();
        for step in steps.by_ref() {
            match step_into(node, &step) {
                Some(next) => node = next,
                None => {
                    missing.push(step);
                    break;
                }
            }
        }
        missing.extend(steps);
        let span = node.span();
        let holds = |document: &&Document| {
            let whole = document.span();
            whole.start <= span.start && span.end <= whole.end
        };
        let of_file = self.by_file.get(&span.file)?.iter();
        let mut read = of_file.filter_map(|&number| self.documents.get(number));
        let read = read.find(holds)?;
        let around = pointer_to(read, span)?;
        let pointer = missing.into_iter().fold(around, |at, step| at.join(step));
        Some((read, pointer))
    }

    /// The document that an object stands in.
    pub fn document(&self, id: ResourceId) -> Option<&Document> {
        self.documents.get(self.resource(id).document)
    }

    /// Whether nothing is written at an address itself.
    pub fn is_missing(&self, at: &At) -> bool {
        let resource = self.resource(at.resource);
        let whole = resource.inside.append(at.pointer.as_str());
        self.documents
            .get(resource.document)
            .is_none_or(|document| !crate::syntax::locate(document, &whole).exact)
    }
}

/// One step of a pointer; it goes on into a document that a text holds.
pub fn step_into<'a>(node: Node<'a>, step: &str) -> Option<Node<'a>> {
    let node = match node.document().attached(node.id()) {
        Some(document) => document.root(),
        None => node,
    };
    if node.is_list() {
        step.parse().ok().and_then(|at| node.items().nth(at))
    } else {
        node.get(step)
    }
}

/// What stands at an address; it may lead into a document that a text holds.
pub fn node_at<'a>(index: &'a Index, at: &At) -> Option<Node<'a>> {
    let mut steps = at.pointer.steps();
    let node = steps.try_fold(index.node(at.resource), |node, step| step_into(node, &step))?;
    let held = node.document().attached(node.id());
    Some(held.map_or(node, Document::root))
}

/// Whether two objects say the same, whatever the order of their fields.
pub fn same_content(a: Node<'_>, b: Node<'_>) -> bool {
    use crate::syntax::Value;
    match (a.value(), b.value()) {
        (Value::Map, Value::Map) => {
            a.entries().count() == b.entries().count()
                && a.entries().all(|e| {
                    b.get(e.key)
                        .is_some_and(|other| same_content(e.value, other))
                })
        }
        (Value::List, Value::List) => {
            a.items().count() == b.items().count()
                && a.items().zip(b.items()).all(|(a, b)| same_content(a, b))
        }
        (a, b) => a == b,
    }
}

/// Where an object is written, for problems.
pub fn whole(id: ResourceId) -> At {
    At {
        resource: id,
        pointer: Pointer::root(),
    }
}

/// The service accounts that are written.
pub fn service_accounts(index: &Index) -> HashSet<(Arc<str>, Arc<str>)> {
    index
        .of_kind("", "ServiceAccount")
        .iter()
        .map(|&id| &index.resource(id).key)
        .filter_map(|key| Some((Arc::clone(key.namespace.as_ref()?), Arc::clone(&key.name))))
        .collect()
}
