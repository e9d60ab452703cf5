use crate::change::compare;
use crate::change::sample::*;
use crate::facts::Sections;
use crate::scan;
use crate::text::{SourceFile, Sources};

#[test]
fn nothing_differs_from_itself() {
    let one = in_force(&[("all.yaml", &(shop() + &peers("shop", "STRICT")))]);
    assert!(compare(Some(&one), Some(&one)).is_empty());
    assert!(compare(None, None).is_empty());
}

#[test]
fn lines_and_files_may_move() {
    let before = in_force(&[("all.yaml", &(shop() + &peers("shop", "STRICT")))]);
    let policies = format!("# on top\n{}", peers("shop", "STRICT"));
    let after = in_force(&[("a.yaml", &policies), ("all.yaml", &shop())]);
    assert_eq!(lines(&compare(Some(&before), Some(&after))), [""; 0]);
}

#[test]
fn ports_that_take_something_else_are_told() {
    let told = differences(
        &(shop() + &peers("shop", "PERMISSIVE")),
        &(shop() + &peers("shop", "STRICT")),
    );
    assert_eq!(
        told,
        [
            "listener shop/cart:80: permissive > required",
            "listener shop/pay:80: permissive > required",
            "listener shop/web:80: permissive > required",
            "closed shop/cart shop/web:80: allow plaintext > deny",
            "closed shop/pay shop/web:80: allow plaintext > deny",
        ]
    );
}

#[test]
fn a_policy_closes_calls_of_those_it_does_not_name() {
    let strict = shop() + &peers("shop", "STRICT");
    let told = differences(
        &strict,
        &(strict.clone() + &allow("shop", "a", "cart", &["shop/web"])),
    );
    assert_eq!(told, ["closed shop/pay shop/cart:80: allow mtls > deny"]);
}

#[test]
fn a_weaker_transport_is_a_downgrade_and_no_opening() {
    let told = differences(&shop(), &shop().replace("istio-injection", "other"));
    let strict = shop() + &peers("shop", "STRICT");
    let bare = differences(&strict, &strict.replace("enabled", "disabled"));
    assert!(
        told.iter().any(|one| one.starts_with("downgraded")),
        "{told:?}"
    );
    assert!(
        !told.iter().any(|one| one.starts_with("opened")),
        "{told:?}"
    );
    assert!(bare.contains(&"opened shop/cart shop/web:80: deny > allow plaintext".to_owned()));
}

#[test]
fn what_cannot_be_told_is_no_denial() {
    // who gets a sidecar depends on a label of a namespace that is not there
    let written = shop() + &peers("shop", "STRICT") + &allow("shop", "a", "cart", &["shop/web"]);
    let unwritten = written.replace(&namespace("shop"), "");
    let told = differences(&written, &unwritten);
    let opened = told
        .iter()
        .any(|one| one.starts_with("opened shop/pay shop/cart:80: deny > "));
    assert!(opened, "{told:#?}");
    let back = differences(&unwritten, &written);
    let closed = back
        .iter()
        .any(|one| one.starts_with("closed shop/pay shop/cart:80"));
    assert!(closed, "{back:#?}");
}

#[test]
fn a_workload_comes_with_its_calls_and_its_log() {
    let all = shop() + &peers("shop", "STRICT");
    let without = all.replace(&deployment("shop", "pay", 80), "");
    let told = [
        "opened shop/pay shop/cart:80: none > allow mtls",
        "opened shop/cart shop/pay:80: none > allow mtls",
        "opened shop/web shop/pay:80: none > allow mtls",
        "log access shop/pay: none > off",
    ];
    assert_eq!(differences(&without, &all), told);
    let gone = differences(&all, &without);
    assert_eq!(gone[0], "closed shop/pay shop/cart:80: allow mtls > none");
    assert_eq!(gone.len(), told.len());
}

#[test]
fn an_environment_comes_and_goes() {
    let all = in_force(&[("all.yaml", &(shop() + &peers("shop", "STRICT")))]);
    let came = lines(&compare(None, Some(&all)));
    // of the audit log nothing is known, as before
    assert_eq!(came.len(), 4 + 3, "{came:#?}");
    assert_eq!(lines(&compare(Some(&all), None)).len(), came.len());
}

#[test]
fn workloads_of_one_name_stay_apart() {
    let pod = deployment("shop", "pay", 90).replace("kind: Deployment", "kind: StatefulSet");
    let told = differences(&shop(), &(shop() + &pod));
    assert!(
        told.contains(&"opened shop/pay~2 shop/cart:80: none > allow plaintext".to_owned())
            || told.contains(&"opened shop/pay~2 shop/cart:80: none > allow mtls".to_owned()),
        "{told:#?}"
    );
}

#[test]
fn clients_outside_are_told_as_external() {
    let exposed = shop().replace(
        "{selector: {app: cart}",
        "{type: LoadBalancer, selector: {app: cart}",
    );
    assert_eq!(
        differences(&shop(), &exposed),
        ["opened external shop/cart:80: deny > allow plaintext"]
    );
}

#[test]
fn logs_differ_by_what_is_written() {
    let telemetry = "---\napiVersion: telemetry.istio.io/v1\nkind: Telemetry\n\
        metadata: {name: log, namespace: shop}\nspec: {accessLogging: [{providers: [{name: envoy}]}]}\n";
    let told = differences(&shop(), &(shop() + telemetry));
    let log = told.iter().filter(|one| one.starts_with("log access"));
    assert_eq!(log.count(), 3, "{told:#?}");
}

#[test]
fn findings_come_and_go_by_their_fingerprint() {
    let rule = "mtls/permissive";
    let one = |text: &str| all_in_force(&[("all.yaml", text)], rule).remove(0);
    let (open, strict) = (
        one(&(shop() + &peers("shop", "PERMISSIVE"))),
        one(&(shop() + &peers("shop", "STRICT"))),
    );
    let moved = one(&format!(
        "# moved\n{}{}",
        peers("shop", "PERMISSIVE"),
        shop()
    ));
    let told = lines(&compare(Some(&strict), Some(&open)));
    let came: Vec<_> = told
        .iter()
        .filter(|one| one.starts_with("introduced"))
        .collect();
    assert_eq!(came, ["introduced mtls/permissive High"]);
    assert!(
        lines(&compare(Some(&open), Some(&strict)))
            .contains(&"resolved mtls/permissive High".to_owned())
    );
    assert_eq!(lines(&compare(Some(&open), Some(&moved))), [""; 0]);
}

#[test]
fn places_are_those_that_decided() {
    let before = in_force(&[("all.yaml", &(shop() + &peers("shop", "PERMISSIVE")))]);
    let after = in_force(&[("all.yaml", &(shop() + &peers("shop", "STRICT")))]);
    let felt = compare(Some(&before), Some(&after));
    let first = felt
        .first()
        .map(|one| (one.before.places().next(), one.after.places().next()));
    let mode = at("6:/spec/mtls/mode");
    assert_eq!(first, Some((Some(&mode), Some(&mode))));
}

#[test]
fn an_object_has_the_name_of_its_environment() {
    let kustomization = "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n\
        namespace: prod\nresources: [all.yaml]\n";
    let all = in_force(&[("kustomization.yaml", kustomization), ("all.yaml", &shop())]);
    let name = |place: &str| all.resource(&at(place)).map(|name| name.to_string());
    assert_eq!(
        name("1:/spec/template").as_deref(),
        Some("Deployment.apps/prod/web")
    );
    assert_eq!(name("9:"), None);
}

#[test]
fn an_object_in_a_list_is_found_below_its_item() {
    let list = "apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: Namespace, metadata: {name: a}}\n\
        - {apiVersion: v1, kind: Service, metadata: {name: b, namespace: a}, spec: {ports: [{port: 80}]}}\n";
    let all = in_force(&[("all.yaml", list)]);
    let name = |place: &str| all.resource(&at(place)).map(|name| name.to_string());
    assert_eq!(
        name("0:/items/1/spec/ports/0").as_deref(),
        Some("Service/a/b")
    );
    assert_eq!(name("0:/items/0").as_deref(), Some("Namespace/a"));
    assert_eq!(name("0:/items"), None);
}

#[test]
fn logs_are_those_of_the_facts() {
    let telemetry = "---\napiVersion: telemetry.istio.io/v1\nkind: Telemetry\n\
        metadata: {name: log, namespace: shop}\nspec: {accessLogging: [{providers: [{name: envoy}]}]}\n";
    let linkerd = deployment("bank", "till", 80).replace(
        "template:\n    metadata: {",
        "template:\n    metadata: {annotations: {linkerd.io/inject: enabled}, ",
    );
    let bank = namespace("bank").replace("enabled", "disabled");
    let text = shop() + telemetry + &bank + &linkerd;
    let mut states = std::collections::BTreeSet::new();
    // where the namespace is not there, nobody knows who has a sidecar
    for text in [&text, &text.replace(&namespace("shop"), "")] {
        let mut sources = Sources::default();
        sources.add(SourceFile::new("all.yaml", text.as_str()));
        let parsed = scan::parse(&sources);
        let origin = scan::Origin::default();
        let judged = scan::judge(&parsed, &parsed.environments[0], &origin, &Sections::All);
        let kept = super::InForce::of(&judged, &sources, Vec::new());
        let kept = kept.logs.iter().map(|one| (one.log, &*one.of, one.state));
        let kept: Vec<_> = kept.collect();
        let workloads = judged.input.workloads.iter();
        let facts = workloads.map(|one| ("access", &*one.id, one.access_log.state));
        let mut facts: Vec<_> = facts.collect();
        facts.sort_unstable();
        states.extend(facts.iter().map(|one| one.2));
        let meshes = judged.input.meshes.iter();
        facts.extend(meshes.map(|one| ("audit", one.kind, one.audit_log.state)));
        assert_eq!(kept, facts);
    }
    let states: Vec<_> = states.into_iter().collect();
    assert_eq!(states, ["off", "on", "unknown"]);
}
