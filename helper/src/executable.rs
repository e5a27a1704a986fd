//! The helper's own file, where it has a capability: what its owner and mode must be, so that a group is let in and
//! nobody else.

use std::fs;
use std::os::unix::fs::MetadataExt as _;

use crate::bus::PROGRAM;

/// This program's file, whatever it is called where it was started.
const SELF: &str = "/proc/self/exe";

/// Who may start the program is who may use its capability, so not everybody may, and only root may write it.
///
/// # Errors
/// What is wrong with the file, and how it is put right.
pub(super) fn is_for_a_group() -> Result<(), String> {
    let file = fs::metadata(SELF).map_err(|error| format!("{SELF}: {error}"))?;
    check(file.uid(), file.mode())
}

fn check(owner: u32, mode: u32) -> Result<(), String> {
    let wrong = if owner != 0 {
        "is not root's"
    } else if mode & 0o022 != 0 {
        "may be written by others than root"
    } else if mode & 0o001 != 0 {
        "may be started by everybody"
    } else {
        return Ok(());
    };
    Err(format!(
        "{PROGRAM} has a capability and {wrong}: as root, run chown root:pathscope, chmod 0750 and \
         setcap cap_net_admin=p on it, see pathscope-helper(8)"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_group_is_let_in() {
        assert_eq!(check(0, 0o100_750), Ok(()));
        assert_eq!(check(0, 0o100_510), Ok(()));
        for (owner, mode, wrong) in [
            (0, 0o100_755, "by everybody"),
            (0, 0o100_751, "by everybody"),
            (0, 0o100_770, "others than root"),
            (0, 0o100_752, "others than root"),
            (1000, 0o100_750, "not root's"),
        ] {
            let said = check(owner, mode).expect_err("a refusal");
            assert!(said.contains(wrong) && !said.contains('\n'), "{mode:o}: {said}");
        }
    }
}
