//! `Ingress` objects that Istio's ingress gateway serves.
//!
//! `istio/istio: pilot/pkg/config/kube/ingress`.

use super::Ingress as Ways;
use super::hosts::{host_tables, put};
use crate::k8s::ingress::{Ingress, IngressPath};
use crate::mesh::istio::Istio;
use crate::mesh::istio::outbound::destination::host_of;
use crate::mesh::istio::routes::{Route, Target};
use crate::mesh::istio::settings::IngressMode;
use crate::model::{At, TlsOrigination};

impl Istio {
    /// Whether Istio serves an `Ingress`.
    pub fn serves_ingress(&self, ingress: &Ingress) -> bool {
        let config = &self.config;
        match (config.ingress_controller_mode.value, &ingress.class) {
            (IngressMode::Off, _) => false,
            (_, Some((class, _))) if ingress.by_annotation => {
                **class == *config.ingress_class.value
            }
            (_, Some(_)) => ingress.controller.as_deref() == Some("istio.io/ingress-controller"),
            (mode, None) => mode == IngressMode::Default,
        }
    }

    /// Works out the ways in through them.
    pub fn ingresses(&self, all: &[Ingress], ways: &mut Ways) {
        for ingress in all.iter().filter(|ingress| self.serves_ingress(ingress)) {
            let ports = [(80, None), (443, ingress.tls.as_ref())];
            for (number, proxy) in self.proxies.all.iter().enumerate() {
                let selected =
                    proxy.pods.label("istio") == Some(&*self.config.ingress_selector.value);
                for (port, tls) in ports {
                    if !selected || (port == 443 && tls.is_none()) {
                        continue;
                    }
                    for mut door in self.doors(number, port) {
                        if let Some(at) = tls {
                            door.sends = TlsOrigination::ForeignTls;
                            door.at = at.clone();
                        }
                        let slot = ways.doors.len();
                        ways.doors.push(door);
                        for table in
                            host_tables(self.hosts(ingress), "http", &At::new(ingress.id, "/spec"))
                        {
                            ways.add(self, slot, &table, port);
                        }
                    }
                }
            }
        }
    }

    fn hosts(&self, ingress: &Ingress) -> Vec<(String, At, Vec<Route>)> {
        let mut by_host: Vec<(String, At, Vec<Route>)> = Vec::new();
        let mut paths: Vec<&IngressPath> = ingress.paths.iter().collect();
        // exact paths first, then the longest
        paths.sort_by_key(|p| std::cmp::Reverse((p.exact, p.path.len())));
        for path in paths {
            let host = path.host.as_deref().unwrap_or("*").to_owned();
            put(
                &mut by_host,
                (host, path.at.clone()),
                [self.path_route(path)],
            );
        }
        by_host
    }

    fn path_route(&self, path: &IngressPath) -> Route {
        let to = path.to.map(|(service, port)| {
            let service = self.index.service(service);
            Target {
                host: host_of(&service.namespace, &service.name),
                port: Some(port),
                subset: None,
                at: path.at.clone(),
            }
        });
        Route {
            when: path.matches(),
            to: to.into_iter().collect(),
            rewrite: None,
            at: path.at.clone(),
        }
    }
}
