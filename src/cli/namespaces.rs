//! The network namespaces that a command reads, and what people call them.

use std::fs;
use std::path::Path;

use serde::Deserialize;

use super::Failure;
use crate::kernel::{Container, ContainerEngine, FoundNamespace, Namespace, NamespaceSurvey};
use crate::words::connection::named_process;

/// Where Docker keeps what it knows of each container, by id.
const DOCKER: &str = "/var/lib/docker/containers";
/// Where Podman, run by root, keeps the names of all.
const PODMAN: &str = "/var/lib/containers/storage/overlay-containers/containers.json";
/// People know an id by its beginning.
const SHORT_ID: usize = 12;

/// A namespace that is read.
#[derive(Clone, Debug)]
pub(super) struct WantedNamespace {
    pub(super) namespace: Namespace,
    /// What its container is called.
    pub(super) container: Option<String>,
    /// Who is in it.
    holder: Option<String>,
}

impl WantedNamespace {
    /// What people call it.
    pub(super) fn title(&self) -> String {
        let name = match self.namespace.label() {
            None => "This network namespace".to_owned(),
            Some(label) => format!("Network namespace {label}"),
        };
        let within = self.container.as_ref().map(|name| format!(", container {name}"));
        let holder = self.holder.as_ref().filter(|_| self.namespace.label().is_some());
        let holder = holder.map(|holder| format!(", with {holder}"));
        format!(
            "{name}{}{}",
            within.unwrap_or_default(),
            holder.unwrap_or_default()
        )
    }
}

/// The namespaces that are read.
pub(super) struct WantedNamespaces(Vec<WantedNamespace>);

impl WantedNamespaces {
    /// The one that is named, else the process's own; or all.
    pub(super) fn wanted(netns: Option<&str>, all: bool) -> Result<Self, Failure> {
        if !all {
            return Ok(Self(vec![WantedNamespace {
                namespace: super::namespace(netns)?,
                container: None,
                holder: None,
            }]));
        }
        let survey = NamespaceSurvey::new();
        Ok(Self(survey.found.into_iter().map(place).collect()))
    }
}

impl IntoIterator for WantedNamespaces {
    type Item = WantedNamespace;
    type IntoIter = std::vec::IntoIter<WantedNamespace>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

fn place(found: FoundNamespace) -> WantedNamespace {
    WantedNamespace {
        namespace: found.namespace,
        container: found.container.as_ref().map(name_of),
        holder: found.process.map(|process| named_process(&process, 0)),
    }
}

/// What people call a container: its name, where its engine tells that, else its id as they know it.
fn name_of(container: &Container) -> String {
    let name = match container.engine {
        ContainerEngine::Docker => docker_name(Path::new(DOCKER), &container.label),
        ContainerEngine::Podman => podman_name(Path::new(PODMAN), &container.label),
        ContainerEngine::Lxc | ContainerEngine::Nspawn => Some(container.label.clone()),
        ContainerEngine::CriO | ContainerEngine::Containerd => None,
    };
    name.unwrap_or_else(|| container.label.chars().take(SHORT_ID).collect())
}

fn docker_name(folder: &Path, id: &str) -> Option<String> {
    #[derive(Deserialize)]
    struct Config {
        #[serde(rename = "Name")]
        name: String,
    }
    let text = fs::read(folder.join(id).join("config.v2.json")).ok()?;
    let config: Config = serde_json::from_slice(&text).ok()?;
    let name = config.name.trim_start_matches('/');
    (!name.is_empty()).then(|| name.to_owned())
}

fn podman_name(file: &Path, id: &str) -> Option<String> {
    #[derive(Deserialize)]
    struct Known {
        id: String,
        #[serde(default)]
        names: Vec<String>,
    }
    let text = fs::read(file).ok()?;
    let known: Vec<Known> = serde_json::from_slice(&text).ok()?;
    let one = known.into_iter().find(|one| one.id == id)?;
    one.names.into_iter().next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_container_is_called_as_its_engine_calls_it() {
        let folder = tempfile::tempdir().expect("a folder");
        fs::create_dir(folder.path().join("abc")).expect("a folder");
        fs::write(
            folder.path().join("abc/config.v2.json"),
            r#"{"ID":"abc","Name":"/web"}"#,
        )
        .expect("a file");
        assert_eq!(docker_name(folder.path(), "abc").as_deref(), Some("web"));
        assert_eq!(docker_name(folder.path(), "abd"), None);
        let file = folder.path().join("containers.json");
        fs::write(&file, r#"[{"id":"x"},{"id":"y","names":["db","old"]}]"#).expect("a file");
        assert_eq!(podman_name(&file, "y").as_deref(), Some("db"));
        assert_eq!(podman_name(&file, "x"), None);
        let container = Container {
            engine: ContainerEngine::Containerd,
            label: "0123456789abcdef".to_owned(),
        };
        assert_eq!(name_of(&container), "0123456789ab");
    }
}
