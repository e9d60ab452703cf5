//! Which version of Consul runs: the tags of its images, and what its chart is told.

use super::settings::{Config, release};
use crate::k8s::Index;
use crate::mesh::Version;
use crate::mesh::release::text;
use crate::model::At;

/// Images by the last part of their name, and what runs in them. What injects proxies and keeps
/// Kubernetes and Consul alike has versions of its own.
/// `hashicorp/consul-k8s: charts/consul/values.yaml`.
const IMAGES: &[(&str, &str)] = &[
    ("consul", "control_plane"),
    ("consul-enterprise", "control_plane"),
    ("consul-dataplane", "proxy"),
];

/// Where the chart is told an image.
const VALUES: &[&[&str]] = &[
    &["global", "image"],
    &["server", "image"],
    &["global", "imageConsulDataplane"],
];

/// All versions that files name.
pub(super) fn versions(index: &Index, config: &Config) -> Vec<Version> {
    let mut found = Vec::new();
    for place in &config.values {
        for path in VALUES {
            let at = path.iter().fold(place.clone(), |at, step| at.join(step));
            found.extend(text(index, &at).and_then(|image| of_image(image, at.clone())));
        }
    }
    for workload in index.workloads().iter().filter(|w| !w.dormant) {
        let images = workload.images();
        found.extend(images.filter_map(|(image, at)| of_image(image, at)));
    }
    found
}

/// The version that an image of Consul has; none of a digest.
fn of_image(image: &str, at: At) -> Option<Version> {
    let (_, name, tag) = Version::of_image(image)?;
    let &(_, component) = IMAGES.iter().find(|(known, _)| *known == name)?;
    Some(Version {
        component,
        text: tag.to_owned(),
        release: release(tag),
        at,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::ResourceId;

    #[test]
    fn images_are_known_by_their_name() {
        let of = |image: &str| {
            let found = of_image(image, At::new(ResourceId(0), "/image"));
            found.map(|one| (one.component, one.release))
        };
        assert_eq!(
            of("hashicorp/consul:1.20.5"),
            Some(("control_plane", Some((1, 20, Some(5)))))
        );
        assert_eq!(
            of("hashicorp/consul-enterprise:1.20.5-ent"),
            Some(("control_plane", Some((1, 20, Some(5)))))
        );
        assert_eq!(
            of("hashicorp/consul-dataplane:1.6.1"),
            Some(("proxy", Some((1, 6, Some(1)))))
        );
        for image in [
            "hashicorp/consul-k8s-control-plane:1.6.1",
            "consul@sha256:ab",
            "web:1",
        ] {
            assert_eq!(of(image), None, "{image}");
        }
    }
}
