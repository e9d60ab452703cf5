//! Config entries: what the mesh is configured with, from whichever carrier.
//!
//! A carrier is an object of the group `consul.hashicorp.com`, a file of HCL or JSON, or the list
//! `config_entries.bootstrap` of an agent's configuration.

mod admission;
mod among;
mod fields;
mod gateway;

use std::collections::HashMap;
use std::sync::Arc;

use super::settings::Config;
use super::written::Written;
use crate::k8s::Index;
use crate::model::{At, Problem, ProblemKind, ResourceId};
use crate::syntax::Consul as Own;

/// The API group of the entries' kinds.
pub const GROUP: &str = "consul.hashicorp.com";

macro_rules! kinds {
    ($($kind:ident = $name:literal;)+) => {
        /// A kind of config entry; in Kubernetes its name is that of its object's kind.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[allow(missing_docs)]
        pub enum Kind { $($kind,)+ }

        impl Kind {
            const ALL: &[Self] = &[$(Self::$kind,)+];

            /// The name of its objects' kind.
            pub fn object(self) -> &'static str {
                match self { $(Self::$kind => stringify!($kind),)+ }
            }

            /// The name in Consul.
            pub fn name(self) -> &'static str {
                match self { $(Self::$kind => $name,)+ }
            }
        }
    };
}

// `hashicorp/consul-k8s: control-plane/api/common/common.go`,
// `hashicorp/consul: agent/structs/config_entry.go`.
kinds! {
    ServiceDefaults = "service-defaults";
    ProxyDefaults = "proxy-defaults";
    Mesh = "mesh";
    ServiceIntentions = "service-intentions";
    ServiceRouter = "service-router";
    ServiceResolver = "service-resolver";
    ServiceSplitter = "service-splitter";
    IngressGateway = "ingress-gateway";
    TerminatingGateway = "terminating-gateway";
    ExportedServices = "exported-services";
    SamenessGroup = "sameness-group";
    JWTProvider = "jwt-provider";
    APIGateway = "api-gateway";
    HTTPRoute = "http-route";
    TCPRoute = "tcp-route";
    InlineCertificate = "inline-certificate";
}

impl Kind {
    /// The one whose objects are of this kind.
    pub fn of_object(kind: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|one| one.object() == kind)
    }

    /// The one of this name in Consul.
    pub fn of_entry(kind: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|one| one.name() == kind)
    }

    /// The name that the only entry of a kind has.
    fn only(self) -> Option<&'static str> {
        match self {
            Self::ProxyDefaults => Some("global"),
            Self::Mesh => Some("mesh"),
            _ => None,
        }
    }
}

/// A config entry in force.
#[derive(Debug, Clone)]
pub struct Entry {
    /// Its kind.
    pub kind: Kind,
    /// Its namespace in Consul.
    pub namespace: Arc<str>,
    /// Its name in Consul; of intentions, that of their destination.
    pub name: Arc<str>,
    /// What holds its fields: the `spec` of an object, or the file.
    pub at: At,
    /// Where it is named.
    pub named: At,
    /// Whether it stands in a file of Consul's own.
    own: bool,
}

impl Entry {
    /// Its fields; nothing of an object without any.
    pub fn fields<'a>(&self, index: &'a Index) -> Option<Written<'a>> {
        match self.own {
            true => Written::own(index, self.at.clone()),
            false => Written::object(index, self.at.clone()),
        }
    }

    /// The object or the file.
    pub fn resource(&self) -> ResourceId {
        self.at.resource
    }
}

/// All config entries in force.
#[derive(Debug, Default)]
pub struct Entries {
    all: Vec<Entry>,
    by_kind: HashMap<Kind, Vec<usize>>,
    by_name: HashMap<(Kind, Arc<str>, Arc<str>), usize>,
}

impl Entries {
    /// Reads them. What is refused, by the webhook of the chart or by Consul, is a problem, and not
    /// among them; of several with one key the first counts.
    pub fn read(index: &Index, config: &Config, problems: &mut Vec<Problem>) -> Self {
        let mut entries = Self::default();
        for entry in of_objects(index, config).chain(of_files(index)) {
            match admission::refusal(index, &entry, config) {
                Some(refusal) => problems.push(rejected(&entry, refusal)),
                None => entries.add(entry, index, problems),
            }
        }
        fields::report_unknown(index, problems);
        entries.refuse_by_others(index, problems);
        entries
    }

    fn add(&mut self, entry: Entry, index: &Index, problems: &mut Vec<Problem>) {
        let key = (
            entry.kind,
            Arc::clone(&entry.namespace),
            Arc::clone(&entry.name),
        );
        if let Some(&first) = self.by_name.get(&key) {
            let first = self.all.get(first);
            let twin = |first: &Entry| {
                let (one, other) = (
                    index.resource(first.resource()),
                    index.resource(entry.resource()),
                );
                one.key == other.key && first.at.resource != entry.at.resource
            };
            // two objects of one name were reported when they were read
            if !first.is_some_and(twin) {
                let named = first.map(|first| index.resource(first.resource()).key.to_string());
                let message = format!(
                    "{} {} is defined by {} already; Consul keeps one of them, and which is not known: the first \
                     was taken, keep one",
                    entry.kind.name(),
                    entry.name,
                    named.unwrap_or_default()
                );
                let at = entry.named.clone();
                problems.push(Problem::at(ProblemKind::DuplicateObject, message, at));
            }
            return;
        }
        let place = self.all.len();
        self.by_name.insert(key, place);
        self.by_kind.entry(entry.kind).or_default().push(place);
        self.all.push(entry);
    }

    /// Drops what Consul refuses because of other entries. As long as something is applied that it
    /// waits for, it is tried again: so the order in which entries stand is not asked.
    fn refuse_by_others(&mut self, index: &Index, problems: &mut Vec<Problem>) {
        for stage in [
            Kind::ServiceDefaults,
            Kind::ProxyDefaults,
            Kind::ServiceIntentions,
            Kind::IngressGateway,
        ] {
            let refused: Vec<_> = self
                .of(stage)
                .filter_map(|entry| Some((entry.clone(), among::refusal(self, index, entry)?)))
                .collect();
            for (entry, refusal) in refused {
                problems.push(rejected(&entry, refusal));
                self.drop(&entry);
            }
        }
    }

    fn drop(&mut self, entry: &Entry) {
        let key = (
            entry.kind,
            Arc::clone(&entry.namespace),
            Arc::clone(&entry.name),
        );
        if let Some(place) = self.by_name.remove(&key)
            && let Some(of_kind) = self.by_kind.get_mut(&entry.kind)
        {
            of_kind.retain(|one| *one != place);
        }
    }

    /// The entries of a kind, in the order they were read.
    pub fn of(&self, kind: Kind) -> impl Iterator<Item = &Entry> {
        let places = self.by_kind.get(&kind).into_iter().flatten();
        places.filter_map(|&place| self.all.get(place))
    }

    /// The entry of a name.
    pub fn named(&self, kind: Kind, namespace: &str, name: &str) -> Option<&Entry> {
        let key = (kind, Arc::from(namespace), Arc::from(name));
        self.all.get(*self.by_name.get(&key)?)
    }

    /// The only entry of a kind that has one for the whole mesh.
    pub fn only(&self, kind: Kind) -> Option<&Entry> {
        self.named(kind, "default", kind.only()?)
    }

    /// A field of a service: what service-defaults say, or else proxy-defaults at another path.
    pub fn of_service<'a>(
        &self,
        index: &'a Index,
        (namespace, name): (&str, &str),
        field: &[&str],
        of_all: &[&str],
    ) -> Option<Written<'a>> {
        let own = self.named(Kind::ServiceDefaults, namespace, name);
        let own = own.and_then(|entry| entry.fields(index)?.path(field));
        own.or_else(|| self.only(Kind::ProxyDefaults)?.fields(index)?.path(of_all))
    }

    /// What a service speaks as config entries have it, and the line that says so.
    pub fn protocol(&self, index: &Index, namespace: &str, name: &str) -> (String, Option<At>) {
        let service = (namespace, name);
        let written = self.of_service(index, service, &["protocol"], &["config", "protocol"]);
        let text = written.and_then(|it| Some((it.as_text()?.to_owned(), it.at().clone())));
        text.map_or_else(
            || ("tcp".to_owned(), None),
            |(text, at)| (text.to_lowercase(), Some(at)),
        )
    }
}

/// That an entry is refused.
fn rejected(entry: &Entry, (what, at): admission::Refusal) -> Problem {
    let message = format!(
        "Consul refuses this {}, so it is not in force: {what}",
        entry.kind.object()
    );
    Problem::at(ProblemKind::Rejected, message, at)
}

/// Whether requests are read where a protocol is spoken.
pub fn is_http(protocol: &str) -> bool {
    matches!(protocol, "http" | "http2" | "grpc")
}

fn of_objects<'a>(index: &'a Index, config: &'a Config) -> impl Iterator<Item = Entry> + 'a {
    Kind::ALL.iter().flat_map(move |&kind| {
        // the kinds of gateways of the same names are those of the Gateway API
        let own = !matches!(kind, Kind::APIGateway | Kind::HTTPRoute | Kind::TCPRoute);
        let ids = index
            .of_kind(GROUP, kind.object())
            .iter()
            .filter(move |_| own);
        ids.filter_map(move |&id| of_object(index, config, kind, id))
    })
}

fn of_object(index: &Index, config: &Config, kind: Kind, id: ResourceId) -> Option<Entry> {
    let key = &index.resource(id).key;
    let at = At::new(id, "/spec");
    let fields = Written::object(index, at.clone());
    let destination = fields.as_ref().and_then(|it| it.get("destination"));
    let (name, named) = match kind {
        Kind::ServiceIntentions => {
            let name = destination.as_ref().and_then(|it| it.get("name"));
            let text = name.as_ref().and_then(Written::as_text).unwrap_or("");
            (Arc::from(text), At::new(id, "/spec/destination/name"))
        }
        _ => (Arc::clone(&key.name), At::new(id, "/metadata/name")),
    };
    let own = key.namespace.as_deref().unwrap_or("default");
    let said = destination.as_ref().and_then(|it| it.text("namespace"));
    let namespace = match (kind.only(), said) {
        (Some(_), _) => "default".into(),
        (None, Some(said)) if kind == Kind::ServiceIntentions && config.namespaces.are_apart() => {
            said.into()
        }
        _ => config.namespaces.of(own),
    };
    Some(Entry {
        kind,
        namespace,
        name,
        at,
        named,
        own: false,
    })
}

/// Those in files of HCL and JSON.
fn of_files(index: &Index) -> impl Iterator<Item = Entry> + '_ {
    let files = index.values().iter().copied();
    files.flat_map(move |id| {
        let whole = || Written::own(index, At::new(id, ""));
        match index.node(id).document().consul() {
            Some(Own::ConfigEntry) => whole().as_ref().and_then(of_file).into_iter().collect(),
            Some(Own::Agent) => {
                let list = whole().and_then(|it| it.path(&["configEntries", "bootstrap"]));
                let items = list.map_or_else(Vec::new, |list| list.items());
                items.iter().filter_map(of_file).collect::<Vec<_>>()
            }
            _ => Vec::new(),
        }
    })
}

fn of_file(fields: &Written<'_>) -> Option<Entry> {
    let kind = Kind::of_entry(fields.text("kind")?)?;
    let name = fields.text("name").or(kind.only()).unwrap_or("");
    Some(Entry {
        kind,
        namespace: fields.text("namespace").unwrap_or("default").into(),
        name: name.into(),
        at: fields.at().clone(),
        named: fields.field("name"),
        own: true,
    })
}
