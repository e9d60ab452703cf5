//! The fields in which objects name others.
//! `kustomize: api/internal/konfig/builtinpluginconsts/namereference.go`.

use super::fieldspec::FieldSpec;

/// A kind of object, and the fields that name one.
pub(super) struct Referred {
    pub(super) group: &'static str,
    pub(super) version: &'static str,
    pub(super) kind: &'static str,
    pub(super) by: Vec<FieldSpec>,
}

/// Where workloads keep the specification of their pods.
const PODS: [(&str, &str); 9] = [
    ("Pod", "spec"),
    ("PodTemplate", "template/spec"),
    ("Deployment", TEMPLATE),
    ("ReplicaSet", TEMPLATE),
    ("DaemonSet", TEMPLATE),
    ("StatefulSet", TEMPLATE),
    ("Job", TEMPLATE),
    ("CronJob", "spec/jobTemplate/spec/template/spec"),
    ("ReplicationController", TEMPLATE),
];
const TEMPLATE: &str = "spec/template/spec";

/// Those that name ConfigMaps and Secrets.
const MOUNTING: [&str; 8] = [
    "Pod",
    "PodTemplate",
    "Deployment",
    "ReplicaSet",
    "DaemonSet",
    "StatefulSet",
    "Job",
    "CronJob",
];

/// Those that name accounts, claims and priorities.
const RUNNING: [&str; 7] = [
    "Pod",
    "StatefulSet",
    "Deployment",
    "ReplicationController",
    "CronJob",
    "Job",
    "DaemonSet",
];

/// Everything that can be named, in the order in which kustomize looks at it.
pub(super) fn referred() -> Vec<Referred> {
    let mut all = vec![
        one(
            "storage.k8s.io",
            "v1",
            "StorageClass",
            &[
                ("", "PersistentVolume", "spec/storageClassName"),
                ("", "PersistentVolumeClaim", "spec/storageClassName"),
                (
                    "",
                    "StatefulSet",
                    "spec/volumeClaimTemplates/spec/storageClassName",
                ),
            ],
        ),
        one(
            "",
            "v1",
            "ServiceAccount",
            &[
                (RBAC, "RoleBinding", "subjects"),
                (RBAC, "ClusterRoleBinding", "subjects"),
            ],
        ),
        one(RBAC, "", "Role", &[(RBAC, "RoleBinding", "roleRef/name")]),
        one(
            RBAC,
            "",
            "ClusterRole",
            &[
                (RBAC, "RoleBinding", "roleRef/name"),
                (RBAC, "ClusterRoleBinding", "roleRef/name"),
            ],
        ),
        one("", "v1", "ConfigMap", CONFIG_MAP),
        one("", "v1", "Secret", SECRET),
        one("", "v1", "Service", SERVICE),
        one("scheduling.k8s.io", "v1", "PriorityClass", &[]),
        one(
            "",
            "v1",
            "PersistentVolume",
            &[
                ("", "PersistentVolumeClaim", "spec/volumeName"),
                ("", "ClusterRole", "rules/resourceNames"),
            ],
        ),
        one("", "v1", "PersistentVolumeClaim", &[]),
        one("", "", "Deployment", SCALED),
        one("", "", "StatefulSet", SCALED),
        one("", "", "ReplicaSet", SCALED),
        one("", "", "ReplicationController", SCALED),
        one(
            ADMISSION,
            "",
            "ValidatingAdmissionPolicy",
            &[(
                ADMISSION,
                "ValidatingAdmissionPolicyBinding",
                "spec/policyName",
            )],
        ),
    ];
    for referred in &mut all {
        let (kinds, fields): (&[&str], &[&str]) = match referred.kind {
            "ConfigMap" => (&MOUNTING, CONFIG_MAP_IN_PODS),
            "Secret" => (&MOUNTING, SECRET_IN_PODS),
            "ServiceAccount" => (&RUNNING, &["serviceAccountName"]),
            "PersistentVolumeClaim" => (&RUNNING, &["volumes/persistentVolumeClaim/claimName"]),
            "PriorityClass" => (&RUNNING, &["priorityClassName"]),
            _ => continue,
        };
        for (kind, pod) in PODS.iter().filter(|(kind, _)| kinds.contains(kind)) {
            let version = match (referred.kind, *kind) {
                ("ConfigMap" | "Secret", "Pod") => "v1",
                _ => "",
            };
            let specs = fields
                .iter()
                .map(|field| FieldSpec::new("", version, kind, &format!("{pod}/{field}"), false));
            referred.by.extend(specs);
        }
    }
    all
}

fn one(
    group: &'static str,
    version: &'static str,
    kind: &'static str,
    by: &[(&str, &str, &str)],
) -> Referred {
    let spec =
        |&(group, kind, path): &(&str, &str, &str)| FieldSpec::new(group, "", kind, path, false);
    let by = by.iter().map(spec).collect();
    Referred {
        group,
        version,
        kind,
        by,
    }
}

const RBAC: &str = "rbac.authorization.k8s.io";
const ADMISSION: &str = "admissionregistration.k8s.io";

const SCALED: &[(&str, &str, &str)] =
    &[("", "HorizontalPodAutoscaler", "spec/scaleTargetRef/name")];

const CONFIG_MAP: &[(&str, &str, &str)] = &[
    ("", "Node", "spec/configSource/configMap"),
    ("", "Role", "rules/resourceNames"),
    ("", "ClusterRole", "rules/resourceNames"),
    (
        "",
        "Ingress",
        "metadata/annotations/nginx.ingress.kubernetes.io\\/fastcgi-params-configmap",
    ),
];

const CONFIG_MAP_IN_PODS: &[&str] = &[
    "volumes/configMap/name",
    "containers/env/valueFrom/configMapKeyRef/name",
    "initContainers/env/valueFrom/configMapKeyRef/name",
    "containers/envFrom/configMapRef/name",
    "initContainers/envFrom/configMapRef/name",
    "volumes/projected/sources/configMap/name",
];

const SECRET: &[(&str, &str, &str)] = &[
    ("", "Ingress", "spec/tls/secretName"),
    (
        "",
        "Ingress",
        "metadata/annotations/ingress.kubernetes.io\\/auth-secret",
    ),
    (
        "",
        "Ingress",
        "metadata/annotations/nginx.ingress.kubernetes.io\\/auth-secret",
    ),
    (
        "",
        "Ingress",
        "metadata/annotations/nginx.ingress.kubernetes.io\\/auth-tls-secret",
    ),
    ("", "ServiceAccount", "imagePullSecrets/name"),
    ("", "StorageClass", "parameters/secretName"),
    ("", "StorageClass", "parameters/adminSecretName"),
    ("", "StorageClass", "parameters/userSecretName"),
    ("", "StorageClass", "parameters/secretRef"),
    ("", "Role", "rules/resourceNames"),
    ("", "ClusterRole", "rules/resourceNames"),
    (
        "serving.knative.dev",
        "Service",
        "spec/template/spec/containers/env/valueFrom/secretKeyRef/name",
    ),
    ("", "PersistentVolume", "spec/azureFile/secretName"),
];

const SECRET_IN_PODS: &[&str] = &[
    "volumes/secret/secretName",
    "containers/env/valueFrom/secretKeyRef/name",
    "initContainers/env/valueFrom/secretKeyRef/name",
    "containers/envFrom/secretRef/name",
    "initContainers/envFrom/secretRef/name",
    "imagePullSecrets/name",
    "volumes/projected/sources/secret/name",
];

const SERVICE: &[(&str, &str, &str)] = &[
    ("apps", "StatefulSet", "spec/serviceName"),
    ("", "Ingress", "spec/rules/http/paths/backend/serviceName"),
    ("", "Ingress", "spec/backend/serviceName"),
    ("", "Ingress", "spec/rules/http/paths/backend/service/name"),
    ("", "Ingress", "spec/defaultBackend/service/name"),
    ("apiregistration.k8s.io", "APIService", "spec/service/name"),
    (
        ADMISSION,
        "ValidatingWebhookConfiguration",
        "webhooks/clientConfig/service",
    ),
    (
        ADMISSION,
        "MutatingWebhookConfiguration",
        "webhooks/clientConfig/service",
    ),
];
