//! What commits do to clusters, about as often as they do it in life.

use super::cluster::Cluster;
use super::random::Random;

/// What a commit did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// The first commit.
    Start,
    /// New tags of a few services, by a bot.
    Images,
    Replicas,
    Resources,
    Environment,
    Comment,
    Format,
    Readme,
    NewService,
    RemovedService,
    MovedFile,
    /// The mode of the mesh, of a namespace or of a port.
    Mtls,
    /// Clients or methods of a policy, a policy that comes or goes.
    Authorization,
    /// The access log.
    Log,
    Injection,
    /// A merge that only brings what a side branch did.
    Merge,
    /// A side branch as one commit.
    Squash,
}

impl Kind {
    /// Whether nothing comes of it that is in force.
    pub fn is_of_no_account(self) -> bool {
        matches!(
            self,
            Self::Images
                | Self::Replicas
                | Self::Resources
                | Self::Environment
                | Self::Comment
                | Self::Format
                | Self::Readme
        )
    }
}

/// Does one thing to one of the clusters in `free`; what it was, which clusters it touched, and the
/// subject of its commit.
pub fn edit(
    clusters: &mut [Cluster],
    free: &[usize],
    random: &mut Random,
    is_busy: bool,
) -> (Kind, Vec<usize>, String) {
    let first = random.of(free);
    let chance = match is_busy {
        true => 50 + random.below(50),
        false => random.below(100),
    };
    let kind = match chance {
        0..66 => Kind::Images,
        66..72 => Kind::Replicas,
        72..77 => Kind::Resources,
        77..80 => Kind::Environment,
        80..84 => Kind::Comment,
        84..86 => Kind::Format,
        86..89 => Kind::Readme,
        89 => Kind::NewService,
        90 => Kind::RemovedService,
        91 => Kind::MovedFile,
        92..94 => Kind::Mtls,
        94..98 => Kind::Authorization,
        98 => Kind::Log,
        _ => Kind::Injection,
    };
    let mut touched = vec![first];
    if kind == Kind::Images {
        return images(clusters, free, random);
    }
    if kind == Kind::Readme {
        touched.clear();
        return (kind, touched, "docs: say how to roll back".to_owned());
    }
    let cluster = &mut clusters[first];
    let subject = match kind {
        Kind::NewService | Kind::RemovedService | Kind::MovedFile => files(cluster, kind, random),
        Kind::Mtls => mtls(cluster, random),
        Kind::Authorization => authorization(cluster, random),
        Kind::Log => log(cluster, random),
        Kind::Injection => {
            let at = random.below(cluster.namespaces.len());
            let namespace = &mut cluster.namespaces[at];
            namespace.injected = !namespace.injected;
            let verb = if namespace.injected { "into" } else { "out of" };
            format!("{}: {verb} the mesh", namespace.name)
        }
        _ => service(cluster, kind, random),
    };
    (kind, touched, format!("{}: {subject}", cluster.name))
}

fn images(
    clusters: &mut [Cluster],
    free: &[usize],
    random: &mut Random,
) -> (Kind, Vec<usize>, String) {
    let (mut touched, count) = (Vec::new(), random.within(2, 7));
    for _ in 0..count {
        let at = random.of(free);
        let services = &mut clusters[at].services;
        let service = random.below(services.len());
        services[service].tag.1 += 1;
        touched.push(at);
    }
    touched.sort_unstable();
    touched.dedup();
    (Kind::Images, touched, format!("Update {count} images"))
}

fn service(cluster: &mut Cluster, kind: Kind, random: &mut Random) -> String {
    let at = random.below(cluster.services.len());
    let policies = cluster.policies.len();
    let service = &mut cluster.services[at];
    match kind {
        Kind::Replicas => service.replicas = service.replicas % 7 + 1,
        Kind::Resources => {
            service.cpu = random.within(2, 20) * 50;
            service.memory += 16;
        }
        Kind::Environment => {
            let key = format!("OPTION_{}", random.below(10));
            let value = format!("{}", random.below(1_000_000));
            service.environment.retain(|(name, _)| *name != key);
            service.environment.push((key, value));
        }
        Kind::Comment if random.chance(1, 3) && policies > 0 => {
            cluster.policies[random.below(policies)].note += 1;
        }
        Kind::Comment if random.chance(1, 5) => cluster.mesh.note += 1,
        Kind::Comment => service.note += 1,
        _ => service.wide = !service.wide,
    }
    format!("{kind:?} of {}", cluster.services[at].name)
}

/// A service comes, goes, or its file moves.
fn files(cluster: &mut Cluster, kind: Kind, random: &mut Random) -> String {
    let few = cluster.services.len() < 4;
    if few || kind == Kind::NewService {
        cluster.add_service();
        let last = cluster.services.len() - 1;
        if random.chance(2, 3) {
            cluster.add_policy(last, random.below(last));
        }
        return format!("new service {}", cluster.services[last].name);
    }
    let at = random.below(cluster.services.len());
    if kind == Kind::RemovedService {
        let gone = cluster.services.remove(at).name;
        cluster.policies.retain(|policy| policy.service != gone);
        return format!("{gone} is not used any more");
    }
    let service = &mut cluster.services[at];
    service.folder = match service.folder {
        "services" => "apps",
        _ => "services",
    };
    format!("{} moves to {}", service.name, service.folder)
}

fn mtls(cluster: &mut Cluster, random: &mut Random) -> String {
    let other = |mode| match mode {
        "STRICT" => "PERMISSIVE",
        _ => "STRICT",
    };
    match random.below(4) {
        0 => {
            cluster.mesh.mode = other(cluster.mesh.mode);
            format!("mutual TLS is {} in the mesh", cluster.mesh.mode)
        }
        1 => {
            let at = random.below(cluster.services.len());
            let service = &mut cluster.services[at];
            service.open_metrics = !service.open_metrics;
            format!("scraping of {}", service.name)
        }
        _ => {
            let at = random.below(cluster.namespaces.len());
            let namespace = &mut cluster.namespaces[at];
            namespace.mode = match namespace.mode {
                Some("STRICT") => None,
                mode => Some(other(mode.unwrap_or("STRICT"))),
            };
            format!("mutual TLS of {}", namespace.name)
        }
    }
}

fn authorization(cluster: &mut Cluster, random: &mut Random) -> String {
    let unguarded: Vec<usize> = (0..cluster.services.len())
        .filter(|&at| {
            let name = &cluster.services[at].name;
            cluster.policies.iter().all(|one| one.service != *name)
        })
        .collect();
    let client = random.below(cluster.services.len());
    let what = random.below(6);
    if cluster.policies.is_empty() || (what == 0 && !unguarded.is_empty()) {
        let at = match unguarded.is_empty() {
            true => 0,
            false => random.of(&unguarded),
        };
        cluster.add_policy(at, client);
        return format!("a policy for {}", cluster.services[at].name);
    }
    let at = random.below(cluster.policies.len());
    if what == 1 {
        return format!("no policy for {}", cluster.policies.remove(at).service);
    }
    let client = cluster.client(client);
    let policy = &mut cluster.policies[at];
    let known = policy.clients.iter().position(|one| *one == client);
    match known {
        _ if what == 2 => policy.write = !policy.write,
        Some(known) if policy.clients.len() > 1 => drop(policy.clients.remove(known)),
        Some(_) => policy.write = !policy.write,
        None if policy.clients.len() > 3 => drop(policy.clients.remove(0)),
        None => policy.clients.insert(0, client),
    }
    format!("callers of {}", policy.service)
}

fn log(cluster: &mut Cluster, random: &mut Random) -> String {
    if random.chance(1, 2) {
        cluster.mesh.access_log = !cluster.mesh.access_log;
    } else {
        cluster.mesh.telemetry_disabled = !cluster.mesh.telemetry_disabled;
    }
    "access log".to_owned()
}
