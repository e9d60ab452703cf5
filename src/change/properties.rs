//! What holds of any two meshes: the differences lead from one to the other, and every one of them
//! stands at a change.

#![allow(clippy::unwrap_used)]

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use super::apart::tests::{all_at_once, one_by_one as one_by_one_apart};
use super::sample::{allow, deployment, field, line, namespace, peers, service};
use super::{Difference, EdgeState, File, InForce, attribute, compare};
use crate::reach::{Graph, Verdict};
use crate::scan::{Judged, Origin, Parsed, judge, parse};
use crate::text::{SourceFile, Sources};

/// What may stand in each file of a mesh; the first choice is nothing.
fn choices() -> Vec<(String, Vec<String>)> {
    let names = ["a", "b", "c"];
    let mut all = Vec::new();
    for (i, space) in names.into_iter().enumerate() {
        let meshed = namespace(space);
        let other = meshed.replace("enabled", "disabled");
        all.push((format!("ns-{space}"), vec![meshed, other]));
        let modes = ["STRICT", "PERMISSIVE", "DISABLE"].map(|mode| peers(space, mode));
        all.push((format!("peers-{space}"), modes.to_vec()));
        for name in ["x", "w"].iter().take(3 - i) {
            let one = deployment(space, name, 80);
            let account = one.replace(
                &format!("serviceAccountName: {name}"),
                "serviceAccountName: x",
            );
            let ports = one.replace("Port: 80}", "Port: 80}, {containerPort: 90}");
            let pod = one.replace(
                "template:\n    metadata: {",
                "template:\n    metadata: {annotations: {sidecar.istio.io/inject: 'false'}, ",
            );
            let set = one.replace("Deployment", "StatefulSet");
            all.push((
                format!("{space}-{name}"),
                vec![one, account, ports, pod, set],
            ));
            let inside = service(space, name, 80);
            let outside = inside.replace("spec: {", "spec: {type: LoadBalancer, ");
            all.push((format!("service-{space}-{name}"), vec![inside, outside]));
        }
        let policies = [
            allow(space, "p", "x", &["a/x"]),
            allow(space, "p", "x", &["b/w", "a/w"]),
            allow(space, "p", "w", &["c/x", "a/x", "b/x"]),
            allow(space, "p", "x", &["b/x"]).replace("spec:\n", "spec:\n  action: DENY\n"),
            allow(space, "p", "x", &[]),
        ];
        all.push((format!("policy-{space}"), policies.to_vec()));
    }
    all.push((
        "root".to_owned(),
        vec![
            peers("istio-system", "STRICT"),
            peers("istio-system", "PERMISSIVE"),
        ],
    ));
    all
}

/// A mesh: a choice for every file, and whether the files come in another order.
type Mesh = (Vec<usize>, bool);

fn mesh() -> impl Strategy<Value = Mesh> {
    let choices: Vec<_> = choices().iter().map(|(_, texts)| 0..=texts.len()).collect();
    (choices, any::<bool>())
}

/// Two meshes: of no kin, or one with some files changed.
fn two() -> impl Strategy<Value = (Mesh, Mesh)> {
    let edited = (
        mesh(),
        mesh(),
        prop::collection::btree_set(0..20_usize, 0..4),
    )
        .prop_map(|(one, other, which)| {
            let mut edited = one.clone();
            for i in which {
                if let (Some(to), Some(from)) = (edited.0.get_mut(i), other.0.get(i)) {
                    *to = *from;
                }
            }
            edited.1 = other.1;
            (one, edited)
        });
    prop_oneof![edited, (mesh(), mesh())]
}

fn texts(mesh: &Mesh) -> Vec<(String, String)> {
    let chosen = choices().into_iter().zip(&mesh.0);
    chosen
        .filter_map(|((name, texts), &at)| {
            Some((name + ".yaml", texts.get(at.checked_sub(1)?)?.clone()))
        })
        .collect()
}

/// All calls that may get through, as the graph has them, one by one; and what is kept.
type State = BTreeMap<(String, String), EdgeState>;

fn parsed(mesh: &Mesh) -> (Sources, Parsed) {
    let mut sources = Sources::default();
    let mut files = texts(mesh);
    if mesh.1 {
        files.reverse();
    }
    for (name, text) in files {
        sources.add(SourceFile::new(name, text));
    }
    let parsed = parse(&sources);
    (sources, parsed)
}

fn read(mesh: &Mesh) -> (State, Option<InForce>) {
    let (sources, parsed) = parsed(mesh);
    let Some(environment) = parsed.environments.first() else {
        return (State::new(), None);
    };
    let wanted = crate::facts::Sections::Named(BTreeSet::new());
    let judged = judge(&parsed, environment, &Origin::default(), &wanted);
    let kept = InForce::of(&judged, &sources, Vec::new());
    (one_by_one(&judged), Some(kept))
}

fn one_by_one(judged: &Judged) -> State {
    let (index, graph): (_, &Graph) = (&judged.world.index, &judged.graph);
    let mut state = State::new();
    for (group, id, edge) in graph.edges() {
        let listener = graph.listener(id);
        let called = index.workload(listener.workload);
        let clients = graph.some_members(group, usize::MAX).into_iter();
        let mut clients: Vec<String> = clients
            .filter(|&client| client != called.id)
            .map(|client| index.workload(client).to_string())
            .collect();
        if *group == crate::reach::Group::Outside {
            clients.push("external".to_owned());
        }
        for client in clients {
            let met = EdgeState {
                verdict: edge.verdict,
                transport: edge.transport,
            };
            if met.verdict != Verdict::Deny {
                state.insert((client, format!("{called}:{}", listener.port)), met);
            }
        }
    }
    state
}

/// Applies differences to a state, as long as they are true of it.
fn apply(state: &mut State, difference: &Difference) {
    let (Difference::Opened(one)
    | Difference::Closed(one)
    | Difference::Downgraded(one)
    | Difference::Upgraded(one)) = difference
    else {
        return;
    };
    let key = (one.from.to_string(), one.to.to_string());
    let open = |side: Option<EdgeState>| side.filter(|side| side.verdict != Verdict::Deny);
    assert_eq!(state.remove(&key), open(one.before), "{}", line(difference));
    if let Some(after) = open(one.after) {
        state.insert(key, after);
    }
}

/// The files that differ, as changes of whole objects.
fn changed(before: &Mesh, after: &Mesh) -> Vec<super::FieldChange> {
    let (before, after): (BTreeMap<_, _>, BTreeMap<_, _>) = (
        texts(before).into_iter().collect(),
        texts(after).into_iter().collect(),
    );
    let names: BTreeSet<_> = before.keys().chain(after.keys()).collect();
    let differing = names
        .into_iter()
        .filter(|name| before.get(*name) != after.get(*name));
    differing
        .flat_map(|name| {
            let old = before.get(name).map(|_| field(&format!("!{name}:0: > -")));
            let new = after.get(name).map(|_| field(&format!("!- > {name}:0:")));
            old.into_iter().chain(new)
        })
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn the_differences_lead_from_one_state_to_the_other((before, after) in two()) {
        let ((mut state, kept), (wanted, now)) = (read(&before), read(&after));
        let felt = compare(kept.as_ref(), now.as_ref());
        for one in &felt {
            apply(&mut state, &one.difference);
        }
        prop_assert_eq!(&state, &wanted);
        let fields = changed(&before, &after);
        let mut told: Vec<_> = felt.iter().map(|one| line(&one.difference)).collect();
        prop_assert!(told.is_empty() || !fields.is_empty(), "{:?}", told);
        let (kept, now): (Vec<_>, Vec<_>) = (kept.iter().collect(), now.iter().collect());
        let mut given = BTreeSet::new();
        for change in attribute(fields, felt, &kept, &now) {
            prop_assert!(change.effects != super::Effects::default());
            given.extend(super::sample::effects(&change));
        }
        told.sort();
        prop_assert_eq!(given.into_iter().collect::<Vec<_>>(), told);
    }

    #[test]
    fn environments_side_by_side_differ_as_they_do_one_by_one((one, other) in two(), third in mesh()) {
        let states = [&one, &other, &third].map(|mesh| read(mesh).1);
        let states: Vec<&InForce> = states.iter().flatten().collect();
        prop_assert_eq!(all_at_once(&states), one_by_one_apart(&states));
    }
}

/// The fields that differ, as a commit has them.
fn fields(before: &Mesh, after: &Mesh) -> Vec<super::FieldChange> {
    fn files<'a>((sources, parsed): &'a (Sources, Parsed)) -> Vec<File<'a>> {
        let of = |file| {
            let documents = parsed.documents.iter();
            let first = documents.clone().position(|one| one.file() == file);
            let count = documents.filter(|one| one.file() == file).count();
            let first = first.unwrap_or(0);
            &parsed.documents[first..first + count]
        };
        let all = sources.iter();
        all.map(|(file, source)| File {
            source,
            documents: of(file),
        })
        .collect()
    }
    let (before, after) = (parsed(before), parsed(after));
    super::fields(&files(&before), &files(&after))
}

/// How many of the files that are blamed mattered, how many did not, and how many were missed.
#[derive(Debug, Default)]
struct Score {
    right: usize,
    wrong: usize,
    missed: usize,
}

/// A file mattered for a call if that fares otherwise without its change, or with it alone.
fn score(before: &Mesh, after: &Mesh, score: &mut Score) {
    let ((old, was), (new, is)) = (read(before), read(after));
    let (Some(was), Some(is)) = (was, is) else {
        return;
    };
    let felt = compare(Some(&was), Some(&is));
    let names = choices();
    let differing = (0..names.len()).filter(|&at| before.0[at] != after.0[at]);
    let alone = differing.map(|at| {
        let (mut without, mut with) = (after.clone(), before.clone());
        without.0[at] = before.0[at];
        with.0[at] = after.0[at];
        let file = format!("{}.yaml", names[at].0);
        (file, read(&without).0, read(&with).0)
    });
    let alone: Vec<_> = alone.collect();
    let told = attribute(fields(before, after), felt, &[&was], &[&is]);
    let mut blamed: BTreeMap<(String, String), BTreeSet<&str>> = BTreeMap::new();
    for change in &told {
        let side = change.field.after.as_ref().or(change.field.before.as_ref());
        for call in change.effects.calls() {
            let key = (call.from.to_string(), call.to.to_string());
            let files = blamed.entry(key).or_default();
            files.insert(&side.unwrap().at.file);
        }
    }
    for (call, blamed) in blamed {
        let mattered = alone.iter().filter(|(_, without, with)| {
            without.get(&call) != new.get(&call) || with.get(&call) != old.get(&call)
        });
        let mattered: BTreeSet<&str> = mattered.map(|(file, ..)| &**file).collect();
        score.right += blamed.intersection(&mattered).count();
        score.wrong += blamed.difference(&mattered).count();
        score.missed += mattered.difference(&blamed).count();
    }
}

#[test]
fn what_is_blamed_mattered() {
    let mut runner = TestRunner::deterministic();
    let edits = prop::collection::btree_set(0..20_usize, 2..4);
    let strategy = (mesh(), mesh(), edits);
    let mut all = Score::default();
    for _ in 0..150 {
        let (one, other, which) = strategy.new_tree(&mut runner).unwrap().current();
        let before = (one.0, false);
        let mut after = before.clone();
        for at in which {
            after.0[at] = other.0[at];
        }
        score(&before, &after, &mut all);
    }
    assert!(all.right > 400, "{all:?}");
    assert!(all.wrong * 50 < all.right, "{all:?}");
    assert!(all.missed * 8 < all.right, "{all:?}");
}
