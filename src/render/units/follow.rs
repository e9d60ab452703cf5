//! What the objects of a path have applied, and where that leads.

use std::collections::HashMap;

use super::{Ask, Unit, Units, What};
use crate::model::Problem;
use crate::render::chart::{Overlay, Release};
use crate::render::delivery::{
    self, Argo, Installation, Manner, Order, ValuesFile, Whose, applications, is_applier, open,
};
use crate::render::paths::resolve;
use crate::render::{Member, Namespace};
use crate::syntax::{Document, Node, Tree};
use crate::text::Span;

/// How many paths are followed in one scan.
const MAX_UNITS: usize = 20_000;

/// How many objects all of them may have.
const MAX_MEMBERS: usize = 2_000_000;

/// How many values all documents may have that are made of others.
const MAX_VALUES: usize = 8_000_000;

/// Where Argo CD looks for what an Application is to be changed in.
const ARGO_OVERRIDES: &str = ".argocd-source";

impl<'a> Units<'a> {
    /// What the objects of a unit have applied. Applications that are made by others are added to them.
    pub(super) fn orders(&mut self, unit: &mut Unit) -> Vec<Order> {
        let mut orders = Vec::new();
        let mut added = Vec::new();
        for at in 0..unit.members.len() {
            let Some((member, _)) = unit.members.get(at) else {
                continue;
            };
            let Some(document) = self.document(member.document) else {
                continue;
            };
            let root = document.root();
            let items = root.get("items").into_iter().flat_map(Node::items);
            let appliers = std::iter::once(root)
                .chain(items)
                .filter(|one| is_applier(*one));
            let appliers: Vec<Tree> = appliers.map(|one| self.tree(one)).collect();
            let number = document.number();
            let mut speaks_of = None;
            for object in appliers {
                let (made, problems) = match object.get("kind").and_then(Tree::as_str) {
                    Some("ApplicationSet") => applications(&object, &self.checkout),
                    _ => (Vec::new(), Vec::new()),
                };
                unit.problems.extend(problems);
                for application in made {
                    orders.extend(delivery::orders(&application));
                    let cluster = delivery::cluster(&application);
                    added.push((application.to_document(number), cluster));
                }
                orders.extend(delivery::orders(&object));
                speaks_of = speaks_of.or(delivery::cluster(&object));
            }
            if let Some((_, cluster)) = unit.members.get_mut(at) {
                *cluster = speaks_of;
            }
        }
        unit.is_rendered |= !added.is_empty();
        for (document, cluster) in added {
            let document = self.make(document);
            let member = Member {
                document,
                namespace: None,
            };
            unit.members.push((member, cluster));
        }
        orders
    }

    /// An object with the values in its texts as if they were written in it.
    fn tree(&self, object: Node<'_>) -> Tree {
        let mut tree = Tree::from(object);
        let source = |span: Span| self.sources.get(span.file);
        let several = object.path(&["spec", "sources"]);
        let count = several.map_or(0, |several| several.items().len());
        let nodes = object.path(&["spec", "source"]).into_iter();
        let nodes: Vec<Node<'_>> = nodes
            .chain(several.into_iter().flat_map(Node::items))
            .collect();
        for (at, node) in nodes.into_iter().enumerate() {
            let Some(text) = node.path(&["helm", "values"]) else {
                continue;
            };
            let Ok(inner) = crate::syntax::embedded(source(text.span()), text) else {
                continue;
            };
            let at = at.checked_sub(usize::from(object.path(&["spec", "source"]).is_some()));
            let spec = tree.get_mut("spec");
            let place = match (at, count) {
                (Some(at), 1..) => spec
                    .and_then(|spec| spec.get_mut("sources"))
                    .and_then(|list| list.items_mut().get_mut(at)),
                _ => spec.and_then(|spec| spec.get_mut("source")),
            };
            let helm = place.and_then(|source| source.get_mut("helm"));
            if let Some(helm) = helm.filter(|helm| helm.get("valuesObject").is_none()) {
                helm.set(crate::syntax::Field {
                    key: "valuesObject".to_owned(),
                    key_span: text.span(),
                    value: inner.root().into(),
                });
            }
        }
        tree
    }

    /// The unit that is asked for, if it is one of this repository.
    pub(super) fn follow(&mut self, by: usize, order: Order) -> Option<(Option<String>, usize)> {
        let whose = self.checkout.own.whose(&order.origin);
        let is_there = self.checkout.has(&order.path);
        let (at, who) = (order.at, order.who.clone());
        match whose {
            Whose::Another => return None,
            Whose::Unknown if !is_there || order.path == "." => return None,
            Whose::This if !is_there => {
                let message = format!(
                    "{who} applies {}, which is not among the files read; what it has applied is not judged",
                    order.path
                );
                self.say(by, open(message, at));
                return None;
            }
            Whose::This | Whose::Unknown => {}
        }
        if self.all.len() >= MAX_UNITS || self.members > MAX_MEMBERS || self.values > MAX_VALUES {
            let message = format!(
                "{who} is not followed, as more is applied here than meshvet takes in one run"
            );
            self.say(by, open(message, at));
            return None;
        }
        let cluster = order.cluster.clone();
        let notes = order.notes.clone();
        let ask = match self.ask(order) {
            Ok(ask) => ask?,
            Err((field, span)) => {
                let message = format!(
                    "what {who} applies is not judged with all else, as it is changed by what is not understood here: {field}"
                );
                self.say(by, open(message, span));
                return None;
            }
        };
        for note in notes {
            self.say(by, note);
        }
        Some((cluster, self.unit(ask)))
    }

    fn say(&mut self, by: usize, problem: Problem) {
        if let Some(unit) = self.all.get_mut(by) {
            unit.problems.push(problem);
        }
    }

    /// What an order asks for, or the field that is not understood; nothing where nothing is applied.
    fn ask(&self, order: Order) -> Result<Option<Ask>, (String, Span)> {
        if let Some(refused) = order.refused.into_iter().next() {
            return Err(refused);
        }
        let home = self.checkout.shown(&order.path);
        let has_kustomization = self.kustomizations.has(&home);
        let namespace = order.namespace;
        let what = match order.manner {
            Manner::Flux if has_kustomization => What::Kustomization(home, order.changes),
            Manner::Flux => What::Below(order.path, order.changes),
            Manner::Chart(chart) => {
                if !self.charts.is_chart(&home) {
                    return Ok(None);
                }
                What::Chart(self.release(home, *chart, namespace.clone())?)
            }
            Manner::Argo(argo) => {
                let is_override = |inside: &str| inside.starts_with(ARGO_OVERRIDES);
                let is_overridden = {
                    let mut beside = self.checkout.below(&order.path);
                    beside.any(|(inside, _)| is_override(inside))
                };
                if is_overridden {
                    return Err((format!("a file {ARGO_OVERRIDES}….yaml"), order.at));
                }
                let Argo {
                    directory,
                    chart,
                    of_kustomization,
                    kustomized,
                } = *argo;
                if has_kustomization {
                    if let Some(refused) = of_kustomization.into_iter().next() {
                        return Err(refused);
                    }
                    What::Kustomization(home, kustomized)
                } else if self.charts.is_chart(&home) {
                    What::Chart(self.release(home, chart, namespace.clone())?)
                } else {
                    What::Directory(order.path, directory)
                }
            }
        };
        let variables = order.variables.map(|mut variables| {
            variables.complete(|one| self.holder(one));
            variables
        });
        Ok(Some(Ask {
            what,
            namespace,
            metadata: order.metadata,
            variables,
        }))
    }

    fn release(
        &self,
        chart: String,
        installation: Installation,
        namespace: Option<Namespace>,
    ) -> Result<Release, (String, Span)> {
        if let Some(refused) = installation.refused.into_iter().next() {
            return Err(refused);
        }
        let mut values = Vec::new();
        for (file, span) in installation.files {
            let name = match &file {
                ValuesFile::Beside(path) => resolve(&chart, path),
                ValuesFile::FromTop(path) => self.checkout.shown(path),
            };
            if self.files.id(&name).is_none() {
                return Err((format!("{name}, which is not among the files read"), span));
            }
            values.push(Overlay::File(name));
        }
        values.extend(installation.written);
        Ok(Release {
            chart,
            name: installation.name,
            namespace,
            values,
        })
    }

    /// The object that holds variables, if exactly one of its name was read.
    fn holder(&self, wanted: &delivery::Reference) -> Option<Tree> {
        let named = self.holders().get(wanted.name.as_str())?.iter();
        let mut found = named.filter(|root| {
            let namespace = root.path(&["metadata", "namespace"]).and_then(Node::as_str);
            root.get("kind").and_then(Node::as_str) == Some(&wanted.kind)
                && (namespace.is_none() || namespace == wanted.namespace.as_deref())
        });
        match (found.next(), found.next()) {
            (Some(&one), None) => Some(one.into()),
            _ => None,
        }
    }

    fn holders(&self) -> &HashMap<&'a str, Vec<Node<'a>>> {
        self.holders.get_or_init(|| {
            let mut holders: HashMap<&str, Vec<Node<'_>>> = HashMap::new();
            for root in self.files.all_documents().map(Document::root) {
                let text = |path: &[&str]| root.path(path).and_then(Node::as_str);
                let may_hold = matches!(text(&["kind"]), Some("ConfigMap" | "Secret"));
                if let Some(name) = text(&["metadata", "name"]).filter(|_| may_hold) {
                    holders.entry(name).or_default().push(root);
                }
            }
            holders
        })
    }
}
