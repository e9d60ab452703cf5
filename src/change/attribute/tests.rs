#![allow(clippy::unwrap_used)]

use crate::change::sample::*;
use crate::change::{attribute, compare};

/// Another change, of a workload's image: nothing ever comes of it.
const IMAGE: &str =
    "!2:/spec/template/spec/containers/0/image > 2:/spec/template/spec/containers/0/image";
const MODE: &str = "6:/spec/mtls/mode > 6:/spec/mtls/mode";

/// A mesh that takes mutual TLS only: document 6 says so.
fn strict() -> String {
    shop() + &peers("shop", "STRICT")
}

/// The same, with some that may call `cart`: document 7.
fn allowing(clients: &[&str]) -> String {
    strict() + &allow("shop", "a", "cart", clients)
}

/// What each change did between two states of one file.
fn told(before: &str, after: &str, fields: &[&str]) -> Vec<String> {
    let side = |text| all_in_force(&[("all.yaml", text)], "");
    attributed(&side(before), &side(after), fields)
}

/// Replaces a text that is there.
fn edit(text: &str, from: &str, to: &str) -> String {
    assert!(text.contains(from), "{text}");
    text.replace(from, to)
}

const OPENED: &str = "opened shop/pay shop/cart:80: deny > allow mtls";
const CLOSED: &str = "closed shop/pay shop/cart:80: allow mtls > deny";

#[test]
fn a_line_that_decided_is_the_cause() {
    let after = edit(&strict(), "STRICT", "PERMISSIVE");
    let weaker = "6:/spec/mtls/mode weaker [\
        listener shop/cart:80: required > permissive, \
        listener shop/pay:80: required > permissive, \
        listener shop/web:80: required > permissive, \
        opened shop/cart shop/web:80: deny > allow plaintext, \
        opened shop/pay shop/web:80: deny > allow plaintext]";
    assert_eq!(told(&strict(), &after, &[MODE, IMAGE]), [weaker]);
    let back = told(&after, &strict(), &[MODE, IMAGE]);
    assert!(
        back[0].starts_with("6:/spec/mtls/mode stronger"),
        "{back:?}"
    );
}

#[test]
fn a_policy_that_is_deleted_had_decided() {
    let told = told(&allowing(&["shop/web"]), &strict(), &[IMAGE, "7: > -"]);
    assert_eq!(told, [format!("7: weaker [{OPENED}]")]);
}

#[test]
fn a_change_of_a_mesh_is_told_even_if_nothing_came_of_it() {
    let port = "5:/spec/ports/0/name > 5:/spec/ports/0/name";
    let told = told(
        &strict(),
        &allowing(&["shop/web"]),
        &["- > 7:", port, IMAGE],
    );
    let stronger = format!("7: stronger [{CLOSED}]");
    assert_eq!(told, [&*stronger, "5:/spec/ports/0/name neutral []"]);
}

#[test]
fn a_label_that_is_removed_from_a_namespace_had_decided() {
    let after = edit(&strict(), "{istio-injection: enabled}", "{}");
    let label = "0:/metadata/labels/istio-injection > -";
    let told = told(
        &strict(),
        &after,
        &[label, IMAGE, "!5:/metadata/labels > -"],
    );
    assert_eq!(told.len(), 1, "{told:#?}");
    assert!(told[0].starts_with("0:/metadata/labels/istio-injection weaker"));
    assert_eq!(told[0].matches("downgraded").count(), 4, "{told:#?}");
}

#[test]
fn a_label_that_takes_a_workload_out_of_the_mesh_is_the_cause() {
    let labels = "{app: pay, sidecar.istio.io/inject: 'false'}";
    let after = edit(
        &strict(),
        "metadata: {labels: {app: pay}",
        &format!("metadata: {{labels: {labels}"),
    );
    let label = "- > 3:/spec/template/metadata/labels/sidecar.istio.io~1inject";
    let told = told(&strict(), &after, &[IMAGE, label]);
    assert_eq!(told.len(), 1, "{told:#?}");
    assert!(told[0].contains("weaker [listener shop/pay:80: required > plaintext"));
}

#[test]
fn the_namespace_of_a_kustomization_renames_everything() {
    let kustomization = |namespace: &str| {
        format!(
            "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n\
             namespace: {namespace}\nresources: [all.yaml]\n"
        )
    };
    let side = |namespace: &str| {
        let files = [
            ("kustomization.yaml", &*kustomization(namespace)),
            ("all.yaml", &*strict()),
        ];
        all_in_force(&files, "")
    };
    let name = "!kustomization.yaml:0:/namespace > kustomization.yaml:0:/namespace";
    let port = "5:/spec/ports/0/name > 5:/spec/ports/0/name";
    let told = attributed(&side("shop"), &side("prod"), &[port, IMAGE, name]);
    assert_eq!(told.len(), 2, "{told:#?}");
    assert_eq!(told[0], "5:/spec/ports/0/name neutral []");
    assert!(told[1].starts_with("0:/namespace neutral [opened prod/pay prod/cart:80: none > "));
    assert!(told[1].contains("closed shop/pay shop/cart:80: allow mtls > none"));
}

#[test]
fn a_service_that_selects_others_is_the_cause() {
    let open = edit(&strict(), "STRICT", "PERMISSIVE");
    let before = edit(
        &open,
        "{selector: {app: pay}",
        "{type: LoadBalancer, selector: {app: pay}",
    );
    let after = edit(
        &before,
        "LoadBalancer, selector: {app: pay}",
        "LoadBalancer, selector: {app: cart}",
    );
    let selector = "!5:/spec/selector/app > 5:/spec/selector/app";
    let told = told(&before, &after, &[IMAGE, "6:/spec/selector > -", selector]);
    assert_eq!(
        told,
        [
            "6:/spec/selector neutral []",
            "5:/spec/selector/app weaker [opened external shop/cart:80: deny > allow plaintext, \
             closed external shop/pay:80: allow plaintext > deny, \
             downgraded shop/cart shop/pay:80: allow mtls > allow plaintext, \
             downgraded shop/web shop/pay:80: allow mtls > allow plaintext]",
        ]
    );
}

#[test]
fn of_two_changes_the_one_that_opened_a_call_has_it() {
    let before = allowing(&["shop/web"]) + &allow("shop", "b", "pay", &["shop/web"]);
    let both =
        allowing(&["shop/web", "shop/pay"]) + &allow("shop", "b", "pay", &["shop/web", "shop/x"]);
    let told = told(
        &before,
        &both,
        &["- > 8:/spec/rules/1", "- > 7:/spec/rules/1", MODE],
    );
    let opened = format!("7:/spec/rules/1 weaker [{OPENED}]");
    assert_eq!(
        told,
        [
            "8:/spec/rules/1 neutral []",
            &*opened,
            "6:/spec/mtls/mode neutral []"
        ]
    );
}

#[test]
fn a_rule_that_is_inserted_above_shifts_the_others() {
    let (before, after) = (allowing(&["shop/web"]), allowing(&["shop/pay", "shop/web"]));
    let inserted = told(&before, &after, &["- > 7:/spec/rules/0", IMAGE]);
    assert_eq!(inserted, [format!("7:/spec/rules/0 weaker [{OPENED}]")]);
    let account = "7:/spec/rules/0/from/0/source/principals/0";
    let shifted = format!("{account} > {account}");
    let shifted = told(&before, &after, &[&shifted, "- > 7:/spec/rules/1"]);
    let first = format!("{account} weaker [{OPENED}]");
    assert_eq!(shifted, [&*first, "7:/spec/rules/1 neutral []"]);
}

#[test]
fn a_rule_that_is_removed_had_decided() {
    let (before, after) = (allowing(&["shop/web", "shop/pay"]), allowing(&["shop/web"]));
    let account = "7:/spec/rules/0/to/0/operation/paths > 7:/spec/rules/0/to/0/operation/paths";
    let told = told(&before, &after, &[account, "7:/spec/rules/1 > -"]);
    assert_eq!(told[1], format!("7:/spec/rules/1 stronger [{CLOSED}]"));
    assert!(told[0].ends_with("neutral []"), "{told:#?}");
}

#[test]
fn a_file_that_moved_and_was_edited_is_known_on_both_sides() {
    let side = |name: &str, mode: &str| {
        all_in_force(&[("all.yaml", &*shop()), (name, &*peers("shop", mode))], "")
    };
    let (before, after) = (side("a.yaml", "STRICT"), side("b.yaml", "PERMISSIVE"));
    let mode = "a.yaml:0:/spec/mtls/mode > b.yaml:0:/spec/mtls/mode";
    let told = attributed(&before, &after, &["a.yaml:0: > b.yaml:0:", mode, IMAGE]);
    assert_eq!(told[0], "0: neutral []");
    assert!(
        told[1].starts_with("0:/spec/mtls/mode weaker [listener"),
        "{told:#?}"
    );
    assert_eq!(told.len(), 2);
}

#[test]
fn an_object_that_replaces_another_shares_what_came_of_it() {
    let after = strict() + &allow("shop", "b", "cart", &["shop/pay"]);
    let told = told(
        &allowing(&["shop/web"]),
        &after,
        &["7: > -", "- > 7:", IMAGE],
    );
    let both = format!("7: weaker [{OPENED}, closed shop/web shop/cart:80: allow mtls > deny]");
    assert_eq!(told, [&*both, &*both]);
}

#[test]
fn a_workload_of_another_kind_is_the_same_to_others() {
    let after = edit(&strict(), &deployment("shop", "pay", 80), "");
    let pay = edit(&deployment("shop", "pay", 80), "Deployment", "StatefulSet");
    assert_eq!(
        told(&strict(), &(after + &pay), &["!3: > -", "!- > 6:"]),
        [""; 0]
    );
}

#[test]
fn a_new_workload_makes_nothing_weaker_and_the_rule_for_it_is_told_too() {
    let before = allowing(&["shop/web"]);
    let more = deployment("shop", "new", 80) + &allow("shop", "b", "cart", &["shop/new"]);
    let after = before.clone() + &more;
    let came = told(&before, &after, &["!- > 8:", "- > 9:", IMAGE]);
    let cart = "opened shop/new shop/cart:80: none > allow mtls";
    let workload = format!(
        "8: neutral [{cart}, opened shop/new shop/pay:80: none > allow mtls, \
         log access shop/new: none > off]"
    );
    assert_eq!(came, [workload, format!("9: neutral [{cart}]")]);
    let gone = told(&after, &before, &["!8: > -", "9: > -", IMAGE]);
    assert_eq!(gone[0].matches("closed shop/new").count(), 2);
    assert_eq!(gone[1], "9: neutral []");
}

#[test]
fn a_port_that_comes_between_workloads_that_stay_makes_weaker() {
    let open = edit(&strict(), "STRICT", "PERMISSIVE");
    let ports = "[{containerPort: 80}]}]";
    let after = open.replacen(ports, "[{containerPort: 80}, {containerPort: 90}]}]", 1);
    let told = told(
        &open,
        &after,
        &[IMAGE, "!- > 1:/spec/template/spec/containers/0/ports/1"],
    );
    assert_eq!(
        told,
        ["1:/spec/template/spec/containers/0/ports/1 weaker [\
          opened shop/cart shop/web:90: none > allow plaintext, \
          opened shop/pay shop/web:90: none > allow plaintext]"]
    );
}

#[test]
fn labels_of_a_workload_choose_its_policies() {
    let app = "metadata: {labels: {app: cart}";
    let allowing = allowing(&["shop/web"]);
    let chosen = edit(
        &allowing,
        "{app: cart}}\n  rules",
        "{app: cart, v: a}}\n  rules",
    );
    let side = |v: &str| {
        edit(
            &chosen,
            app,
            &format!("metadata: {{labels: {{v: {v}, app: cart}}"),
        )
    };
    let label = "2:/spec/template/metadata/labels/v";
    let change = format!("!{label} > {label}");
    let told = told(&side("a"), &side("b"), &[IMAGE, &change]);
    assert_eq!(told, [format!("{label} weaker [{OPENED}]")]);
}

#[test]
fn what_a_policy_selects_is_a_line_of_its_own() {
    let before = allowing(&["shop/web"]);
    let after = edit(&before, "{app: cart}}\n  rules", "{app: pay}}\n  rules");
    let selector = "7:/spec/selector/matchLabels/app > 7:/spec/selector/matchLabels/app";
    let told = told(&before, &after, &[IMAGE, selector]);
    assert_eq!(
        told,
        [format!(
            "7:/spec/selector/matchLabels/app weaker [{OPENED}, \
             closed shop/cart shop/pay:80: allow mtls > deny]"
        )]
    );
}

#[test]
fn who_a_client_proves_to_be_is_a_line_of_the_client() {
    let before = allowing(&["shop/web"]);
    let after = edit(
        &before,
        "serviceAccountName: pay",
        "serviceAccountName: web",
    );
    let line = "3:/spec/template/spec/serviceAccountName";
    let image =
        "!3:/spec/template/spec/containers/0/image > 3:/spec/template/spec/containers/0/image";
    let told = told(
        &before,
        &after,
        &[&format!("!{line} > {line}"), IMAGE, image],
    );
    assert_eq!(told, [format!("{line} weaker [{OPENED}]")]);
}

#[test]
fn what_nothing_leads_to_goes_to_all_that_may_have_done_it() {
    let before = strict();
    let after = shop();
    let told = told(
        &before,
        &after,
        &["!x.yaml:0:/a > x.yaml:0:/a", "y.yaml:0: > -", IMAGE],
    );
    assert_eq!(told.len(), 2, "{told:#?}");
    assert!(
        told.iter()
            .all(|one| one.contains("listener shop/cart:80: required > permissive"))
    );
}

#[test]
fn a_finding_goes_to_what_changed_for_that_it_is_about() {
    let log = "---\napiVersion: telemetry.istio.io/v1\nkind: Telemetry\n\
        metadata: {name: log, namespace: shop}\nspec: {accessLogging: [{providers: [{name: envoy}]}]}\n";
    let side = |text: &str| all_in_force(&[("all.yaml", text)], "access_log/disabled");
    let image =
        "!1:/spec/template/spec/containers/0/image > 1:/spec/template/spec/containers/0/image";
    let (on, off) = (side(&(strict() + log)), side(&strict()));
    let told = attributed(&on, &off, &[image, MODE, "7: > -"]);
    assert_eq!(
        told,
        [
            "6:/spec/mtls/mode neutral []",
            "7: weaker [log access shop/cart: on > off, log access shop/pay: on > off, \
             log access shop/web: on > off, introduced access_log/disabled Info]",
        ]
    );
}

#[test]
fn a_finding_that_only_reads_otherwise_makes_nothing_weaker() {
    let side = |mode: &str| {
        let text = shop() + &peers("shop", mode);
        all_in_force(&[("all.yaml", &text)], "mtls/permissive")
    };
    let told = attributed(&side("PERMISSIVE"), &side("\"PERMISSIVE\""), &[MODE]);
    let effects = "introduced mtls/permissive High, resolved mtls/permissive High";
    assert_eq!(told, [format!("6:/spec/mtls/mode neutral [{effects}]")]);
    let told = attributed(&side("STRICT"), &side("PERMISSIVE"), &[MODE]);
    assert!(told[0].starts_with("6:/spec/mtls/mode weaker"), "{told:?}");
}

#[test]
fn another_line_of_the_object_that_decided_is_the_cause_if_its_own_did_not_change() {
    let policy = "---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\n\
        metadata: {name: limit, namespace: shop}\nspec: {podSelector: {matchLabels: {app: cart}}}\n";
    let before = strict() + policy;
    let after = edit(
        &before,
        "{podSelector: {matchLabels: {app: cart",
        "{podSelector: {matchLabels: {app: pay",
    );
    let line = "7:/spec/podSelector/matchLabels/app";
    let told = told(&before, &after, &[IMAGE, &format!("{line} > {line}"), MODE]);
    assert_eq!(
        told,
        [
            "7:/spec/podSelector/matchLabels/app weaker [\
             opened shop/pay shop/cart:80: conditional mtls > allow mtls, \
             opened shop/web shop/cart:80: conditional mtls > allow mtls, \
             closed shop/cart shop/pay:80: allow mtls > conditional mtls, \
             closed shop/web shop/pay:80: allow mtls > conditional mtls]",
            "6:/spec/mtls/mode neutral []",
        ]
    );
}

#[test]
fn a_change_is_named_as_its_environment_names_it() {
    let kustomization = "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n\
        namespace: prod\nresources: [all.yaml]\n";
    let side = |mode: &str| {
        let text = shop() + &peers("shop", mode);
        in_force(&[("kustomization.yaml", kustomization), ("all.yaml", &text)])
    };
    let (before, after) = (side("STRICT"), side("PERMISSIVE"));
    let felt = compare(Some(&before), Some(&after));
    let told = attribute(vec![field(MODE)], felt, &[&before], &[&after]);
    let name = told[0].field.resource.as_ref().unwrap().to_string();
    assert_eq!(name, "PeerAuthentication.security.istio.io/prod/default");
    let gone = attribute(vec![field("6: > -")], Vec::new(), &[&before], &[&after]);
    assert!(gone[0].field.resource.is_some());
}

/// A kustomization that lists some files.
fn kustomization(resources: &str) -> String {
    format!(
        "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources: [{resources}]\n"
    )
}

const ROLL: &str = "!other/kustomization.yaml:0: > -";

#[test]
fn what_an_environment_lists_is_the_cause_of_what_comes_to_it() {
    let (mesh, cron) = (strict(), deployment("shop", "cron", 90));
    let side = |listed: &str| {
        let list = kustomization(listed);
        let files = [
            ("prod/kustomization.yaml", &*list),
            ("prod/all.yaml", &*mesh),
            ("prod/cron.yaml", &*cron),
        ];
        all_in_force(&files, "")
    };
    let (before, after) = (side("all.yaml"), side("all.yaml, cron.yaml"));
    let list = "!- > prod/kustomization.yaml:0:/resources/1";
    let images = "!- > prod/kustomization.yaml:0:/images/0";
    let image = "!prod/all.yaml:2:/spec/replicas > prod/all.yaml:2:/spec/replicas";
    let mode = "prod/all.yaml:6:/spec/mtls/mode > prod/all.yaml:6:/spec/mtls/mode";
    let told = attributed(&before, &after, &[ROLL, mode, image, images, list]);
    assert_eq!(told.len(), 2, "{told:#?}");
    assert_eq!(told[0], "6:/spec/mtls/mode neutral []");
    assert!(told[1].starts_with("0:/resources/1 neutral ["), "{told:#?}");
    assert_eq!(told[1].matches("opened shop/cron").count(), 2, "{told:#?}");
}

#[test]
fn a_whole_environment_comes_and_goes_with_what_lists_it() {
    let (mesh, list) = (strict(), kustomization("base/all.yaml"));
    let base = ("prod/base/all.yaml", &*mesh);
    let rule = "authorization/no_policy";
    let before = all_in_force(&[base], rule);
    let after = all_in_force(&[base, ("prod/kustomization.yaml", &list)], rule);
    let whole = "!- > prod/kustomization.yaml:0:";
    let mode = "prod/base/all.yaml:6:/spec/mtls/mode > prod/base/all.yaml:6:/spec/mtls/mode";
    let near = "!- > prod/base/kustomization.yaml:0:/resources/0";
    let came = attributed(&before, &after, &[mode, ROLL, whole]);
    assert_eq!(came.len(), 2, "{came:#?}");
    assert_eq!(came[0], "6:/spec/mtls/mode neutral []");
    assert!(
        came[1].contains("introduced authorization/no_policy"),
        "{came:#?}"
    );
    assert!(came[1].contains("opened shop/pay shop/cart:80: none > allow mtls"));
    let gone = "!prod/kustomization.yaml:0: > -";
    let told = attributed(&after, &[], &[near, mode, gone]);
    assert_eq!(told.len(), 2, "{told:#?}");
    // what is not looked at any more is not better
    assert!(told[1].starts_with("0: neutral [closed"), "{told:#?}");
    assert!(
        told[1].contains("resolved authorization/no_policy"),
        "{told:#?}"
    );
}

#[test]
fn of_several_workloads_of_one_name_the_one_that_came_is_the_cause() {
    let pay = edit(&deployment("shop", "pay", 80), "Deployment", "DaemonSet");
    let before = strict();
    let files = [("a.yaml", &*pay), ("all.yaml", &*before)];
    let (before, after) = (all_in_force(&files[1..], ""), all_in_force(&files, ""));
    // in the order of kinds the new one is the first
    let label = "!3:/spec/template/metadata/labels/v > 3:/spec/template/metadata/labels/v";
    let told = attributed(&before, &after, &[label, "!- > a.yaml:0:"]);
    assert_eq!(told.len(), 1, "{told:#?}");
    assert!(told[0].starts_with("0: neutral [opened"), "{told:#?}");
    assert!(told[0].contains("shop/pay~2"), "{told:#?}");
}

#[test]
fn the_way_in_is_what_matters_to_clients_outside() {
    let open = edit(&strict(), "STRICT", "PERMISSIVE");
    let public = "{type: LoadBalancer, selector: {app: pay}";
    let after = edit(&open, "{selector: {app: pay}", public);
    let after = edit(&after, "{istio-injection: enabled}", "{}");
    let label = "0:/metadata/labels/istio-injection > -";
    let told = told(&open, &after, &[label, "!- > 5:/spec/type"]);
    let opened = "opened external shop/pay:80: deny > allow plaintext";
    assert!(!told[0].contains(opened), "{told:#?}");
    assert_eq!(told[1], format!("5:/spec/type weaker [{opened}]"));
}

#[test]
fn a_finding_goes_with_the_object_that_left_not_with_what_else_changed_in_it() {
    let mesh = shop();
    let mode = peers("shop", "PERMISSIVE");
    let lists = |more: &str| kustomization(&format!("all.yaml{more}"));
    let side = |file: &str, listed: &str| {
        let list = lists(listed);
        let files = [
            ("prod/kustomization.yaml", &*list),
            ("prod/all.yaml", &*mesh),
            (file, &*mode),
        ];
        all_in_force(&files, "mtls/permissive")
    };
    let (before, after) = (side("prod/mode.yaml", ", mode.yaml"), side("b.yaml", ""));
    let moved = "prod/mode.yaml:0: > b.yaml:0:";
    let other = "prod/mode.yaml:0:/spec/mtls/mode > b.yaml:0:/spec/mtls/mode";
    let unlisted = "!prod/kustomization.yaml:0:/resources/1 > -";
    let told = attributed(&before, &after, &[unlisted, moved, other]);
    let resolved = |one: &&String| one.contains("resolved mtls/permissive");
    let resolved: Vec<_> = told.iter().filter(resolved).collect();
    assert_eq!(resolved.len(), 1, "{told:#?}");
    assert!(resolved[0].starts_with("0: "), "{told:#?}");
}
