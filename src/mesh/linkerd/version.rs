//! Which version of Linkerd runs: the tags of its images, and what its charts and pods are told.

use crate::k8s::Index;
use crate::mesh::Version;
use crate::mesh::release::text;
use crate::model::At;

/// Images by the last part of their name, and what runs in them.
/// `linkerd/linkerd2: charts/linkerd-control-plane/values.yaml`, `charts/linkerd2-cni/values.yaml`.
const IMAGES: &[(&str, &str)] = &[
    ("controller", "control_plane"),
    ("policy-controller", "control_plane"),
    ("proxy", "proxy"),
    ("cni-plugin", "node_agent"),
];

/// Others call something `controller` or `proxy` as well.
const PUBLISHERS: &[&str] = &["linkerd", "buoyant"];

/// The annotation that gives pods a proxy of another version.
const PROXY_VERSION: &str = "config.linkerd.io/proxy-version";

/// Where the chart is told a version.
const VALUES: &[(&str, &[&str])] = &[
    ("all", &["linkerdVersion"]),
    ("control_plane", &["controllerImageVersion"]),
    ("proxy", &["proxy", "image", "version"]),
];

/// All versions that files name; `values` are the places with values of the chart.
pub(super) fn versions(index: &Index, values: &[At]) -> Vec<Version> {
    let mut found = Vec::new();
    for place in values {
        for &(component, path) in VALUES {
            let at = path.iter().fold(place.clone(), |at, step| at.join(step));
            found.extend(text(index, &at).map(|text| version(component, text, at.clone())));
        }
    }
    for &id in index.of_kind("", "Namespace") {
        let annotation = index.resource(id).annotations.get(PROXY_VERSION);
        let at = At::new(id, "/metadata/annotations").join(PROXY_VERSION);
        found.extend(annotation.map(|text| version("proxy", text, at)));
    }
    for workload in index.workloads().iter().filter(|w| !w.dormant) {
        if let Some(text) = workload.annotation(PROXY_VERSION) {
            found.push(version(
                "proxy",
                text,
                workload.annotation_at(PROXY_VERSION),
            ));
        }
        let images = workload.images();
        found.extend(images.filter_map(|(image, at)| of_image(image, at)));
    }
    found
}

fn version(component: &'static str, text: &str, at: At) -> Version {
    Version {
        component,
        text: text.to_owned(),
        release: release(text),
        at,
    }
}

/// The version that an image of Linkerd's has; none of a digest.
fn of_image(image: &str, at: At) -> Option<Version> {
    let (path, name, tag) = Version::of_image(image)?;
    let &(_, component) = IMAGES.iter().find(|(known, _)| *known == name)?;
    let is_theirs = PUBLISHERS.iter().any(|one| path.contains(one));
    is_theirs.then(|| version(component, tag, at))
}

/// `stable-2.14.10`, `2.14.10`. Edge releases have numbers of their own (`edge-26.8.1`), and others
/// are a vendor's.
fn release(text: &str) -> Option<(u32, u32, Option<u32>)> {
    Version::numbers(text.strip_prefix("stable-").unwrap_or(text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::ResourceId;

    #[test]
    fn a_release_is_told_from_other_builds() {
        for (text, expected) in [
            ("stable-2.14.10", Some((2, 14, Some(10)))),
            ("2.14", Some((2, 14, None))),
            ("edge-26.8.1", None),
            ("enterprise-2.18.0", None),
            ("stable-", None),
            ("git-b24cd405", None),
        ] {
            assert_eq!(release(text), expected, "{text}");
        }
    }

    #[test]
    fn images_are_known_by_their_name_and_who_publishes_them() {
        let of = |image: &str| {
            let found = of_image(image, At::new(ResourceId(0), "/image"));
            found.map(|one| (one.component, one.text))
        };
        let some = |component, tag: &str| Some((component, tag.to_owned()));
        assert_eq!(
            of("cr.l5d.io/linkerd/controller:edge-26.8.1"),
            some("control_plane", "edge-26.8.1")
        );
        assert_eq!(
            of("ghcr.io/buoyantio/proxy:enterprise-2.18.0@sha256:ab"),
            some("proxy", "enterprise-2.18.0")
        );
        for image in [
            "registry.example/ingress/controller:1.2.3",
            "cr.l5d.io/linkerd/debug:edge-26.8.1",
            "cr.l5d.io/linkerd/proxy@sha256:ab",
            "proxy:1",
        ] {
            assert_eq!(of(image), None, "{image}");
        }
    }
}
