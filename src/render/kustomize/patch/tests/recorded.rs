//! What kustomize v5.7.1 made of kustomizations, recorded in `testdata/kustomize`: those that do
//! nothing but patch and replace.

#[cfg(test)]
use std::fs;
use std::path::Path;

use super::*;

fn all(text: &str) -> Vec<Tree> {
    let source = SourceFile::new("test.yaml", text);
    let (documents, problems) = parse(PATCH, &source);
    assert_eq!(problems, [], "{text}");
    documents
        .iter()
        .map(|document| Tree::from(document.root()))
        .collect()
}

/// Patches and replaces as a kustomization says.
fn build(folder: &Path) -> Vec<Tree> {
    let read = |name: &str| all(&fs::read_to_string(folder.join(name)).unwrap());
    let kustomization = read("kustomization.yaml").remove(0);
    let list = |key| kustomization.get(key).map_or(&[][..], Tree::items);
    let names = list("resources").iter().filter_map(Tree::as_str);
    let mut objects: Vec<Tree> = names.flat_map(read).collect();
    for patch in list("patches") {
        let contents = match (patch.get("path"), patch.get("patch")) {
            (Some(path), _) => read(path.as_str().unwrap()),
            (_, Some(text)) => all(text.as_str().unwrap()),
            _ => panic!("a patch without contents"),
        };
        for content in contents {
            objects = patched(objects, &content, patch.get("target"));
        }
    }
    let mut subjects: Vec<Subject> = objects.into_iter().map(subject).collect();
    if let Some(replacements) = kustomization.get("replacements") {
        replace(&mut subjects, replacements).unwrap();
    }
    subjects.into_iter().map(|subject| subject.tree).collect()
}

fn patched(objects: Vec<Tree>, patch: &Tree, target: Option<&Tree>) -> Vec<Tree> {
    let target = target.map(|target| Target::read(target).unwrap());
    let own = called(patch);
    let mut left = Vec::new();
    for mut object in objects {
        let called = called(&object);
        let is_meant = match &target {
            Some(target) => target.matches(&object, &called, &called),
            None => called == own,
        };
        let options = Options {
            is_targeted: target.is_some(),
            ..Options::default()
        };
        let fate = match (is_meant, &patch.kind) {
            (false, _) => Fate::Changed,
            (true, Kind::List(_)) => json(&mut object, patch).map(|()| Fate::Changed).unwrap(),
            (true, _) => strategic(&mut object, patch, options).unwrap(),
        };
        if fate == Fate::Changed {
            left.push(object);
        }
    }
    left
}

#[test]
fn recorded_kustomizations_come_out_the_same() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/kustomize");
    let mut count = 0;
    for entry in fs::read_dir(root).unwrap() {
        let folder = entry.unwrap().path();
        let name = folder.file_name().unwrap().to_string_lossy().into_owned();
        if !name.starts_with("patches-") && !name.starts_with("replacements-") {
            continue;
        }
        let expected = all(&fs::read_to_string(folder.join("expected.yaml")).unwrap());
        let expected = sorted(expected.iter().map(said).collect());
        let found = sorted(build(&folder).into_iter().map(finished).collect());
        for (expected, found) in expected.iter().zip(&found) {
            assert_eq!(expected, found, "{name}");
        }
        assert_eq!(expected.len(), found.len(), "{name}");
        count += 1;
    }
    assert!(count >= 6, "only {count} kustomizations were found");
}
