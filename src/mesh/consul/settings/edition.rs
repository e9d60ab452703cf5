//! Which release of Consul runs, and whether it is the enterprise edition: what images and licenses
//! say.

use super::server::Server;
use crate::k8s::Index;
use crate::mesh::Version;
use crate::model::{At, Because, Decided};

/// Which edition runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Edition {
    Enterprise,
    Community,
    /// The image is one of which nobody can tell.
    Unknown,
}

/// An image of servers, and where it is written.
pub(super) fn image(index: &Index, server: &Server) -> Option<(String, At)> {
    let of_chart = [&["server", "image"][..], &["global", "image"]];
    let written = of_chart.iter().find_map(|path| server.value(index, path));
    let of_values = written.and_then(|it| Some((it.as_text()?.to_owned(), it.at().clone())));
    of_values.or_else(|| of_pods(index))
}

/// The image of servers that are in the input.
fn of_pods(index: &Index) -> Option<(String, At)> {
    let label = |labels: &crate::model::Labels, key: &str, value: &str| {
        labels.get(key).is_some_and(|found| &**found == value)
    };
    let mut servers = index.workloads().iter().filter(|workload| {
        label(&workload.labels, "app", "consul") && label(&workload.labels, "component", "server")
    });
    servers.find_map(|workload| {
        let mut containers = workload.containers.iter();
        let own = containers.find(|one| &*one.name == "consul")?;
        let at = At {
            resource: workload.resource,
            pointer: own.at.join("image"),
        };
        Some((own.image.to_string(), at))
    })
}

/// Which edition servers run.
pub(super) fn of(index: &Index, server: &Server) -> Decided<Edition> {
    let image = image(index, server);
    let named = image
        .as_ref()
        .map_or(Edition::Unknown, |(image, _)| of_image(image));
    if let Some((_, at)) = image.as_ref().filter(|_| named != Edition::Unknown) {
        return Decided::configured(named, at.clone());
    }
    let secret = server.value(index, &["global", "enterpriseLicense", "secretName"]);
    let license = secret.or_else(|| server.own(index, &[&["license_path"]]));
    if let Some(license) = license.filter(|it| it.as_text().is_some()) {
        return Decided::configured(Edition::Enterprise, license.at().clone());
    }
    match image {
        Some((_, at)) => {
            let what = "which edition of Consul the image holds is not written";
            Decided::assumed(Edition::Unknown, what, at)
        }
        None => Decided::default(
            Edition::Community,
            "nothing shows the enterprise edition of Consul",
            server.at.clone(),
        ),
    }
}

/// Which edition an image holds.
fn of_image(image: &str) -> Edition {
    if ["{{", "${", "$("].iter().any(|sign| image.contains(sign)) {
        return Edition::Unknown;
    }
    let tagged = image.split_once('@').map_or(image, |(tagged, _)| tagged);
    let (path, tag) = match tagged.rsplit_once(':') {
        Some((path, tag)) if !tag.contains('/') => (path, tag),
        _ => (tagged, ""),
    };
    let is_enterprise = path.contains("consul-enterprise")
        || tag.split(['-', '+', '_', '.']).any(|part| part == "ent");
    match is_enterprise {
        true => Edition::Enterprise,
        // who publishes images names the edition
        false if path.ends_with("hashicorp/consul") || path == "consul" => Edition::Community,
        false if release(tag).is_some() => Edition::Community,
        false => Edition::Unknown,
    }
}

/// The release that servers run, where that is written.
pub(super) fn release_of(index: &Index, server: &Server) -> Option<(u32, u32, Option<u32>)> {
    let (image, _) = image(index, server)?;
    release(Version::of_image(&image)?.2)
}

/// `1.20.5`, `1.20.5-ent`, `1.22.0-rc1`.
pub fn release(tag: &str) -> Option<(u32, u32, Option<u32>)> {
    Version::numbers(tag.split(['-', '+', '_']).next()?)
}

/// Whether it is the enterprise edition.
pub(super) fn is_enterprise(edition: &Decided<Edition>) -> Decided<bool> {
    let because = match (&edition.value, &edition.because) {
        (Edition::Unknown, because) => Because::Assumed {
            what: "which edition of Consul runs is not written".to_owned(),
            near: because.at().clone(),
        },
        (_, because) => because.clone(),
    };
    Decided::new(edition.value == Edition::Enterprise, because)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_says_which_edition_it_holds() {
        for (image, expected) in [
            (
                "hashicorp/consul-enterprise:1.20.5-ent",
                Edition::Enterprise,
            ),
            ("registry.example/consul:1.20.5-ent", Edition::Enterprise),
            (
                "registry.example:5000/consul:1.19.2-ent.fips1403",
                Edition::Enterprise,
            ),
            (
                "registry.example/consul-enterprise@sha256:ab",
                Edition::Enterprise,
            ),
            ("hashicorp/consul:1.20.5", Edition::Community),
            ("hashicorp/consul@sha256:ab", Edition::Community),
            ("registry.example/platform/consul:1.21", Edition::Community),
            ("registry.example/platform/consul:stable", Edition::Unknown),
            ("registry.example/platform/consul:present", Edition::Unknown),
            (
                "registry.example/consul:{{ .Values.tag }}",
                Edition::Unknown,
            ),
            ("hashicorp/consul:${TAG}", Edition::Unknown),
        ] {
            assert_eq!(of_image(image), expected, "{image}");
        }
        assert_eq!(release("1.20.5-ent"), Some((1, 20, Some(5))));
        assert_eq!(release("stable"), None);
    }
}
