use super::*;

const DEPLOYMENT: &str = "\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop, labels: {app: web}}
spec:
  replicas: 1
  template:
    spec:
      containers:
      - name: app
        image: app:1
        env: [{name: A, value: old}]
";

/// A patch of the deployment.
fn patch(spec: &str) -> String {
    format!("apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: web}}\nspec:\n{spec}\n")
}

fn run(object: &str, patch: &str, options: Options) -> Result<Tree, Refused> {
    let mut object = read(OBJECT, object);
    let fate = strategic(&mut object, &read(PATCH, patch), options)?;
    assert_eq!(fate, Fate::Changed);
    Ok(object)
}

#[test]
fn what_a_patch_brings_stands_in_the_patch_and_the_rest_where_it_was() {
    let patch = patch(
        "  replicas: 3
  paused: true
  template:
    spec:
      containers:
      - name: app
        env: [{name: A, value: new}, {name: B, value: more}]
      - name: proxy
        image: proxy:1",
    );
    let object = run(DEPLOYMENT, &patch, Options::default()).unwrap();
    let spec = object.get("spec").unwrap();
    let replicas = spec
        .fields()
        .iter()
        .find(|field| field.key == "replicas")
        .unwrap();
    assert_eq!(replicas.value.place.span.file, PATCH);
    assert_eq!(replicas.key_span.file, PATCH);
    assert_eq!(at(&patch, &replicas.value), "3");
    assert_eq!(at(&patch, spec.get("paused").unwrap()), "true");
    assert_eq!(spec.place.span.file, OBJECT);
    assert_eq!(at(DEPLOYMENT, object.get("kind").unwrap()), "Deployment");

    let containers = spec.path(&["template", "spec", "containers"]).unwrap();
    assert_eq!(containers.place.span.file, OBJECT);
    let [app, proxy] = containers.items() else {
        panic!("{containers:?}");
    };
    assert_eq!(proxy.place.span.file, PATCH);
    assert_eq!(app.place.span.file, OBJECT);
    assert_eq!(at(DEPLOYMENT, app.get("image").unwrap()), "app:1");
    let env = app.get("env").unwrap().items();
    let values: Vec<String> = env
        .iter()
        .map(|one| at(&patch, one.get("value").unwrap()))
        .collect();
    assert_eq!(values, ["new", "more"]);
    assert_eq!(env[0].place.span.file, OBJECT);
}

#[test]
fn a_replaced_list_stands_in_the_patch() {
    let policy = "kind: AuthorizationPolicy\napiVersion: security.istio.io/v1\nmetadata: {name: p}\nspec: {rules: [{to: []}]}\n";
    let patch = "kind: AuthorizationPolicy\napiVersion: security.istio.io/v1\nmetadata: {name: p}\nspec: {rules: [{from: []}]}\n";
    let object = run(policy, patch, Options::default()).unwrap();
    let spec = object.get("spec").unwrap();
    assert_eq!(at(patch, spec.get("rules").unwrap()), "[{from: []}]");
    assert_eq!(spec.fields()[0].key_span.file, PATCH);
    assert_eq!(spec.place.span.file, OBJECT);
}

#[test]
fn kind_name_and_namespace_change_only_where_that_is_allowed() {
    let patch =
        "apiVersion: apps/v2\nkind: StatefulSet\nmetadata: {name: other, namespace: elsewhere}\n";
    let shown = |options| {
        let object = run(DEPLOYMENT, patch, options).unwrap();
        let text = |path: &[&str]| object.path(path).and_then(Tree::as_str).unwrap().to_owned();
        let metadata = |key| text(&["metadata", key]);
        [
            text(&["apiVersion"]),
            text(&["kind"]),
            metadata("name"),
            metadata("namespace"),
        ]
        .join(" ")
    };
    let is_targeted = true;
    let strict = Options {
        is_targeted,
        ..Options::default()
    };
    assert_eq!(shown(strict), "apps/v1 Deployment web shop");
    let free = Options {
        is_targeted,
        may_rename: true,
        may_change_kind: true,
    };
    assert_eq!(shown(free), "apps/v1 StatefulSet other shop");
}

#[test]
fn a_whole_object_is_deleted_or_stays() {
    let delete = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\n$patch: delete\n";
    let mut object = read(OBJECT, DEPLOYMENT);
    let before = object.clone();
    let fate = strategic(&mut object, &read(PATCH, delete), Options::default()).unwrap();
    assert_eq!((fate, &object), (Fate::Deleted, &before));
    // kustomize loses such a patch
    let replace = delete.replace("delete", "replace");
    let object = run(DEPLOYMENT, &replace, Options::default()).unwrap();
    assert_eq!(said(&object), said(&before));
}

#[test]
fn what_does_not_fit_is_refused_at_its_place() {
    for (spec, place) in [
        ("  replicas: {a: 1}", "{a: 1}"),
        ("  template: [1]", "[1]"),
        ("  template: {$patch: remove}", "remove"),
        ("  template: {$retainKeys: [spec]}", "$retainKeys"),
        (
            "  template: {spec: {$setElementOrder/containers: []}}",
            "$setElementOrder/containers",
        ),
        (
            "  template: {metadata: {$deleteFromPrimitiveList/finalizers: [a]}}",
            "$deleteFromPrimitiveList/finalizers",
        ),
    ] {
        let patch = patch(spec);
        let refused = run(DEPLOYMENT, &patch, Options::default()).expect_err(spec);
        assert_eq!(refused.at.file, PATCH, "{spec}");
        let span = refused.at.start as usize..refused.at.end as usize;
        assert_eq!(&patch[span], place, "{spec}");
    }
}
