//! Services that files of Consul's own register: they run outside Kubernetes.

use std::collections::HashMap;
use std::sync::Arc;

use super::Index;
use super::workload::port_number;
use crate::model::{
    At, Container, ContainerPort, Labels, Pointer, Problem, ProblemKind, Protocol, ResourceId,
    Workload, WorkloadId,
};
use crate::syntax::{Consul, Entry, Node};

/// The services that are registered, in the order in which they are written.
pub(super) fn read(index: &Index, problems: &mut Vec<Problem>) -> Vec<Workload> {
    let mut known = Instances::default();
    let mut found = Vec::new();
    for &resource in index.values() {
        let root = index.node(resource);
        let registers = matches!(
            root.document().consul(),
            Some(Consul::Registration | Consul::Agent)
        );
        for (template, block) in registers.then(|| blocks(root)).into_iter().flatten() {
            found.extend(service(resource, template, block, &mut known, problems));
        }
    }
    found
}

/// The registrations of a file, each with its place.
fn blocks(root: Node<'_>) -> Vec<(Pointer, Node<'_>)> {
    let mut found = Vec::new();
    for Entry { key, value, .. } in root.entries() {
        let key_of = |name| key.eq_ignore_ascii_case(name);
        if !key_of("service") && !key_of("services") {
            continue;
        }
        let at = Pointer::root().join(key);
        match value.is_map() {
            true => found.push((at, value)),
            false => {
                let items = value.items().enumerate();
                found.extend(items.map(|(i, item)| (at.join(i), item)));
            }
        }
    }
    found.retain(|(_, block)| block.is_map());
    found
}

/// The ids under which services of each name are registered: the first one takes the name.
#[derive(Default)]
struct Instances<'a>(HashMap<&'a str, &'a str>);

impl<'a> Instances<'a> {
    fn name(&mut self, service: &'a str, id: &'a str) -> &'a str {
        match *self.0.entry(service).or_insert(id) == id {
            true => service,
            false => id,
        }
    }
}

fn service<'a>(
    resource: ResourceId,
    template: Pointer,
    block: Node<'a>,
    known: &mut Instances<'a>,
    problems: &mut Vec<Problem>,
) -> Option<Workload> {
    let text = |key| block.get_like(key).and_then(Node::as_str).unwrap_or("");
    if text("kind") == "connect-proxy" && stands_before_another(block) {
        return None;
    }
    let refused = |what: &str, pointer| {
        let message = format!("this service {what}; Consul refuses it, so it is not judged");
        let at = At { resource, pointer };
        Problem::at(ProblemKind::Rejected, message, at)
    };
    let name = text("name");
    if name.is_empty() {
        problems.push(refused("has no name", template));
        return None;
    }
    let port = match port(block, &template) {
        Ok(port) => port,
        Err(at) => {
            problems.push(refused("has a port that is no number up to 65535", at));
            return None;
        }
    };
    let id = match text("id") {
        "" => name,
        id => id,
    };
    let program = Container {
        name: "".into(),
        image: "".into(),
        init: false,
        sidecar: false,
        ports: port.into_iter().collect(),
        at: template.clone(),
    };
    Some(Workload {
        id: WorkloadId(0),
        resource,
        kind: Arc::from("ConsulService"),
        namespace: Arc::from(""),
        name: known.name(name, id).into(),
        labels: Labels::new(),
        annotations: Labels::new(),
        service_account: Arc::from(""),
        containers: vec![program],
        host_network: false,
        template,
        dormant: false,
        started: false,
    })
}

/// Whether it is the proxy of a service that is registered by itself.
fn stands_before_another(block: Node<'_>) -> bool {
    let proxy = block.get_like("proxy");
    ["destination_service_name", "destination_service_id"]
        .iter()
        .filter_map(|key| proxy?.get_like(key)?.as_str())
        .any(|service| !service.is_empty())
}

/// The port of a service, if it has one; where it stands, if it is none.
fn port(block: Node<'_>, template: &Pointer) -> Result<Option<ContainerPort>, Pointer> {
    let Some(Entry { key, value, .. }) = block.entry_like("port") else {
        return Ok(None);
    };
    let number_at = template.join(key);
    if value.is_null() || value.as_i64() == Some(0) {
        return Ok(None);
    }
    let number = port_number(value).ok_or_else(|| number_at.clone())?;
    Ok(Some(ContainerPort {
        name: None,
        number,
        protocol: Protocol::Tcp,
        host_port: None,
        at: template.clone(),
        number_at,
    }))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::render;
    use crate::syntax::parse;
    use crate::text::{SourceFile, Sources};

    /// The services of some files, each with its place and its ports' places, and what is wrong.
    fn read(files: &[(&str, &str)]) -> (Vec<String>, Vec<String>) {
        let mut sources = Sources::default();
        let mut documents = Vec::new();
        for &(name, text) in files {
            let file = sources.add(SourceFile::new(name, text));
            documents.extend(parse(file, sources.get(file)).0);
        }
        let render::Sorted { environments, .. } = render::environments(
            &render::Guide::default(),
            &sources,
            &mut documents,
            Vec::new(),
            &render::Rendered::default(),
        );
        let (index, problems) = Index::build(environments.first().unwrap(), Arc::new(documents));
        let address = |pointer: &Pointer, resource| {
            let at = At {
                resource,
                pointer: pointer.clone(),
            };
            assert!(!index.is_missing(&at), "{pointer}");
            index.address(&at)
        };
        let services = index.workloads_in("").map(|one| {
            let ports = one.containers.iter().flat_map(|c| &c.ports);
            let ports = ports.map(|port| {
                let line = address(&port.number_at, one.resource);
                format!(" {} {line}", port.number)
            });
            let at = index.address(&one.at());
            format!("{one} {at}{}", ports.collect::<String>())
        });
        let services = services.collect();
        let problems = problems.into_iter().map(|problem| problem.message);
        (services, problems.collect())
    }

    #[test]
    fn services_are_registered_in_blocks_lists_and_json() {
        let (services, problems) = read(&[
            ("a.hcl", "service {\n  name = \"web\"\n  port = 8080\n}\n"),
            (
                "b.hcl",
                "Service { Name = \"api\" Port = 1 }\nService { Name = \"cart\" }\n",
            ),
            (
                "c.hcl",
                "server = true\nservices = [{ name = \"db\" port = 5432 }, { name = \"gw\" kind = \"mesh-gateway\" }]\n",
            ),
            (
                "d.json",
                r#"{"service": {"name": "old", "Port": 7, "connect": {}}}"#,
            ),
            ("e.hcl", "Kind = \"mesh\"\nservice { name = \"none\" }\n"),
        ]);
        assert_eq!(
            services,
            [
                "web File/a.hcl#/service 8080 File/a.hcl#/service/port",
                "api File/b.hcl#/Service/0 1 File/b.hcl#/Service/0/Port",
                "cart File/b.hcl#/Service/1",
                "db File/c.hcl#/services/0 5432 File/c.hcl#/services/0/port",
                "gw File/c.hcl#/services/1",
                "old File/d.json#/service 7 File/d.json#/service/Port",
            ]
        );
        assert!(problems.is_empty(), "{problems:?}");
    }

    #[test]
    fn a_proxy_is_no_service_of_its_own_where_it_names_one() {
        let (services, _) = read(&[(
            "a.hcl",
            "services = [\n\
             { name = \"a-proxy\" kind = \"connect-proxy\" proxy { destination_service_name = \"a\" } },\n\
             { name = \"b-proxy\" kind = \"connect-proxy\" Proxy { DestinationServiceID = \"b\" } },\n\
             { name = \"lost\" kind = \"connect-proxy\" proxy {} } ]\n",
        )]);
        assert_eq!(services, ["lost File/a.hcl#/services/2"]);
    }

    #[test]
    fn others_of_one_name_go_by_their_ids() {
        let (services, _) = read(&[
            ("a.hcl", "service { name = \"web\" id = \"web-1\" }"),
            ("b.hcl", "service { name = \"web\" ID = \"web-2\" }"),
            ("c.hcl", "service { name = \"web\" id = \"web-1\" }"),
        ]);
        let names: Vec<_> = services.iter().map(|one| one.split(' ').next()).collect();
        assert_eq!(names, [Some("web"), Some("web-2"), Some("web")]);
    }

    #[test]
    fn what_consul_refuses_is_no_service() {
        let (services, problems) = read(&[(
            "a.hcl",
            "services = [{ port = 1 }, { name = \"a\" port = 70000 }, { name = \"b\" port = 0 }]",
        )]);
        assert_eq!(services, ["b File/a.hcl#/services/2"]);
        assert_eq!(problems.len(), 2, "{problems:?}");
        assert!(problems[0].contains("has no name"), "{problems:?}");
        assert!(problems[1].contains("has a port"), "{problems:?}");
    }
}
