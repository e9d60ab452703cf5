use crate::render::Namespace;
use crate::syntax::Tree;

/// A chart as it is installed once: all that decides what comes of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Release {
    /// The directory of the chart.
    pub chart: String,
    /// What the release is called; objects are often named after it.
    pub name: String,
    /// The namespace that it is installed in, where that is said; else it is `default`.
    pub namespace: Option<Namespace>,
    /// What is laid over the values that come with the chart; the last counts most.
    pub values: Vec<Overlay>,
}

/// Values that are laid over others.
#[derive(Debug, Clone, PartialEq)]
pub enum Overlay {
    /// Those of a file, by its name.
    File(String),
    /// Those that stand in an object or a text.
    Written(Tree),
}

impl Release {
    /// A chart that is installed with the values that come with it.
    pub fn plain(chart: impl Into<String>, name: impl Into<String>) -> Self {
        Self {
            chart: chart.into(),
            name: name.into(),
            namespace: None,
            values: Vec::new(),
        }
    }

    /// The same with a file of values laid over it.
    pub fn with_file(mut self, file: impl Into<String>) -> Self {
        self.values.push(Overlay::File(file.into()));
        self
    }

    /// The name of its namespace.
    pub fn namespace_name(&self) -> &str {
        let namespace = self.namespace.as_ref();
        namespace.map_or("default", |namespace| &namespace.name)
    }
}
