//! `endpoint`, `limits`, `set` and `close`: one change, carried out at once.

use super::{Failure, Output};
use crate::kernel::{Namespace, PathManager};
use crate::model::Command;
use crate::source::{ChangeError, change};

pub(super) fn run(namespace: &Namespace, command: &Command, _output: &mut Output) -> Result<(), Failure> {
    namespace.enter()?;
    change(&mut PathManager::new()?, namespace, command, None).map_err(|error| match error {
        ChangeError::Kernel(error) => error.into(),
        ChangeError::Service(refusal) if refusal.is_not_permitted() => Failure::with_code(3, refusal),
        ChangeError::Service(refusal) => Failure::failed(refusal),
    })
}
