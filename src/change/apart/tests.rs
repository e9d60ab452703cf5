#![allow(clippy::unwrap_used, clippy::panic)]

use std::collections::{BTreeMap, BTreeSet};

use super::{Divided, Reach, divided};
use crate::change::sample::{allow, in_force, namespace, peers, shop};
use crate::change::{EdgeState, InForce};
use crate::model::Transport;
use crate::reach::Verdict;

/// The names of all workloads of environments, and which one each is.
fn named(states: &[&InForce]) -> (Vec<String>, Vec<Vec<Option<usize>>>) {
    let names = states.iter().flat_map(|state| &state.clients);
    let names: BTreeSet<String> = names.map(|client| client.name.to_string()).collect();
    let names: Vec<String> = names.into_iter().collect();
    let number = |name: &str| names.binary_search_by(|one| (**one).cmp(name)).ok();
    let same = states
        .iter()
        .map(|state| state.clients.iter().map(|one| number(&one.name)).collect())
        .collect();
    (names, same)
}

/// What differs, in lines: who, whom, and how it fares in each environment because of what.
fn told(texts: &[&str]) -> Vec<String> {
    let states: Vec<InForce> = texts
        .iter()
        .map(|text| in_force(&[("all.yaml", text)]))
        .collect();
    let states: Vec<&InForce> = states.iter().collect();
    let (names, same) = named(&states);
    let line = |one: &Divided<'_>| {
        let from: Vec<&str> = one.callers.iter().map(|key| names[*key].as_str()).collect();
        let fates = one.fates.iter().map(|fate| match fate {
            None => "none".to_owned(),
            Some(fate) => {
                let over = fate.state.transport.map_or("", |over| over.name());
                let because = fate.because.map(|because| {
                    let default = if because.is_default { " default" } else { "" };
                    format!("{}:{}{default}", because.at.document, because.at.pointer)
                });
                let because = because.unwrap_or_default();
                format!("{} {over} {because}", fate.state.verdict.name())
            }
        });
        let fates: Vec<String> = fates.collect();
        let (to, port, reach) = (&names[one.server], one.port, one.reach);
        format!(
            "{reach:?} {} > {to}:{port} | {}",
            from.join(","),
            fates.join(" | ")
        )
    };
    divided(&states, &same).iter().map(line).collect()
}

#[test]
fn each_side_names_the_line_that_decided() {
    let open = shop() + &allow("shop", "p", "cart", &["shop/web", "shop/pay"]);
    let closed = shop() + &allow("shop", "p", "cart", &["shop/web"]);
    assert_eq!(
        told(&[&open, &closed, &open]),
        [
            "Some shop/pay > shop/cart:80 | allow mtls 6:/spec/rules/1 | deny  6:/spec | allow mtls 6:/spec/rules/1"
        ]
    );
    assert_eq!(told(&[&open, &open]), [""; 0]);
}

#[test]
fn what_is_not_there_is_not_compared() {
    let without = namespace("shop") + &crate::change::sample::deployment("shop", "web", 80);
    let all = shop() + &allow("shop", "p", "web", &[]);
    // of web's callers there is none on the other side
    assert_eq!(told(&[&without, &all]), [""; 0]);
    let told = told(&[&without, &all, &shop()]);
    assert!(
        told.iter().all(|line| line.contains("| none |")),
        "{told:#?}"
    );
}

#[test]
fn a_weaker_transport_is_told_with_what_decides_it() {
    let rule = "---\napiVersion: networking.istio.io/v1\nkind: DestinationRule\n\
        metadata: {name: pay, namespace: shop}\n\
        spec: {host: pay, trafficPolicy: {tls: {mode: DISABLE}}}\n";
    let open = shop() + &peers("shop", "PERMISSIVE");
    let plain = told(&[&open, &(open.clone() + rule)]);
    assert_eq!(plain.len(), 1, "{plain:#?}");
    assert!(
        plain[0].contains("allow plaintext 7:/spec/trafficPolicy/tls"),
        "{plain:#?}"
    );
}

#[test]
fn callers_whose_own_lines_decide_stay_apart() {
    let without = |name: &str, text: &str| {
        let labels = format!("metadata: {{labels: {{app: {name}}}}}");
        let bare = format!(
            "metadata: {{labels: {{app: {name}}}, annotations: {{sidecar.istio.io/inject: 'false'}}}}"
        );
        assert!(text.contains(&labels));
        text.replace(&labels, &bare)
    };
    let open = shop() + &peers("shop", "PERMISSIVE");
    let bare = without("pay", &without("web", &open));
    let told = told(&[&bare, &open]);
    let of = |caller: &str| {
        let start = format!("Some {caller} > shop/cart:80 | allow plaintext ");
        let line = told.iter().find(|line| line.starts_with(&start));
        line.unwrap_or_else(|| panic!("{told:#?}"))[start.len()..].to_owned()
    };
    let annotation = "/spec/template/metadata/annotations/sidecar.istio.io~1inject";
    assert!(
        of("shop/web").starts_with(&format!("1:{annotation} ")),
        "{told:#?}"
    );
    assert!(
        of("shop/pay").starts_with(&format!("3:{annotation} ")),
        "{told:#?}"
    );
}

#[test]
fn clients_outside_are_told_where_a_way_leads_in() {
    let exposed = shop().replace(
        "{selector: {app: cart}",
        "{type: LoadBalancer, selector: {app: cart}",
    );
    let told = told(&[&exposed, &shop()]);
    assert_eq!(told.len(), 1, "{told:#?}");
    assert!(
        told[0].starts_with("Outside  > shop/cart:80 | allow plaintext "),
        "{told:#?}"
    );
    assert!(told[0].ends_with(" | deny  "), "{told:#?}");
}

#[test]
fn what_is_not_known_is_not_known_to_differ() {
    let state = |verdict, transport| EdgeState { verdict, transport };
    let (plain, mtls) = (Some(Transport::Plaintext), Some(Transport::Mtls));
    let apart = |one: EdgeState, other: EdgeState| {
        assert_eq!(one.is_apart(other), other.is_apart(one));
        one.is_apart(other)
    };
    let allow = |transport| state(Verdict::Allow, transport);
    assert!(apart(allow(plain), allow(mtls)));
    assert!(apart(allow(None), EdgeState::CLOSED));
    assert!(apart(state(Verdict::Conditional, mtls), allow(mtls)));
    assert!(!apart(allow(None), allow(mtls)));
    assert!(!apart(state(Verdict::Unknown, plain), allow(mtls)));
    assert!(!apart(state(Verdict::Unknown, None), EdgeState::CLOSED));
}

#[test]
fn many_callers_are_named_by_what_they_share() {
    let mut many = namespace("many");
    for name in ["a", "b", "c", "d"] {
        many += &crate::change::sample::deployment("many", name, 80);
    }
    let closed = shop() + &many + &allow("shop", "p", "cart", &[]);
    let told = told(&[&(shop() + &many), &closed]);
    assert_eq!(told.len(), 1, "{told:#?}");
    assert!(
        told[0].starts_with("Any many/a,many/b,many/c,many/d,shop/pay,shop/web > shop/cart:80"),
        "{told:#?}"
    );
}

/// Every call between workloads that are in several environments and fare otherwise, one by one.
pub(in crate::change) fn one_by_one(
    states: &[&InForce],
) -> BTreeMap<(String, String), Vec<Option<EdgeState>>> {
    let (names, _) = named(states);
    let mut all = BTreeMap::new();
    let ports = states.iter().flat_map(|state| &state.listeners);
    let ports: BTreeSet<String> = ports.map(|one| one.name.to_string()).collect();
    for from in names.iter().map(String::as_str).chain(["external"]) {
        for to in &ports {
            if to.rsplit_once(':').map(|(server, _)| server) == Some(from) {
                continue;
            }
            let known = |state: &&InForce, state_of: EdgeState| {
                let is_known = |name: &str| {
                    let mut clients = state.clients.iter();
                    let client = clients.find(|client| &*client.name == name);
                    client.is_none_or(|client| super::all::is_known(&client.places))
                };
                let both = is_known(from) && is_known(to.rsplit_once(':').unwrap().0);
                EdgeState {
                    transport: state_of.transport.filter(|_| both),
                    ..state_of
                }
            };
            let fares = |state: &&InForce| Some(known(state, state.edge(from, to)?));
            // a port that is not there is nobody's
            let there = |state: &&InForce| state.listeners.iter().any(|one| &*one.name == to);
            let fares: Vec<Option<EdgeState>> = states
                .iter()
                .map(|state| fares(state).filter(|_| there(state)))
                .collect();
            let differ = |one: &EdgeState| {
                let mut others = fares.iter().flatten();
                others.any(|other| one.is_apart(*other))
            };
            if fares.iter().flatten().any(differ) {
                all.insert((from.to_owned(), to.clone()), fares);
            }
        }
    }
    all
}

/// The same, as [`divided`] has it.
pub(in crate::change) fn all_at_once(
    states: &[&InForce],
) -> BTreeMap<(String, String), Vec<Option<EdgeState>>> {
    let (names, same) = named(states);
    let mut all = BTreeMap::new();
    for one in divided(states, &same) {
        let to = format!("{}:{}", names[one.server], one.port);
        let fates: Vec<_> = one
            .fates
            .iter()
            .map(|fate| fate.map(|fate| fate.state))
            .collect();
        let callers = one.callers.iter().map(|key| names[*key].clone());
        let outside = (one.reach == Reach::Outside).then(|| "external".to_owned());
        for from in callers.chain(outside) {
            let new = all.insert((from, to.clone()), fates.clone());
            assert!(new.is_none(), "{to} twice");
        }
    }
    all
}
