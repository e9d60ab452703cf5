//! Looks settings up in their sources: values of the chart, and what servers run with.

use std::collections::BTreeSet;

use super::server::Server;
use super::sources::{Rank, Source};
use crate::k8s::Index;
use crate::k8s::selector::{LabelSelector, Requirement};
use crate::mesh::consul::written::Written;
use crate::mesh::release::differing;
use crate::model::{At, Decided, Problem, ProblemKind, ResourceId};

/// The sources of the settings.
pub(super) struct Reader<'a> {
    pub(super) index: &'a Index,
    /// Values of the chart; what counts first is first.
    pub(super) values: Vec<Source>,
    pub(super) servers: Vec<Server>,
    /// What to point at where nothing is written.
    pub(super) near: At,
    pub(super) problems: &'a mut Vec<Problem>,
    /// Where places have been reported to say something else than the first one.
    pub(super) reported: BTreeSet<ResourceId>,
}

impl<'a> Reader<'a> {
    /// A value of the chart that is written.
    pub(super) fn find(&mut self, path: &[&str]) -> Option<Written<'a>> {
        let index = self.index;
        let mut found: Vec<(Rank, Written<'a>)> = Vec::new();
        for place in &self.values {
            let values = Written::object(index, place.at.clone());
            found.extend(values.and_then(|it| Some((place.rank, it.path(path)?))));
        }
        let (rank, first) = found.first()?.clone();
        // a chart that lies here need not be the one that is installed
        let of_same = |other: &&(Rank, Written<'a>)| other.0 == rank && rank != Rank::Chart;
        for (_, other) in found.iter().skip(1).filter(of_same) {
            if let Some(differs) = differing(first.node(), other.node(), other.at()) {
                self.report_other(differs);
            }
        }
        Some(first)
    }

    fn report_other(&mut self, at: At) {
        if self.reported.insert(at.resource) {
            self.report(
                "another place sets this differently for Consul, and which of them is in force is not known: the \
                 first one was taken",
                at,
            );
        }
    }

    fn report(&mut self, message: impl Into<String>, at: At) {
        let problem = Problem::at(ProblemKind::NotUnderstood, message.into(), at);
        self.problems.push(problem);
    }

    /// What `parse` makes of a value of the chart; of what it makes nothing of, the default, assumed.
    pub(super) fn parsed<T>(
        &mut self,
        path: &[&str],
        parse: impl Fn(&Written<'a>) -> Option<T>,
        default: T,
        rule: &'static str,
    ) -> Decided<T> {
        let Some(written) = self.find(path) else {
            return self.default(default, rule);
        };
        match parse(&written) {
            Some(value) => Decided::configured(value, written.at().clone()),
            None => {
                let name = path.join(".");
                let message = format!(
                    "this is no value of {name}, so what is in force is not known; write one that the chart names"
                );
                self.report(message, written.at().clone());
                let what = format!("what is written is no value of {name}");
                Decided::assumed(default, what, written.at().clone())
            }
        }
    }

    /// A switch.
    pub(super) fn flag(
        &mut self,
        path: &[&str],
        default: bool,
        rule: &'static str,
    ) -> Decided<bool> {
        self.parsed(path, Written::as_flag, default, rule)
    }

    /// A switch that is the same as another one where `-` is written, or nothing.
    pub(super) fn flag_or(
        &mut self,
        path: &[&str],
        other: &[&str],
        default: bool,
        rule: &'static str,
    ) -> Decided<bool> {
        match self.find(path) {
            Some(written) if written.as_text() != Some("-") => self.flag(path, default, rule),
            _ => self.flag(other, default, rule),
        }
    }

    /// A text.
    pub(super) fn text(
        &mut self,
        path: &[&str],
        default: &str,
        rule: &'static str,
    ) -> Decided<String> {
        let parse = |written: &Written<'a>| written.as_text().map(str::to_owned);
        self.parsed(path, parse, default.to_owned(), rule)
    }

    /// A list of texts.
    pub(super) fn texts(
        &mut self,
        path: &[&str],
        default: &[&str],
        rule: &'static str,
    ) -> Decided<Vec<String>> {
        let default = default.iter().map(|&text| text.to_owned()).collect();
        let item = |item: Written<'a>| item.as_text().map(str::to_owned);
        let parse = |list: &Written<'a>| {
            let is_list = list.node().is_list();
            let items = is_list.then(|| list.items().into_iter().map(item).collect());
            items.flatten()
        };
        self.parsed(path, parse, default, rule)
    }

    /// `connectInject.namespaceSelector`.
    pub(super) fn namespace_selector(&mut self) -> Decided<LabelSelector> {
        let requirement = |key: &str, operator: &str, values: &[&str]| Requirement {
            key: key.to_owned(),
            operator: operator.to_owned(),
            values: values.iter().map(|&value| value.to_owned()).collect(),
        };
        let system = &[
            "kube-system",
            "local-path-storage",
            "openebs",
            "gmp-system",
            "gke-managed-cim",
        ];
        let usual = LabelSelector {
            match_expressions: vec![
                requirement("kubernetes.io/metadata.name", "NotIn", system),
                requirement("openshift.io/cluster-monitoring", "DoesNotExist", &[]),
            ],
            ..LabelSelector::default()
        };
        let parse = |written: &Written<'a>| match written.node().as_str() {
            // without a text the webhook has no selector
            Some(text) if text.trim().is_empty() => Some(LabelSelector::default()),
            _ => crate::syntax::from_node(written.node()).ok(),
        };
        let path = ["connectInject", "namespaceSelector"];
        self.parsed(&path, parse, usual, "the injector's usual selector")
    }

    /// What a setting of servers is: that of the first, and a problem if others differ.
    pub(super) fn of_servers<T: PartialEq>(
        &mut self,
        absent: T,
        read: impl Fn(&'a Index, &Server) -> Decided<T>,
    ) -> Decided<T> {
        let mut all: Vec<Decided<T>> = self
            .servers
            .iter()
            .map(|one| read(self.index, one))
            .collect();
        if all.is_empty() {
            return Decided::assumed(absent, NO_SERVER, self.near.clone());
        }
        let first = all.remove(0);
        for other in all.iter().filter(|other| other.value != first.value) {
            self.report_other(other.because.at().clone());
        }
        first
    }

    /// A value nobody wrote: the chart's default where its values are in the input, else assumed.
    pub(super) fn default<T>(&self, value: T, rule: &'static str) -> Decided<T> {
        match self.values.first() {
            Some(source) => Decided::default(value, rule, source.at.clone()),
            None => {
                let what = format!("{rule} (values of the chart are not in the input)");
                Decided::assumed(value, what, self.near.clone())
            }
        }
    }
}

/// Where no server is in the input.
const NO_SERVER: &str = "what Consul's servers run with is not in the input";
