//! Which version of Istio runs: the tags of its images, and what its installers are told.

use crate::k8s::{Index, step_into};
use crate::mesh::Version;
use crate::model::At;

/// Images by the last part of their name, and what runs in them.
/// `istio/istio: tools/docker.yaml`.
const IMAGES: &[(&str, &str)] = &[
    ("pilot", "control_plane"),
    ("proxyv2", "proxy"),
    ("ztunnel", "node_proxy"),
    ("install-cni", "node_agent"),
];

/// The annotation that gives a pod a proxy of its own choice.
const PROXY_IMAGE: &str = "sidecar.istio.io/proxyImage";

/// Where installers are told a tag or version: group, kind, what it is the version of, and the fields,
/// the one that counts first. `istio/istio: operator/pkg/render/manifest.go` (MergeInputs,
/// applyComponentValuesToHelmValues).
const SETTINGS: &[(&str, &str, &str, &[&str])] = &[
    (
        INSTALL,
        "IstioOperator",
        "all",
        &["/spec/values/global/tag", "/spec/tag"],
    ),
    (
        INSTALL,
        "IstioOperator",
        "control_plane",
        &["/spec/components/pilot/tag", "/spec/values/pilot/tag"],
    ),
    (
        INSTALL,
        "IstioOperator",
        "node_agent",
        &["/spec/components/cni/tag"],
    ),
    (
        INSTALL,
        "IstioOperator",
        "node_proxy",
        &["/spec/components/ztunnel/tag"],
    ),
    (
        SAIL,
        "Istio",
        "all",
        &["/spec/values/global/tag", "/spec/version"],
    ),
    (SAIL, "Istio", "control_plane", &["/spec/values/pilot/tag"]),
    (SAIL, "IstioCNI", "node_agent", &["/spec/version"]),
    (SAIL, "ZTunnel", "node_proxy", &["/spec/version"]),
];

/// What tells a controller to install a chart: group, kind, where the chart is named, and the fields that
/// say which version, the one that counts first.
/// `fluxcd/helm-controller: api/v2/helmrelease_types.go`, `argoproj/argo-cd: pkg/apis/application/v1alpha1/types.go`.
const INSTALLERS: &[(&str, &str, &str, &[&str])] = &[
    (
        "helm.toolkit.fluxcd.io",
        "HelmRelease",
        "/spec/chart/spec/chart",
        &["/spec/values/global/tag", "/spec/chart/spec/version"],
    ),
    (
        "argoproj.io",
        "Application",
        "/spec/source/chart",
        &[
            "/spec/source/helm/valuesObject/global/tag",
            "/spec/source/targetRevision",
        ],
    ),
];

/// Charts that nobody else has, whose version is that of Istio, and what they install.
const CHARTS: &[(&str, &str)] = &[("istiod", "all"), ("ztunnel", "node_proxy")];

const INSTALL: &str = "install.istio.io";
const SAIL: &str = "sailoperator.io";

/// All versions that files name.
pub(super) fn versions(index: &Index) -> Vec<Version> {
    let mut found = of_settings(index);
    found.extend(of_charts(index));
    found.extend(of_injectors(index));
    for workload in index.workloads().iter().filter(|w| !w.dormant) {
        if let Some(image) = workload.annotation(PROXY_IMAGE) {
            found.extend(of_image(image, workload.annotation_at(PROXY_IMAGE)));
        }
        let images = workload.images();
        found.extend(images.filter_map(|(image, at)| of_image(image, at)));
    }
    found
}

fn of_settings(index: &Index) -> Vec<Version> {
    let mut found = Vec::new();
    for &(group, kind, component, paths) in SETTINGS {
        for &id in index.of_kind(group, kind) {
            let mut fields = paths.iter().map(|&path| At::new(id, path));
            found.extend(fields.find_map(|at| of_field(index, at, component)));
        }
    }
    found
}

fn of_charts(index: &Index) -> Vec<Version> {
    let mut found = Vec::new();
    for &(group, kind, chart, paths) in INSTALLERS {
        for &id in index.of_kind(group, kind) {
            let named = text(index, &At::new(id, chart));
            let Some(&(_, component)) = CHARTS.iter().find(|(known, _)| named == Some(known))
            else {
                continue;
            };
            let mut fields = paths.iter().map(|&path| At::new(id, path));
            found.extend(fields.find_map(|at| of_field(index, at, component)));
        }
    }
    found
}

/// The injector gives every proxy the tag that its values hold.
fn of_injectors(index: &Index) -> Vec<Version> {
    let holders = index.of_kind("", "ConfigMap").iter().copied();
    holders
        .filter(|&id| {
            let name = &index.resource(id).key.name;
            name.starts_with("istio-sidecar-injector")
        })
        .filter_map(|id| of_field(index, At::new(id, "/data/values/global/tag"), "proxy"))
        .collect()
}

/// The text at an address. A number is none: as a tag, `1.20` and `1.2` are the same number.
fn text<'a>(index: &'a Index, at: &At) -> Option<&'a str> {
    let mut node = index.node(at.resource);
    for step in at.pointer.steps() {
        node = step_into(node, &step)?;
    }
    node.as_str().filter(|text| !text.is_empty())
}

/// The text at an address, read as a tag.
fn of_field(index: &Index, at: At, component: &'static str) -> Option<Version> {
    let text = text(index, &at)?;
    Some(Version {
        component,
        text: text.to_owned(),
        release: release(text),
        at,
    })
}

/// The version that an image of Istio's has; none of a digest.
fn of_image(image: &str, at: At) -> Option<Version> {
    let (path, name, tag) = Version::of_image(image)?;
    let &(_, component) = IMAGES.iter().find(|(known, _)| *known == name)?;
    // others call something `pilot` as well
    if name == "pilot" && !path.contains("istio") {
        return None;
    }
    Some(Version {
        component,
        text: tag.to_owned(),
        release: release(tag),
        at,
    })
}

/// `1.30.4`, `v1.30.4`, `1.30.4-distroless`, `v1.30-latest`. What else stands behind a number is a
/// vendor's own build or an unfinished one, of which the project's tables say nothing.
fn release(text: &str) -> Option<(u32, u32, Option<u32>)> {
    let text = text.strip_prefix('v').unwrap_or(text);
    let bare = ["-distroless", "-debug", "-latest"]
        .iter()
        .find_map(|ending| text.strip_suffix(ending))
        .unwrap_or(text);
    Version::numbers(bare)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::model::ResourceId;

    #[test]
    fn a_release_is_told_from_other_builds() {
        for (text, expected) in [
            ("1.30.4", Some((1, 30, Some(4)))),
            ("v1.30.4", Some((1, 30, Some(4)))),
            ("1.30.4-distroless", Some((1, 30, Some(4)))),
            ("1.30.4-debug", Some((1, 30, Some(4)))),
            ("v1.30-latest", Some((1, 30, None))),
            ("1.30", Some((1, 30, None))),
            ("latest", None),
            ("master", None),
            ("1", None),
            ("1.30.4.5", None),
            ("1.30.x", None),
            ("1.30.+4", None),
            ("1.30.0-rc.1", None),
            ("1.30.4-asm.3", None),
            ("1.30.4-tetrate-v0", None),
            ("99999999999.1.1", None),
        ] {
            assert_eq!(release(text), expected, "{text}");
        }
    }

    #[test]
    fn images_are_known_by_the_last_part_of_their_name() {
        let at = || At::new(ResourceId(0), "/image");
        let of = |image: &str| of_image(image, at()).map(|v| (v.component, v.text));
        let some = |component, tag: &str| Some((component, tag.to_owned()));
        assert_eq!(
            of("docker.io/istio/pilot:1.30.4"),
            some("control_plane", "1.30.4")
        );
        assert_eq!(
            of("localhost:5000/istio/proxyv2:1.30.4@sha256:ab"),
            some("proxy", "1.30.4")
        );
        assert_eq!(
            of("mirror.example/ztunnel:1.30.4"),
            some("node_proxy", "1.30.4")
        );
        for image in [
            "mirror.example/auto/pilot:0.3.1",
            "docker.io/istio/pilot",
            "docker.io/istio/pilot@sha256:ab",
            "docker.io/istio/proxyv2x:1.1.1",
            "auto",
        ] {
            assert_eq!(of(image), None, "{image}");
        }
    }
}
