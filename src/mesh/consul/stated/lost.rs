//! What of intentions the proxies do not enforce as it is written.
//!
//! A proxy has one list of callers, and what it does to them is the opposite of the default; what
//! says the same as the default is left out of it. `hashicorp/consul: agent/xds/rbac.go`.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::Services;
use super::criteria::{covers, http, needed, takes_absent};
use crate::mesh::consul::Consul;
use crate::mesh::consul::entry::{Entry, is_http};
use crate::mesh::consul::intention::{Action, Intention, Permission, Requirement};
use crate::mesh::consul::service::Name;
use crate::model::{At, Loss, Lost, WorkloadId};

/// The intentions about the destination of an entry.
pub(super) struct Losses<'a> {
    consul: &'a Consul,
    /// What counts first is first.
    about: Vec<Intention>,
    /// The workloads of the destination whose proxies read requests.
    reading: Vec<WorkloadId>,
    /// Those whose proxies do not, and the line that says so.
    streaming: Vec<(WorkloadId, Option<At>)>,
    /// Whether all of them ask Consul itself, which goes by what is written.
    native: bool,
}

impl<'a> Losses<'a> {
    pub(super) fn new(consul: &'a Consul, services: &Services, entry: &Entry) -> Self {
        let name = Name {
            namespace: entry.namespace.clone(),
            name: entry.name.clone(),
        };
        let wild = &*entry.name == "*";
        let mut losses = Self {
            consul,
            about: match wild {
                true => Vec::new(),
                false => consul.intentions_about(&name),
            },
            reading: Vec::new(),
            streaming: Vec::new(),
            native: false,
        };
        let selected = services.of(entry);
        let is_native = |id: &WorkloadId| {
            let own = consul.own(consul.index.workload(*id));
            own.is_some_and(|own| own.native)
        };
        losses.native = !selected.is_empty() && selected.iter().all(is_native);
        for id in selected.into_iter().filter(|id| !is_native(id)) {
            let workload = consul.index.workload(id);
            let mut registered = consul.registered(workload).iter();
            let main = registered.find(|one| wild || one.name == name);
            let protocol = consul.protocol_on(workload, main);
            match is_http(protocol.value) {
                true => losses.reading.push(id),
                false => {
                    let because = protocol.because;
                    let at = because.is_configured().then(|| because.at().clone());
                    losses.streaming.push((id, at));
                }
            }
        }
        losses
    }

    /// What is lost of those parts of an intention that let in, or of those that refuse.
    pub(super) fn of(&self, intention: &Intention, allows: bool) -> Vec<Lost> {
        if self.native {
            return Vec::new();
        }
        let mut all = self.tokenless(intention, allows);
        all.extend(self.open(intention, allows));
        all.extend(self.outdone(intention, allows));
        all.extend(self.shadowed(intention, allows));
        all.extend(self.absent(intention, allows));
        all
    }

    /// Whether no proxy asks for the tokens of those parts.
    pub(super) fn asks_for_no_token(&self, intention: &Intention, allows: bool) -> bool {
        let by_default = self.default() == Some(true) && allows;
        by_default || (self.is_stream_only() && permissions(intention).is_empty())
    }

    /// The workloads of the destination whose proxies read requests.
    pub(super) fn reading(&self) -> &[WorkloadId] {
        &self.reading
    }

    /// The providers whose tokens are looked at for an intention.
    pub(super) fn looks_at(&self, intention: &Intention) -> BTreeSet<Arc<str>> {
        let effects = [true, false].into_iter();
        let asked = effects.filter(|&allows| !self.asks_for_no_token(intention, allows));
        let all = asked.flat_map(|allows| tokens(intention, allows));
        let providers = all.flat_map(|token| &token.providers);
        providers.map(|one| Arc::clone(&one.name)).collect()
    }

    fn default(&self) -> Option<bool> {
        self.consul.config.default_allow.value
    }

    /// Where the default is written.
    fn default_at(&self) -> Option<At> {
        let because = &self.consul.config.default_allow.because;
        because.is_configured().then(|| because.at().clone())
    }

    fn everywhere(&self) -> Vec<WorkloadId> {
        let streaming = self.streaming.iter().map(|(id, _)| *id);
        self.reading.iter().copied().chain(streaming).collect()
    }

    fn lost(how: Loss, at: &At, on: Vec<WorkloadId>, by: Option<At>) -> Lost {
        Lost {
            at: at.clone(),
            how,
            on,
            before: false,
            by,
        }
    }

    /// Tokens that nobody has to show: no proxy that passes on bytes asks for one, nor one that lets
    /// callers in by default; and one that refuses by a token refuses only those who show it.
    fn tokenless(&self, intention: &Intention, allows: bool) -> Vec<Lost> {
        let mut found = Vec::new();
        let tokens = tokens(intention, allows);
        for at in tokens.iter().map(|token| &token.at) {
            if self.default() == Some(true) && !self.is_stream_only() {
                let on = self.reading.clone();
                found.push(Self::lost(Loss::Tokenless, at, on, self.default_at()));
            }
            if allows && acts(intention) && !self.streaming.is_empty() {
                let on = self.streaming.iter().map(|(id, _)| *id).collect();
                let by = self.streaming.iter().find_map(|(_, at)| at.clone());
                found.push(Self::lost(Loss::Tokenless, at, on, by));
            }
        }
        found
    }

    fn is_stream_only(&self) -> bool {
        self.reading.is_empty() && !self.streaming.is_empty()
    }

    /// A list of what is let in keeps nobody from the rest where the default lets that in, and takes
    /// its callers out of what refuses everyone else.
    fn open(&self, intention: &Intention, allows: bool) -> Option<Lost> {
        let Action::ByRequest(_, at) = &intention.action else {
            return None;
        };
        if !allows || !self.is_open(intention) || self.is_stream_only() {
            return None;
        }
        let mut others = self.about.iter().filter(|one| {
            let wider = one.source == intention.source || intention.source.is_within(&one.source);
            wider && one.precedence < intention.precedence
        });
        let refusal = others.find(|one| matches!(one.action, Action::All(false, _)));
        let (how, by) = match refusal {
            Some(refusal) => (Loss::Exempt, Some(refusal.at.clone())),
            None => (Loss::Open, self.default_at()),
        };
        Some(Self::lost(how, at, self.reading.clone(), by))
    }

    fn is_open(&self, intention: &Intention) -> bool {
        let refuses = permissions(intention).iter().any(|one| !one.allows);
        !refuses && self.default() == Some(true)
    }

    /// What says the same as the default about all callers is left out, and so takes no caller off the
    /// list whom a line about every destination has put there, though that one comes later.
    fn outdone(&self, intention: &Intention, allows: bool) -> Vec<Lost> {
        let Some(default) = self.default() else {
            return Vec::new();
        };
        let (agrees, at) = match &intention.action {
            Action::All(own, at) => (*own == default, at),
            // said once, of what lets in if there is anything
            Action::ByRequest(all, at) => (allows || all.iter().all(|one| !one.allows), at),
        };
        let later = self.about.iter().filter(|one| {
            one.precedence < intention.precedence
                && one.source.is_within(&intention.source)
                && matches!(one.action, Action::All(own, _) if own != default)
        });
        let last = later.filter(|one| {
            let mut same = self.about.iter().filter(|other| other.source == one.source);
            same.next().is_some_and(|first| first.at == one.at)
        });
        last.filter(|_| agrees)
            .map(|one| Self::lost(Loss::Outdone, at, self.everywhere(), Some(one.at.clone())))
            .collect()
    }

    /// Permissions that are never reached.
    fn shadowed(&self, intention: &Intention, allows: bool) -> Vec<Lost> {
        let permissions = permissions(intention);
        let each = permissions.iter().enumerate();
        let found = each.filter_map(|(place, one)| {
            let own = http(self.consul, &one.at);
            let before = permissions.iter().take(place);
            let mut others = before.filter(|before| before.allows != one.allows);
            let cover = others
                .find(|before| covers(http(self.consul, &before.at).as_ref(), own.as_ref()))?;
            let by = Some(cover.at.clone());
            (one.allows == allows)
                .then(|| Self::lost(Loss::Shadowed, &one.at, self.everywhere(), by))
        });
        found.collect()
    }

    /// Headers that must not have a value: whoever leaves them out has another one to nobody.
    fn absent(&self, intention: &Intention, allows: bool) -> Vec<Lost> {
        let permissions = permissions(intention);
        let mut found = Vec::new();
        for (place, one) in permissions.iter().enumerate() {
            let Some(own) = http(self.consul, &one.at).filter(|_| one.allows == allows) else {
                continue;
            };
            let rest = permissions.get(place + 1..).unwrap_or_default();
            let meant = allows && !self.is_open(intention);
            let passes =
                !allows && (self.default() == Some(true) || rest.iter().any(|one| one.allows));
            for (name, at) in needed(&own) {
                let is_told = permissions.iter().any(|other| {
                    let http = http(self.consul, &other.at);
                    other.allows == allows && http.is_some_and(|it| takes_absent(&it, name))
                });
                if !is_told && (meant || passes) {
                    found.push(Self::lost(Loss::Absent, &at, self.everywhere(), None));
                }
            }
        }
        found
    }
}

fn permissions(intention: &Intention) -> &[Permission] {
    match &intention.action {
        Action::All(..) => &[],
        Action::ByRequest(all, _) => all,
    }
}

/// Whether it lets its callers in whatever they ask for.
fn acts(intention: &Intention) -> bool {
    matches!(intention.action, Action::All(true, _))
}

/// The tokens that the parts of an intention ask for that let in, or those that refuse.
fn tokens(intention: &Intention, allows: bool) -> Vec<&Requirement> {
    let of_effect = permissions(intention)
        .iter()
        .filter(|one| one.allows == allows);
    let said = match &intention.action {
        Action::All(own, _) => *own == allows,
        Action::ByRequest(..) => of_effect.clone().next().is_some(),
    };
    let whole = intention.token.iter().filter(|_| said);
    let of_effect = of_effect.filter_map(|one| one.token.as_ref());
    whole.chain(of_effect).collect()
}
