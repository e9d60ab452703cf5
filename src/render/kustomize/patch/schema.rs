//! The lists of Kubernetes' own kinds whose items are merged, and by what.
//! `kustomize: kyaml/openapi/kubernetesapi/v1_21_2`; of kinds that are not there (all those of meshes,
//! and those that Kubernetes got later), every list is replaced as a whole.

use Below::{List, Map};

/// What is known of the fields of a mapping.
#[derive(Debug)]
pub struct Shape(&'static [(&'static str, Below)]);

/// What is known of a value.
#[derive(Debug, Clone, Copy)]
pub enum Below {
    /// A mapping.
    Map(&'static Shape),
    /// A list whose items are merged if they have the same values of these keys; without keys, if they
    /// are the same. What the items are.
    List(&'static [&'static str], &'static Shape),
}

impl Shape {
    /// What is known of a field.
    pub fn field(&self, name: &str) -> Option<Below> {
        let mut fields = self.0.iter();
        fields.find_map(|(field, below)| (*field == name).then_some(*below))
    }

    /// What is known of an object.
    pub fn of(api_version: &str, kind: &str) -> Option<&'static Self> {
        let mut kinds = KINDS.iter();
        let found =
            kinds.find(|(version, kinds, _)| *version == api_version && kinds.contains(&kind));
        found.map(|(_, _, shape)| *shape)
    }
}

static NOTHING: Shape = Shape(&[]);

static META: Shape = Shape(&[
    ("finalizers", List(&[], &NOTHING)),
    ("ownerReferences", List(&["uid"], &NOTHING)),
]);

const METADATA: (&str, Below) = ("metadata", Map(&META));

/// Any object of which no more is known than what all have.
static OBJECT: Shape = Shape(&[METADATA]);

static CONDITIONS: Shape = Shape(&[("conditions", List(&["type"], &NOTHING))]);

const STATUS: (&str, Below) = ("status", Map(&CONDITIONS));

static REPORTING: Shape = Shape(&[METADATA, STATUS]);

static CONTAINER: Shape = Shape(&[
    ("env", List(&["name"], &NOTHING)),
    ("ports", List(&["containerPort", "protocol"], &NOTHING)),
    ("volumeDevices", List(&["devicePath"], &NOTHING)),
    ("volumeMounts", List(&["mountPath"], &NOTHING)),
]);

static EPHEMERAL_CONTAINER: Shape = Shape(&[
    ("env", List(&["name"], &NOTHING)),
    ("volumeDevices", List(&["devicePath"], &NOTHING)),
    ("volumeMounts", List(&["mountPath"], &NOTHING)),
]);

static CLAIM: Shape = Shape(&[("volumeClaimTemplate", Map(&OBJECT))]);

static VOLUME: Shape = Shape(&[("ephemeral", Map(&CLAIM))]);

static POD_SPEC: Shape = Shape(&[
    ("containers", List(&["name"], &CONTAINER)),
    ("ephemeralContainers", List(&["name"], &EPHEMERAL_CONTAINER)),
    ("hostAliases", List(&["ip"], &NOTHING)),
    ("imagePullSecrets", List(&["name"], &NOTHING)),
    ("initContainers", List(&["name"], &CONTAINER)),
    (
        "topologySpreadConstraints",
        List(&["topologyKey", "whenUnsatisfiable"], &NOTHING),
    ),
    ("volumes", List(&["name"], &VOLUME)),
]);

static POD_STATUS: Shape = Shape(&[
    ("conditions", List(&["type"], &NOTHING)),
    ("podIPs", List(&["ip"], &NOTHING)),
]);

static POD: Shape = Shape(&[
    METADATA,
    ("spec", Map(&POD_SPEC)),
    ("status", Map(&POD_STATUS)),
]);

static TEMPLATE: Shape = Shape(&[METADATA, ("spec", Map(&POD_SPEC))]);

static WITH_TEMPLATE: Shape = Shape(&[("template", Map(&TEMPLATE))]);

static POD_TEMPLATE: Shape = Shape(&[METADATA, ("template", Map(&TEMPLATE))]);

static WORKLOAD: Shape = Shape(&[METADATA, ("spec", Map(&WITH_TEMPLATE)), STATUS]);

static JOB_TEMPLATE: Shape = Shape(&[METADATA, ("spec", Map(&WITH_TEMPLATE))]);

static WITH_JOB_TEMPLATE: Shape = Shape(&[("jobTemplate", Map(&JOB_TEMPLATE))]);

static CRON_JOB: Shape = Shape(&[METADATA, ("spec", Map(&WITH_JOB_TEMPLATE))]);

static SERVICE_SPEC: Shape = Shape(&[("ports", List(&["port", "protocol"], &NOTHING))]);

static SERVICE: Shape = Shape(&[METADATA, ("spec", Map(&SERVICE_SPEC)), STATUS]);

static SERVICE_ACCOUNT: Shape = Shape(&[METADATA, ("secrets", List(&["name"], &NOTHING))]);

static WEBHOOKS: Shape = Shape(&[METADATA, ("webhooks", List(&["name"], &NOTHING))]);

static NODE_SPEC: Shape = Shape(&[("podCIDRs", List(&[], &NOTHING))]);

static NODE_STATUS: Shape = Shape(&[
    ("addresses", List(&["type"], &NOTHING)),
    ("conditions", List(&["type"], &NOTHING)),
]);

static NODE: Shape = Shape(&[
    METADATA,
    ("spec", Map(&NODE_SPEC)),
    ("status", Map(&NODE_STATUS)),
]);

static COMPONENT_STATUS: Shape = Shape(&[METADATA, ("conditions", List(&["type"], &NOTHING))]);

static DRIVERS: Shape = Shape(&[("drivers", List(&["name"], &NOTHING))]);

static CSI_NODE: Shape = Shape(&[METADATA, ("spec", Map(&DRIVERS))]);

/// Kinds by their `apiVersion`.
static KINDS: &[(&str, &[&str], &Shape)] = &[
    (
        "admissionregistration.k8s.io/v1",
        &[
            "MutatingWebhookConfiguration",
            "ValidatingWebhookConfiguration",
        ],
        &WEBHOOKS,
    ),
    (
        "admissionregistration.k8s.io/v1beta1",
        &[
            "MutatingWebhookConfiguration",
            "ValidatingWebhookConfiguration",
        ],
        &WEBHOOKS,
    ),
    (
        "apiextensions.k8s.io/v1",
        &["CustomResourceDefinition"],
        &OBJECT,
    ),
    (
        "apiextensions.k8s.io/v1beta1",
        &["CustomResourceDefinition"],
        &OBJECT,
    ),
    ("apiregistration.k8s.io/v1", &["APIService"], &REPORTING),
    (
        "apiregistration.k8s.io/v1beta1",
        &["APIService"],
        &REPORTING,
    ),
    ("apps/v1", &["ControllerRevision"], &OBJECT),
    (
        "apps/v1",
        &["DaemonSet", "Deployment", "ReplicaSet", "StatefulSet"],
        &WORKLOAD,
    ),
    (
        "authentication.k8s.io/v1",
        &["TokenRequest", "TokenReview"],
        &OBJECT,
    ),
    ("authentication.k8s.io/v1beta1", &["TokenReview"], &OBJECT),
    (
        "authorization.k8s.io/v1",
        &[
            "LocalSubjectAccessReview",
            "SelfSubjectAccessReview",
            "SelfSubjectRulesReview",
            "SubjectAccessReview",
        ],
        &OBJECT,
    ),
    (
        "authorization.k8s.io/v1beta1",
        &[
            "LocalSubjectAccessReview",
            "SelfSubjectAccessReview",
            "SelfSubjectRulesReview",
            "SubjectAccessReview",
        ],
        &OBJECT,
    ),
    (
        "autoscaling/v1",
        &["HorizontalPodAutoscaler", "Scale"],
        &OBJECT,
    ),
    ("autoscaling/v2beta1", &["HorizontalPodAutoscaler"], &OBJECT),
    ("autoscaling/v2beta2", &["HorizontalPodAutoscaler"], &OBJECT),
    ("batch/v1", &["CronJob"], &CRON_JOB),
    ("batch/v1", &["Job"], &WORKLOAD),
    ("batch/v1beta1", &["CronJob"], &CRON_JOB),
    (
        "certificates.k8s.io/v1",
        &["CertificateSigningRequest"],
        &OBJECT,
    ),
    (
        "certificates.k8s.io/v1beta1",
        &["CertificateSigningRequest"],
        &OBJECT,
    ),
    ("coordination.k8s.io/v1", &["Lease"], &OBJECT),
    ("coordination.k8s.io/v1beta1", &["Lease"], &OBJECT),
    ("discovery.k8s.io/v1", &["EndpointSlice"], &OBJECT),
    ("discovery.k8s.io/v1beta1", &["EndpointSlice"], &OBJECT),
    ("events.k8s.io/v1", &["Event"], &OBJECT),
    ("events.k8s.io/v1beta1", &["Event"], &OBJECT),
    ("extensions/v1beta1", &["Ingress"], &OBJECT),
    (
        "flowcontrol.apiserver.k8s.io/v1beta1",
        &["FlowSchema", "PriorityLevelConfiguration"],
        &OBJECT,
    ),
    (
        "networking.k8s.io/v1",
        &["Ingress", "IngressClass", "NetworkPolicy"],
        &OBJECT,
    ),
    (
        "networking.k8s.io/v1beta1",
        &["Ingress", "IngressClass"],
        &OBJECT,
    ),
    ("node.k8s.io/v1", &["RuntimeClass"], &OBJECT),
    ("node.k8s.io/v1beta1", &["RuntimeClass"], &OBJECT),
    ("policy/v1", &["PodDisruptionBudget"], &REPORTING),
    (
        "policy/v1beta1",
        &["Eviction", "PodSecurityPolicy"],
        &OBJECT,
    ),
    ("policy/v1beta1", &["PodDisruptionBudget"], &REPORTING),
    (
        "rbac.authorization.k8s.io/v1",
        &["ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding"],
        &OBJECT,
    ),
    (
        "rbac.authorization.k8s.io/v1beta1",
        &["ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding"],
        &OBJECT,
    ),
    ("scheduling.k8s.io/v1", &["PriorityClass"], &OBJECT),
    ("scheduling.k8s.io/v1beta1", &["PriorityClass"], &OBJECT),
    ("storage.k8s.io/v1", &["CSINode"], &CSI_NODE),
    (
        "storage.k8s.io/v1",
        &["CSIDriver", "StorageClass", "VolumeAttachment"],
        &OBJECT,
    ),
    ("storage.k8s.io/v1beta1", &["CSINode"], &CSI_NODE),
    (
        "storage.k8s.io/v1beta1",
        &[
            "CSIDriver",
            "CSIStorageCapacity",
            "StorageClass",
            "VolumeAttachment",
        ],
        &OBJECT,
    ),
    ("v1", &["ComponentStatus"], &COMPONENT_STATUS),
    ("v1", &["Node"], &NODE),
    (
        "v1",
        &[
            "Binding",
            "ConfigMap",
            "Endpoints",
            "Event",
            "LimitRange",
            "PersistentVolume",
            "ResourceQuota",
            "Secret",
        ],
        &OBJECT,
    ),
    ("v1", &["Pod"], &POD),
    ("v1", &["PodTemplate"], &POD_TEMPLATE),
    ("v1", &["Namespace", "PersistentVolumeClaim"], &REPORTING),
    ("v1", &["Service"], &SERVICE),
    ("v1", &["ServiceAccount"], &SERVICE_ACCOUNT),
    ("v1", &["ReplicationController"], &WORKLOAD),
];
