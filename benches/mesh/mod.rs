//! A mesh of any size: namespaces of 25 services that call their neighbours, strict mutual TLS, a
//! policy for each service, and a mistake here and there.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

/// Services of a namespace.
const NEIGHBOURS: usize = 25;

/// Writes a mesh of `services` services; how many files and bytes it has.
pub fn write(dir: &Path, services: usize) -> (usize, usize) {
    let mut files = vec![("mesh.yaml".to_owned(), control_plane())];
    for number in 0..services.div_ceil(NEIGHBOURS) {
        files.push((format!("ns-{number}.yaml"), namespace(number)));
    }
    for number in 0..services {
        files.push((format!("service-{number}.yaml"), service(number, services)));
    }
    let mut bytes = 0;
    for (name, text) in &files {
        bytes += text.len();
        fs::write(dir.join(name), text).expect("a file");
    }
    (files.len(), bytes)
}

fn control_plane() -> String {
    "\
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
    accessLogFile: /dev/stdout
    trustDomain: cluster.local
---
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata:
  name: default
  namespace: istio-system
spec:
  mtls:
    mode: STRICT
"
    .to_owned()
}

fn namespace(number: usize) -> String {
    let mut text = format!(
        "\
apiVersion: v1
kind: Namespace
metadata:
  name: ns-{number}
  labels:
    istio-injection: enabled
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata:
  name: allow-nothing
  namespace: ns-{number}
spec: {{}}
"
    );
    if number.is_multiple_of(10) {
        let _ = write!(
            text,
            "\
---
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata:
  name: default
  namespace: ns-{number}
spec:
  mtls:
    mode: PERMISSIVE
"
        );
    }
    text
}

fn service(number: usize, services: usize) -> String {
    let namespace = number / NEIGHBOURS;
    let caller = |step: usize| {
        let caller = (number + step) % services;
        format!(
            "cluster.local/ns/ns-{}/sa/service-{caller}",
            caller / NEIGHBOURS
        )
    };
    let (near, far) = (caller(1), caller(NEIGHBOURS * 3 + 7));
    format!(
        "\
apiVersion: v1
kind: ServiceAccount
metadata:
  name: service-{number}
  namespace: ns-{namespace}
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: service-{number}
  namespace: ns-{namespace}
  labels:
    app: service-{number}
spec:
  replicas: 2
  selector:
    matchLabels:
      app: service-{number}
  template:
    metadata:
      labels:
        app: service-{number}
        version: v1
    spec:
      serviceAccountName: service-{number}
      containers:
      - name: server
        image: registry.example/service-{number}:1.4.2
        env:
        - name: PORT
          value: \"8080\"
        - name: LOG_LEVEL
          value: info
        ports:
        - name: http
          containerPort: 8080
        - name: metrics
          containerPort: 9090
        resources:
          requests:
            cpu: 100m
            memory: 64Mi
          limits:
            cpu: 200m
            memory: 128Mi
        readinessProbe:
          httpGet:
            path: /ready
            port: 8080
---
apiVersion: v1
kind: Service
metadata:
  name: service-{number}
  namespace: ns-{namespace}
spec:
  selector:
    app: service-{number}
  ports:
  - name: http
    port: 80
    targetPort: http
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata:
  name: service-{number}
  namespace: ns-{namespace}
spec:
  selector:
    matchLabels:
      app: service-{number}
  action: ALLOW
  rules:
  - from:
    - source:
        principals: [\"{near}\", \"{far}\"]
    to:
    - operation:
        methods: [GET, POST]
        paths: [\"/api/*\"]
        ports: [\"8080\"]
"
    )
}
