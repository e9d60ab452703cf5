//! `images` and `replicas`.

use regex::Regex;

use super::failure::{Failure, text};
use super::fields;
use super::fieldspec::{Blocked, Leaf};
use super::resource::Resource;
use crate::syntax::{Kind, Node, Tree};

/// What an entry of `images` does to images of a name.
struct Image<'a> {
    name: Regex,
    new_name: &'a str,
    new_tag: &'a str,
    tag_suffix: &'a str,
    digest: &'a str,
    entry: Node<'a>,
}

/// Changes images as an entry of `images` says.
pub(super) fn images(resources: &mut [Resource<'_>], entry: Node<'_>) -> Result<(), Failure> {
    let image = Image::read(entry)?;
    let specs = fields::images();
    for resource in resources {
        if resource.meta.kind == "CustomResourceDefinition" {
            continue;
        }
        let shown = format!("{} {}", resource.meta.kind, resource.meta.name);
        resource.change(|object| {
            image.in_containers(object);
            // some have been changed by now, and are changed again: a suffix is there twice then
            for spec in &specs {
                let mut set = |field: &mut Tree| image.set(field);
                spec.set_existing(object, &mut set).map_err(|_: Blocked| {
                    let reason = format!("{shown} has no image at {}", spec.path);
                    Failure::broken(entry.span(), reason)
                })?;
            }
            Ok(())
        })?;
    }
    Ok(())
}

impl<'a> Image<'a> {
    fn read(entry: Node<'a>) -> Result<Self, Failure> {
        let own = |key| match entry.get(key) {
            Some(value) if !value.is_null() => text(value, key),
            _ => Ok(""),
        };
        let pattern = format!(
            r"^{}(:[a-zA-Z0-9_.{{}}-]*)?(@sha256:[a-zA-Z0-9_.{{}}-]*)?$",
            own("name")?
        );
        let broken = |_| Failure::broken(entry.span(), "its name is no regular expression");
        Ok(Self {
            name: Regex::new(&pattern).map_err(broken)?,
            new_name: own("newName")?,
            new_tag: own("newTag")?,
            tag_suffix: own("tagSuffix")?,
            digest: own("digest")?,
            entry,
        })
    }

    /// In all lists of containers, wherever they are.
    fn in_containers(&self, tree: &mut Tree) {
        match &mut tree.kind {
            Kind::Map(fields) => {
                for field in fields {
                    self.in_containers(&mut field.value);
                    if !matches!(field.key.as_str(), "containers" | "initContainers") {
                        continue;
                    }
                    for container in field.value.items_mut() {
                        if let Some(image) = container.get_mut("image") {
                            // what is no text is none of the named
                            let _ = self.set(image);
                        }
                    }
                }
            }
            Kind::List(items) => items.iter_mut().for_each(|item| self.in_containers(item)),
            _ => {}
        }
    }

    fn set(&self, image: &mut Tree) -> Result<(), Blocked> {
        let at = image.place.span;
        let Kind::Text(written) = &image.kind else {
            return match image.kind {
                Kind::List(_) | Kind::Map(_) => Err(Blocked { at }),
                _ => Ok(()),
            };
        };
        if self.name.is_match(written) {
            *image = Tree::text(self.changed(written), self.entry.written());
        }
        Ok(())
    }

    fn changed(&self, written: &str) -> String {
        let (name, tag, digest) = split(written);
        let name = if self.new_name.is_empty() {
            name
        } else {
            self.new_name
        };
        let (tag, digest) = match (self.new_tag, self.digest) {
            ("", "") if self.tag_suffix.is_empty() => (tag.to_owned(), digest),
            ("", "") => (format!("{tag}{}", self.tag_suffix), ""),
            (tag, digest) => (tag.to_owned(), digest),
        };
        let part = |before: &str, part: &str| match part {
            "" => String::new(),
            part => format!("{before}{part}"),
        };
        format!("{name}{}{}", part(":", &tag), part("@", digest))
    }
}

/// The name, the tag and the digest of an image.
fn split(image: &str) -> (&str, &str, &str) {
    // a colon in the host is that of a port
    let host = image.find('/').unwrap_or(0);
    let (host, path) = image.split_at(host);
    let (rest, digest) = path.split_once('@').unwrap_or((path, ""));
    let (path, tag) = rest.split_once(':').unwrap_or((rest, ""));
    let name = image.get(..host.len() + path.len()).unwrap_or(image);
    (name, tag, digest)
}

/// Sets how many replicas there are, as an entry of `replicas` says.
pub(super) fn replicas(resources: &mut [Resource<'_>], entry: Node<'_>) -> Result<(), Failure> {
    let name = entry.get("name").and_then(Node::as_str).unwrap_or_default();
    let count = entry.get("count").and_then(Node::as_i64).unwrap_or(0);
    let place = entry.get("count").unwrap_or(entry).written();
    let mut is_used = false;
    for spec in fields::replicas() {
        for resource in resources.iter_mut() {
            let fits = |id: &super::identity::Id| id.name == name && id.kind == spec.kind;
            if !resource.was(fits) {
                continue;
            }
            is_used = true;
            if !spec.fits(&resource.meta) {
                continue;
            }
            let mut set = |field: &mut Tree| {
                let kind = Kind::Int(count);
                *field = Tree { kind, place };
                Ok(())
            };
            resource.change(|object| {
                let done = spec.set(object, Leaf::Text, place, &mut set);
                done.map_err(|_| Failure::broken(entry.span(), "the object has no place for it"))
            })?;
        }
    }
    match is_used {
        true => Ok(()),
        false => Err(Failure::broken(
            entry.span(),
            format!("there is no workload {name}"),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::split;

    #[test]
    fn images_have_a_name_a_tag_and_a_digest() {
        for (image, parts) in [
            ("a", ("a", "", "")),
            ("a:1", ("a", "1", "")),
            ("host:5000/a/b", ("host:5000/a/b", "", "")),
            (
                "host:5000/a/b:2@sha256:ff",
                ("host:5000/a/b", "2", "sha256:ff"),
            ),
            ("a@sha256:ff", ("a", "", "sha256:ff")),
        ] {
            assert_eq!(split(image), parts);
        }
    }
}
