//! The texts of a cluster's files, about as long as real ones are.

use std::fmt::Write as _;

use super::cluster::{Cluster, Policy, Service};

pub fn kustomization<'a>(files: impl Iterator<Item = &'a str>) -> String {
    let mut text =
        "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources:\n".to_owned();
    for file in files {
        let _ = writeln!(text, "- {file}");
    }
    text
}

pub fn mesh(cluster: &Cluster) -> String {
    let mesh = &cluster.mesh;
    let log = match mesh.access_log {
        true => "/dev/stdout",
        false => "\"\"",
    };
    format!(
        "\
# Settings of the mesh in {}, note {}
apiVersion: v1
kind: Namespace
metadata:
  name: istio-system
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: istio
  namespace: istio-system
data:
  mesh: |
    accessLogFile: {log}
    accessLogEncoding: JSON
    trustDomain: cluster.local
    enableAutoMtls: true
    outboundTrafficPolicy:
      mode: REGISTRY_ONLY
    defaultConfig:
      holdApplicationUntilProxyStarts: true
---
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata:
  name: default
  namespace: istio-system
spec:
  mtls:
    mode: {}
",
        cluster.name, mesh.note, mesh.mode
    )
}

pub fn namespaces(cluster: &Cluster) -> String {
    let mut text = format!("# Namespaces of {}\n", cluster.name);
    for namespace in &cluster.namespaces {
        let _ = write!(
            text,
            "---\napiVersion: v1\nkind: Namespace\nmetadata:\n  name: {}\n  labels:\n    team: {0}\n",
            namespace.name
        );
        if namespace.injected {
            text += "    istio-injection: enabled\n";
        }
    }
    text
}

pub fn peers(cluster: &Cluster) -> String {
    let mut text = "# What is not as the mesh has it\n".to_owned();
    let mut add = |name: &str, namespace: &str, spec: &str| {
        let _ = write!(
            text,
            "---\napiVersion: security.istio.io/v1\nkind: PeerAuthentication\nmetadata:\n  name: {name}\n  namespace: {namespace}\nspec:\n{spec}"
        );
    };
    for namespace in &cluster.namespaces {
        if let Some(mode) = namespace.mode {
            add(
                "default",
                &namespace.name,
                &format!("  mtls:\n    mode: {mode}\n"),
            );
        }
    }
    for service in cluster.services.iter().filter(|one| one.open_metrics) {
        let spec = format!(
            "  selector:\n    matchLabels:\n      app: {}\n  portLevelMtls:\n    9090:\n      mode: PERMISSIVE\n",
            service.name
        );
        add(
            &service.name,
            &cluster.namespaces[service.namespace].name,
            &spec,
        );
    }
    text
}

pub fn telemetry(cluster: &Cluster) -> String {
    format!(
        "\
apiVersion: telemetry.istio.io/v1
kind: Telemetry
metadata:
  name: mesh-default
  namespace: istio-system
spec:
  accessLogging:
  - providers:
    - name: envoy
    disabled: {}
",
        cluster.mesh.telemetry_disabled
    )
}

pub fn policy(cluster: &Cluster, policy: &Policy) -> String {
    let namespace = |number: usize| cluster.namespaces[number].name.as_str();
    let mut text = format!(
        "\
# Who may call {name} in {}; reviewed {} times
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata:
  name: {name}
  namespace: {}
spec:
  selector:
    matchLabels:
      app: {name}
  action: ALLOW
  rules:
  - from:
    - source:
        principals:
",
        cluster.name,
        policy.note,
        namespace(policy.namespace),
        name = policy.service,
    );
    for (at, client) in &policy.clients {
        let _ = writeln!(
            text,
            "        - cluster.local/ns/{}/sa/{client}",
            namespace(*at)
        );
    }
    text += "    to:\n    - operation:\n        methods:\n        - GET\n";
    if policy.write {
        text += "        - POST\n";
    }
    text += "        ports:\n        - \"8080\"\n";
    text
}

pub fn service(cluster: &Cluster, service: &Service) -> String {
    let (name, namespace) = (&service.name, &cluster.namespaces[service.namespace].name);
    let list = if service.wide { "  " } else { "" };
    let mut environment = String::new();
    for (key, value) in &service.environment {
        let _ = writeln!(
            environment,
            "        - name: {key}\n          value: \"{value}\""
        );
    }
    format!(
        "\
# {name}, run by the {namespace} team; note {note}
apiVersion: v1
kind: ServiceAccount
metadata:
  name: {name}
  namespace: {namespace}
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {name}
  namespace: {namespace}
  labels:
    app: {name}
    team: {namespace}
spec:
  replicas: {replicas}
  revisionHistoryLimit: 5
  strategy:
    type: RollingUpdate
    rollingUpdate:
      maxUnavailable: 0
      maxSurge: 1
  selector:
    matchLabels:
      app: {name}
  template:
    metadata:
      labels:
        app: {name}
        version: v1
      annotations:
        prometheus.io/scrape: \"true\"
        prometheus.io/port: \"9090\"
    spec:
      serviceAccountName: {name}
      securityContext:
        runAsNonRoot: true
      containers:
      - name: server
        image: registry.example/{namespace}/{name}:1.{major}.{minor}
        args: [\"--config\", \"/etc/{name}/config.yaml\"]
        env:
        - name: PORT
          value: \"8080\"
        - name: LOG_LEVEL
          value: info
{environment}        ports:
        {list}- name: http
        {list}  containerPort: 8080
        {list}- name: metrics
        {list}  containerPort: 9090
        resources:
          requests:
            cpu: {cpu}m
            memory: {memory}Mi
          limits:
            memory: {twice}Mi
        readinessProbe:
          httpGet:
            path: /ready
            port: http
          periodSeconds: 5
        livenessProbe:
          httpGet:
            path: /live
            port: http
          initialDelaySeconds: 10
        volumeMounts:
        {list}- name: config
        {list}  mountPath: /etc/{name}
        {list}  readOnly: true
        {list}- name: scratch
        {list}  mountPath: /tmp
      volumes:
      - name: config
        configMap:
          name: {name}
      - name: scratch
        emptyDir: {{}}
---
apiVersion: v1
kind: Service
metadata:
  name: {name}
  namespace: {namespace}
spec:
  selector:
    app: {name}
  ports:
  - name: http
    port: 80
    targetPort: http
  - name: http-metrics
    port: 9090
    targetPort: metrics
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: {name}
  namespace: {namespace}
data:
  config.yaml: |
    server:
      listen: 0.0.0.0:8080
      readTimeout: 5s
      writeTimeout: 30s
      idleTimeout: 120s
      maxHeaderBytes: 16384
    database:
      host: {name}-db.{namespace}.internal
      port: 5432
      maxOpenConnections: 20
      maxIdleConnections: 5
      connectionLifetime: 30m
      statementTimeout: 2s
    cache:
      address: cache.{namespace}.internal:6379
      prefix: {name}
      ttl: 10m
    queue:
      brokers:
      - queue-0.{namespace}.internal:9092
      - queue-1.{namespace}.internal:9092
      - queue-2.{namespace}.internal:9092
      topic: {name}.events
      retries: 5
    features:
      newCheckout: true
      dryRun: false
      traceSampling: 0.01
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata:
  name: {name}
  namespace: {namespace}
spec:
  scaleTargetRef:
    apiVersion: apps/v1
    kind: Deployment
    name: {name}
  minReplicas: 2
  maxReplicas: 12
  metrics:
  - type: Resource
    resource:
      name: cpu
      target:
        type: Utilization
        averageUtilization: 70
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  name: {name}
  namespace: {namespace}
spec:
  maxUnavailable: 1
  selector:
    matchLabels:
      app: {name}
",
        note = service.note,
        replicas = service.replicas,
        major = service.tag.0,
        minor = service.tag.1,
        cpu = service.cpu,
        memory = service.memory,
        twice = service.memory * 2,
    )
}
