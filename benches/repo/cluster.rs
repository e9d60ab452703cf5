//! A cluster as a repository describes it: one kustomization root with everything in it, and its files.

use super::manifests;

/// A root: `clusters/<name>/kustomization.yaml` and what that lists.
#[derive(Clone)]
pub struct Cluster {
    pub name: String,
    /// Counts what was ever made here, so that names are not used twice.
    pub made: usize,
    pub namespaces: Vec<Namespace>,
    pub services: Vec<Service>,
    pub policies: Vec<Policy>,
    pub mesh: Mesh,
}

#[derive(Clone)]
pub struct Namespace {
    pub name: String,
    pub injected: bool,
    /// Its own PeerAuthentication, if it has one.
    pub mode: Option<&'static str>,
}

/// What holds for the whole mesh.
#[derive(Clone)]
pub struct Mesh {
    pub mode: &'static str,
    pub access_log: bool,
    pub telemetry_disabled: bool,
    pub note: usize,
}

/// A Deployment, its Service and its ServiceAccount, in one file.
#[derive(Clone)]
pub struct Service {
    pub name: String,
    pub namespace: usize,
    pub folder: &'static str,
    pub tag: (usize, usize),
    pub replicas: usize,
    pub cpu: usize,
    pub memory: usize,
    pub environment: Vec<(String, String)>,
    /// Whether its metrics port takes plaintext.
    pub open_metrics: bool,
    /// A comment, and whether lists are written the other way.
    pub note: usize,
    pub wide: bool,
}

/// An AuthorizationPolicy that lets some services call one.
#[derive(Clone)]
pub struct Policy {
    pub service: String,
    pub namespace: usize,
    pub clients: Vec<(usize, String)>,
    pub write: bool,
    pub note: usize,
}

impl Cluster {
    /// A cluster of `services` services, two of three with a policy of their own.
    pub fn new(name: String, services: usize) -> Self {
        let namespace = |name: &str| Namespace {
            name: name.to_owned(),
            injected: true,
            mode: None,
        };
        let mut cluster = Self {
            name,
            made: 0,
            namespaces: vec![namespace("shop"), namespace("payments")],
            services: Vec::new(),
            policies: Vec::new(),
            mesh: Mesh {
                mode: "STRICT",
                access_log: true,
                telemetry_disabled: false,
                note: 0,
            },
        };
        for _ in 0..services {
            cluster.add_service();
        }
        for number in (0..services).filter(|number| number % 3 != 2) {
            cluster.add_policy(number, number + 1);
        }
        cluster
    }

    /// One more service.
    pub fn add_service(&mut self) {
        const WORDS: &[&str] = &[
            "cart", "ledger", "search", "mail", "stock", "price", "users",
        ];
        let number = self.made;
        self.made += 1;
        let word = WORDS[number % WORDS.len()];
        self.services.push(Service {
            name: format!("{word}-{number}"),
            namespace: number % self.namespaces.len(),
            folder: "services",
            tag: (4, number),
            replicas: 2,
            cpu: 100,
            memory: 128,
            environment: Vec::new(),
            open_metrics: false,
            note: 0,
            wide: false,
        });
    }

    /// A policy for one service that lets another one call it.
    pub fn add_policy(&mut self, service: usize, client: usize) {
        let clients = vec![self.client(client)];
        let service = &self.services[service % self.services.len()];
        self.policies.push(Policy {
            service: service.name.clone(),
            namespace: service.namespace,
            clients,
            write: true,
            note: 0,
        });
    }

    /// Namespace and name of a service, as a client.
    pub fn client(&self, number: usize) -> (usize, String) {
        let service = &self.services[number % self.services.len()];
        (service.namespace, service.name.clone())
    }

    /// All files below the root with their texts.
    pub fn files(&self) -> Vec<(String, String)> {
        let mut files = vec![
            ("mesh.yaml".to_owned(), manifests::mesh(self)),
            ("namespaces.yaml".to_owned(), manifests::namespaces(self)),
            ("peers.yaml".to_owned(), manifests::peers(self)),
            ("telemetry.yaml".to_owned(), manifests::telemetry(self)),
        ];
        for service in &self.services {
            let name = format!("{}/{}.yaml", service.folder, service.name);
            files.push((name, manifests::service(self, service)));
        }
        for policy in &self.policies {
            let name = format!("policies/{}.yaml", policy.service);
            files.push((name, manifests::policy(self, policy)));
        }
        files.sort();
        let list = manifests::kustomization(files.iter().map(|(name, _)| name.as_str()));
        files.push(("kustomization.yaml".to_owned(), list));
        files
    }
}
