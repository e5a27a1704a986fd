//! `endpoint`, `limits`, `set` and `close`: one change, carried out at once.

use super::{Failure, Output};
use crate::kernel::{Namespace, PathManager};
use crate::model::Command;

pub(super) fn run(namespace: &Namespace, command: &Command, _output: &mut Output) -> Result<(), Failure> {
    namespace.enter()?;
    Ok(PathManager::new()?.apply(command)?)
}
