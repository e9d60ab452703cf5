//! Small environments for unit tests.

#![allow(clippy::unwrap_used, clippy::unimplemented)]

use std::sync::Arc;

use super::{Call, Mesh, PolicyResource, Settings, Version};
use crate::k8s::Index;
use crate::model::{
    AccessLog, At, Decided, Identity, Listener, Membership, Outside, Policy, Problem, TokenRule,
    Way, Workload,
};
use crate::render;
use crate::syntax::parse;
use crate::text::{SourceFile, Sources};

/// The environment that files make up, and what was wrong with them.
pub fn index(files: &[(&str, &str)]) -> (Arc<Index>, Vec<Problem>) {
    let mut sources = Sources::default();
    let (mut documents, mut problems) = (Vec::new(), Vec::new());
    for (name, text) in files {
        let file = sources.add(SourceFile::new(*name, *text));
        let (mut read, failed) = parse(file, sources.get(file));
        problems.extend(failed);
        problems.extend(render::embedded::attach(|id| sources.get(id), &mut read));
        documents.extend(read);
    }
    let sorted = render::environments(
        &render::Guide::default(),
        &sources,
        &mut documents,
        problems,
        &render::Rendered::default(),
    );
    let (index, mut more) = Index::build(sorted.environments.first().unwrap(), Arc::new(documents));
    more.extend(sorted.problems);
    (Arc::new(index), more)
}

/// A mesh that says of every workload the same, and knows no more than that.
pub struct Same {
    /// Whether workloads are in it.
    pub membership: Membership,
    /// What their proxies open.
    pub opened: Vec<(u16, At)>,
    /// The tokens of the provider `known`.
    pub provider: Option<TokenRule>,
}

impl Mesh for Same {
    fn kind(&self) -> &'static str {
        "same"
    }

    fn title(&self) -> &'static str {
        "Same"
    }

    fn membership(&self, workload: &Workload) -> Decided<Membership> {
        Decided::configured(self.membership, workload.at())
    }

    fn opened_ports(&self, _: &Workload) -> Vec<(u16, At)> {
        self.opened.clone()
    }

    fn token_provider(&self, name: &str) -> Option<TokenRule> {
        self.provider.clone().filter(|_| name == "known")
    }

    fn settings(&self) -> &Settings {
        unimplemented!()
    }

    fn identity(&self, _: &Workload) -> Identity {
        unimplemented!()
    }

    fn account(&self, _: &str, _: &str) -> Identity {
        unimplemented!()
    }

    fn listener(&self, _: &Workload, _: u16) -> Listener {
        unimplemented!()
    }

    fn ways(&self, _: &Workload, _: &Call<'_>) -> Vec<Way> {
        unimplemented!()
    }

    fn ways_out(&self, _: &Workload, _: &Outside) -> Vec<Way> {
        unimplemented!()
    }

    fn ways_in(&self, _: &Workload, _: u16, _: bool) -> Vec<Way> {
        unimplemented!()
    }

    fn origination_key(&self, _: &Workload) -> String {
        unimplemented!()
    }

    fn access_log(&self, _: &Workload) -> AccessLog {
        unimplemented!()
    }

    fn policies(&self) -> &[Policy] {
        unimplemented!()
    }

    fn policy_resources(&self) -> &'static [PolicyResource] {
        unimplemented!()
    }

    fn is_own_account(&self, _: &str, _: &str) -> bool {
        unimplemented!()
    }

    fn versions(&self) -> Vec<Version> {
        unimplemented!()
    }
}
