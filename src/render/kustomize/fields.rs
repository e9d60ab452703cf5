//! The paths that kustomize's transformers know from the start.
//! `kustomize: api/internal/konfig/builtinpluginconsts`.

use super::fieldspec::FieldSpec;

/// Where a workload keeps its pod template: its group and version as far as they matter, its kind,
/// and the way there.
const TEMPLATES: [(&str, &str, &str, &str); 7] = [
    ("", "v1", "ReplicationController", "spec/template"),
    ("", "", "Deployment", "spec/template"),
    ("", "", "ReplicaSet", "spec/template"),
    ("", "", "DaemonSet", "spec/template"),
    ("apps", "", "StatefulSet", "spec/template"),
    ("batch", "", "Job", "spec/template"),
    ("batch", "", "CronJob", "spec/jobTemplate/spec/template"),
];

/// Labels in pod templates, and in what else a workload makes.
pub(super) fn template_labels() -> Vec<FieldSpec> {
    let mut specs = vec![metadata("labels")];
    for (group, version, kind, template) in TEMPLATES {
        let path = format!("{template}/metadata/labels");
        specs.push(FieldSpec::new(group, version, kind, &path, true));
    }
    let claims = "spec/volumeClaimTemplates[]/metadata/labels";
    specs.push(FieldSpec::new("apps", "", "StatefulSet", claims, true));
    let jobs = "spec/jobTemplate/metadata/labels";
    specs.push(FieldSpec::new("batch", "", "CronJob", jobs, true));
    specs
}

/// Labels, and the selectors that look for them.
pub(super) fn common_labels() -> Vec<FieldSpec> {
    let mut specs = vec![
        FieldSpec::new("", "v1", "Service", "spec/selector", true),
        FieldSpec::new("", "v1", "ReplicationController", "spec/selector", true),
    ];
    let selectors = [
        ("", "Deployment", "spec/selector", true),
        ("", "ReplicaSet", "spec/selector", true),
        ("", "DaemonSet", "spec/selector", true),
        ("apps", "StatefulSet", "spec/selector", true),
        ("batch", "Job", "spec/selector", false),
        ("batch", "CronJob", "spec/jobTemplate/spec/selector", false),
        ("policy", "PodDisruptionBudget", "spec/selector", false),
        (
            "networking.k8s.io",
            "NetworkPolicy",
            "spec/podSelector",
            false,
        ),
        (
            "networking.k8s.io",
            "NetworkPolicy",
            "spec/ingress/from/podSelector",
            false,
        ),
        (
            "networking.k8s.io",
            "NetworkPolicy",
            "spec/egress/to/podSelector",
            false,
        ),
    ];
    for (group, kind, selector, create) in selectors {
        let path = format!("{selector}/matchLabels");
        specs.push(FieldSpec::new(group, "", kind, &path, create));
    }
    for kind in ["Deployment", "StatefulSet"] {
        for (holder, term) in [
            ("affinity/podAffinity/preferred", "/podAffinityTerm"),
            ("affinity/podAffinity/required", ""),
            ("affinity/podAntiAffinity/preferred", "/podAffinityTerm"),
            ("affinity/podAntiAffinity/required", ""),
        ] {
            let path = format!(
                "spec/template/spec/{holder}DuringSchedulingIgnoredDuringExecution{term}/labelSelector/matchLabels"
            );
            specs.push(FieldSpec::new("apps", "", kind, &path, false));
        }
        let spread = "spec/template/spec/topologySpreadConstraints/labelSelector/matchLabels";
        specs.push(FieldSpec::new("apps", "", kind, spread, false));
    }
    specs.extend(template_labels());
    specs
}

/// Annotations of objects and of pod templates.
pub(super) fn common_annotations() -> Vec<FieldSpec> {
    let mut specs = vec![metadata("annotations")];
    for (group, version, kind, template) in TEMPLATES {
        let path = format!("{template}/metadata/annotations");
        // here, a StatefulSet of any group
        let group = if kind == "StatefulSet" { "" } else { group };
        specs.push(FieldSpec::new(group, version, kind, &path, true));
    }
    let jobs = "spec/jobTemplate/metadata/annotations";
    specs.push(FieldSpec::new("batch", "", "CronJob", jobs, true));
    specs
}

/// A mapping in the metadata of every object.
pub(super) fn metadata(field: &str) -> FieldSpec {
    FieldSpec::new("", "", "", &format!("metadata/{field}"), true)
}

/// Namespaces, beside those of the objects themselves.
pub(super) fn namespaces() -> Vec<FieldSpec> {
    let conversion = "spec/conversion/webhook/clientConfig/service/namespace";
    let definition = "CustomResourceDefinition";
    vec![
        FieldSpec::new(
            "apiregistration.k8s.io",
            "",
            "APIService",
            "spec/service/namespace",
            true,
        ),
        FieldSpec::new("apiextensions.k8s.io", "", definition, conversion, false),
    ]
}

/// How many replicas there are.
pub(super) fn replicas() -> Vec<FieldSpec> {
    let kinds = [
        "Deployment",
        "ReplicationController",
        "ReplicaSet",
        "StatefulSet",
    ];
    let spec = |kind| FieldSpec::new("", "", kind, "spec/replicas", true);
    kinds.map(spec).to_vec()
}

/// Images in pods and pod templates. What is missing there is not made.
pub(super) fn images() -> Vec<FieldSpec> {
    let mut specs = Vec::new();
    for pod in ["spec", "spec/template/spec"] {
        for image in [
            "containers[]/image",
            "initContainers[]/image",
            "volumes[]/image/reference",
        ] {
            specs.push(FieldSpec::new("", "", "", &format!("{pod}/{image}"), false));
        }
    }
    specs
}
