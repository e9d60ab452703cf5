//! Who brought what findings point at.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use super::Commit;
use super::entries::Teller;
use super::judge::{Judge, Snapshot};
use super::layout::{Layout, Sorted};
use super::origin::fields;
use super::reading::{Changed, Reading};
use super::state::{File, State};
use super::walk::{Moment, TOGETHER, Traveller, Walk, whole};
use crate::change::{self, FieldChange, Traced, Written};
use crate::finding::{Finding, Introduced, ResourceRef};
use crate::load::{self, Refusal, blob_id};
use crate::mesh;
use crate::model::{Place, Problem};
use crate::policy::Rules;
use crate::render::Guide;
use crate::scan::Parsed;
use crate::syntax::{Document, locate};
use crate::text::{FileId, Sources};

/// How many states are sorted side by side, before it is known how many have to be.
const AHEAD: usize = 8;

/// Finds for each finding the commit that gave the line it points at its present meaning; where the
/// line is there only because something else is missing, the one that took that away.
///
/// `sources` and `parsed` are what was scanned: the files of the commit, or, if `on_disk`, those that
/// lie there.
///
/// # Errors
/// The repository cannot be read.
pub fn introduced(
    walk: &Walk<'_>,
    on_disk: bool,
    sources: &Sources,
    parsed: &Parsed,
    findings: &mut [Finding],
) -> Result<(), Refusal> {
    let mut open = Vec::new();
    for (number, finding) in findings.iter().enumerate() {
        open.extend(Open::new(number, finding, sources, parsed));
    }
    if open.is_empty() {
        return Ok(());
    }
    let trunk = walk.log.trunk(walk.log.head(), None)?;
    let Some(&newest) = trunk.first() else {
        return Ok(());
    };
    let scanned = scanned(sources, parsed);
    let known = scanned.files.values().map(|file| {
        let id = blob_id(file.source.text());
        (file.source.name().to_owned(), id, Arc::clone(file))
    });
    let mut traveller = Traveller::knowing(walk, newest, known)?;
    let about_more = open.iter().filter(|one| one.is_about_more);
    let about_more: HashSet<Arc<str>> = about_more.map(|one| Arc::clone(&one.rule)).collect();
    let rules = walk.rules.only(|rule| about_more.contains(&rule.id));
    let mut search = Search::new(walk, &rules, open);
    search.layout = Layout::of(traveller.state.clone());
    if on_disk {
        let lies_there = scanned.or_equal(&traveller.state);
        let files = Changed::between(&traveller.state, &lies_there);
        let problems = &traveller.state.problems;
        search.layout = Layout::of(lies_there);
        let reading = &mut traveller.reading;
        search.moment(None, &files, problems, None, reading, findings)?;
    }
    for commits in trunk.chunks(TOGETHER) {
        if search.open.is_empty() {
            break;
        }
        for moments in traveller.through(commits)?.chunks(AHEAD) {
            let sorted = search.ahead(moments);
            for (moment, sorted) in moments.iter().zip(sorted) {
                let Moment {
                    commit,
                    files,
                    problems,
                } = moment;
                if !moment.says_something() && !search.may_any_field_matter() {
                    search.layout.go_back(files, problems);
                    continue;
                }
                let reading = &mut traveller.reading;
                search.moment(Some(commit), files, problems, sorted, reading, findings)?;
            }
        }
    }
    if let Some(oldest) = traveller.seen.oldest.filter(|_| traveller.seen.is_cut) {
        let commit = oldest.id.to_string();
        for Open { number, .. } in search.open {
            if let Some(finding) = findings.get_mut(number) {
                finding.introduced = Some(Introduced::Before {
                    commit: commit.clone(),
                });
            }
        }
    }
    Ok(())
}

/// A finding of which it is not known yet who brought it.
struct Open {
    /// Its number among all.
    number: usize,
    rule: Arc<str>,
    fingerprint: String,
    environments: Vec<String>,
    /// Where it points, in the state that the search has come to.
    at: Written,
    /// Whether it is no single value in an object of a mesh: what the finding is about may be missing
    /// elsewhere.
    is_about_more: bool,
}

impl Open {
    fn new(number: usize, finding: &Finding, sources: &Sources, parsed: &Parsed) -> Option<Self> {
        let (file, document, pointer) = finding.site.inside.clone()?;
        let mut documents = parsed.documents.iter().filter(|one| !one.is_made());
        let around = documents.find(|one| one.file() == file && one.number() == document)?;
        let located = locate(around, &pointer);
        let is_value = located.exact && !located.is_collection;
        let group = finding
            .site
            .resource
            .as_ref()
            .map(|resource| &resource.group);
        // charts are not rendered for commits gone by
        let is_object = |one: &ResourceRef| &*one.kind != "File";
        let is_of_chart = around.root().get("kind").is_none()
            && finding.site.resource.as_ref().is_some_and(is_object);
        let is_of_mesh = group.is_some_and(|group| mesh::product_of(group).is_some());
        Some(Self {
            number,
            rule: Arc::clone(&finding.rule),
            fingerprint: finding.fingerprint.clone(),
            environments: finding.environments.clone(),
            at: Written {
                file: sources.get(file).name().into(),
                document,
                pointer,
            },
            is_about_more: !(is_of_chart || (is_value && is_of_mesh)),
        })
    }

    fn is_in(&self, snapshot: &Snapshot) -> bool {
        let names = self.environments.iter();
        let held = names.filter_map(|name| snapshot.environments.get(name.as_str()));
        let mut findings = held.flat_map(|held| held.in_force.findings());
        findings.any(|known| known.rule == &self.rule && known.fingerprint == self.fingerprint)
    }
}

/// Goes back in time until every finding has its commit.
struct Search<'a> {
    open: Vec<Open>,
    /// The state it has come to.
    layout: Layout,
    /// What that was sorted into, if nobody has looked at it yet.
    sorted: Option<Sorted>,
    teller: Teller<'a>,
    guide: &'a Guide,
    /// Judges by the rules of findings that are about more than one line.
    judge: Judge<'a>,
    /// What is in force in the last state that was sorted.
    judged: Arc<Snapshot>,
}

impl<'a> Search<'a> {
    fn new(walk: &'a Walk<'a>, rules: &'a Rules, open: Vec<Open>) -> Self {
        Self {
            judge: Judge::new(rules, None),
            open,
            layout: Layout::default(),
            sorted: None,
            teller: Teller::new(walk),
            guide: walk.guide,
            judged: Arc::default(),
        }
    }

    /// What is in force in the state it has come to.
    fn in_force(&mut self) -> Arc<Snapshot> {
        let since = self.sorted.take();
        for sorted in [since, self.layout.sort(self.guide)].into_iter().flatten() {
            self.judged = self.judge.one(&sorted, &self.judged);
        }
        Arc::clone(&self.judged)
    }

    /// Sorts the states before some commits, as far as these surely have to be sorted as a whole.
    fn ahead(&self, moments: &[Moment]) -> Vec<Option<(Sorted, Layout)>> {
        match self.is_about_more() {
            true => whole(moments, &self.layout, self.guide),
            false => moments.iter().map(|_| None).collect(),
        }
    }

    /// Whether a change of fields of no account may have brought a finding: one of two objects of a name.
    fn may_any_field_matter(&self) -> bool {
        self.layout.may_have_twins() && self.is_about_more()
    }

    /// Whether a finding that is left is about more than one line.
    fn is_about_more(&self) -> bool {
        self.open.iter().any(|one| one.is_about_more)
    }

    /// Looks at one commit, or at what is not committed yet. `before` is the state before it, if that is
    /// sorted already.
    fn moment(
        &mut self,
        commit: Option<&load::Commit>,
        files: &[Changed],
        problems: &Arc<Vec<Problem>>,
        before: Option<(Sorted, Layout)>,
        reading: &mut Reading<'_>,
        findings: &mut [Finding],
    ) -> Result<(), Refusal> {
        let changes = fields(files);
        let mut brought: HashMap<usize, Option<FieldChange>> = HashMap::new();
        let is_candidate = self.is_about_more() && self.may_take_away(&changes);
        let after = is_candidate.then(|| self.in_force());
        match before {
            Some((sorted, layout)) => {
                self.layout = layout;
                self.sorted = Some(sorted);
            }
            None => self.layout.go_back(files, problems),
        }
        if let Some(after) = after {
            brought.extend(self.taken_away(files, &after));
        }
        for (number, change) in self.written(files, &changes) {
            brought.entry(number).or_insert(change);
        }
        self.open.retain(|one| !brought.contains_key(&one.number));
        for (number, change) in brought {
            let introduced = match commit {
                None => Introduced::Uncommitted,
                Some(commit) => match change {
                    Some(change) => self.teller.origin(commit, &change, reading)?.0.into(),
                    None => Commit::from(commit).into(),
                },
            };
            if let Some(finding) = findings.get_mut(number) {
                finding.introduced = Some(introduced);
            }
        }
        Ok(())
    }

    /// The findings whose place did not say before what it says now, with the change; the others go
    /// on from where it was.
    fn written(
        &mut self,
        files: &[Changed],
        changes: &[FieldChange],
    ) -> Vec<(usize, Option<FieldChange>)> {
        let names: HashSet<&str> = files.iter().map(|file| &*file.name).collect();
        let concerned: Vec<usize> = (0..self.open.len())
            .filter(|&one| {
                let one = self.open.get(one);
                one.is_some_and(|one| names.contains(&*one.at.file))
            })
            .collect();
        let places = concerned.iter().filter_map(|&one| self.open.get(one));
        let places: Vec<&Written> = places.map(|one| &one.at).collect();
        let views = |side: fn(&Changed) -> Option<&File>| -> Vec<change::File<'_>> {
            files.iter().filter_map(side).map(File::view).collect()
        };
        let before = views(|file| file.before.as_deref());
        let after = views(|file| file.after.as_deref());
        let traced = change::trace(&before, &after, &places);
        let mut brought = Vec::new();
        for (number, traced) in concerned.into_iter().zip(traced) {
            let Some(one) = self.open.get_mut(number) else {
                continue;
            };
            match traced {
                Some(Traced::Same(place)) => one.at = place,
                Some(Traced::Other) => {
                    let change = changes.iter().find(|change| concerns(change, &one.at));
                    brought.push((one.number, change.cloned()));
                }
                None => {}
            }
        }
        brought
    }

    /// Whether changes may have brought findings that point elsewhere: all may but new objects, and
    /// what containers of others are told to do.
    fn may_take_away(&self, changes: &[FieldChange]) -> bool {
        let own: HashSet<(&str, usize)> = self
            .open
            .iter()
            .map(|one| (&*one.at.file, one.at.document))
            .collect();
        changes.iter().any(|change| {
            let Some(before) = &change.before else {
                return !change.field.is_empty();
            };
            let is_own = own.contains(&(&*before.at.file, before.at.document));
            is_own || change.of_mesh || !change.field.starts_with("/spec/template/spec/")
        })
    }

    /// The findings that were not there before, though their places were, because of something that
    /// was taken away or changed elsewhere; with that change.
    fn taken_away(
        &mut self,
        files: &[Changed],
        after: &Snapshot,
    ) -> Vec<(usize, Option<FieldChange>)> {
        let before = self.in_force();
        let new = |one: &&Open| one.is_about_more && !one.is_in(&before) && one.is_in(after);
        let new: Vec<&Open> = self.open.iter().filter(new).collect();
        if new.is_empty() {
            return Vec::new();
        }
        let changes = self.teller.changes(files, &before, after);
        let cause = |one: &Open| {
            let did = |change: &&change::Change| {
                let mut introduced = change.effects.introduced.iter();
                introduced.any(|found| found.fingerprint == one.fingerprint)
            };
            let mut causes = changes.iter().filter(did).map(|change| &change.field);
            let is_new = |field: &FieldChange| field.before.is_none() && field.field.is_empty();
            causes.find(|field| !is_new(field)).cloned()
        };
        let new = new.into_iter();
        new.filter_map(|one| Some((one.number, Some(cause(one)?))))
            .collect()
    }
}

/// Whether a change is at a place, around it or below it.
fn concerns(change: &FieldChange, at: &Written) -> bool {
    let mut sides = [&change.after, &change.before].into_iter().flatten();
    sides.any(|side| {
        let (one, other) = (side.at.pointer.as_str(), at.pointer.as_str());
        (&side.at.file, side.at.document) == (&at.file, at.document)
            && (one.starts_with(other) || other.starts_with(one))
    })
}

/// The files that were scanned.
fn scanned(sources: &Sources, parsed: &Parsed) -> State {
    let mut documents: BTreeMap<FileId, Vec<Document>> = BTreeMap::new();
    for document in parsed.documents.iter().filter(|one| !one.is_made()) {
        let own = documents.entry(document.file()).or_default();
        own.push(document.clone());
    }
    let mut state = State::default();
    for (id, source) in sources.iter() {
        let own = documents.get(&id).map_or(&[][..], Vec::as_slice);
        let file = File::of(source.clone(), own, &problems_of(parsed, id));
        state.set(&source.name().into(), Some(Arc::new(file)));
    }
    state
}

fn problems_of(parsed: &Parsed, id: FileId) -> Vec<Problem> {
    let is_own = |problem: &&Problem| match problem.place {
        Place::File(file) => file == id,
        Place::Span(span) => span.file == id,
        _ => false,
    };
    parsed.problems.iter().filter(is_own).cloned().collect()
}
