//! A disk of its own for a node's data: small, so that it can be filled, and switched to read-only.
//!
//! It is a tmpfs, which only root may mount. Where that is refused a test says so and passes as skipped: filling the
//! disk that everybody uses would be no test but a nuisance.

use std::ffi::OsStr;
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::process::Command;

/// A mounted disk; unmounted when dropped. Drop the node first.
pub(crate) struct SmallDisk {
    folder: PathBuf,
}

impl SmallDisk {
    /// `None` where this machine does not let us mount.
    pub(crate) fn mount(folder: &Path, mebibytes: u32) -> Option<Self> {
        std::fs::create_dir_all(folder).unwrap();
        let options = format!("size={mebibytes}m");
        if !run(
            "mount",
            &[
                "-t".as_ref(),
                "tmpfs".as_ref(),
                "-o".as_ref(),
                options.as_ref(),
                "tmpfs".as_ref(),
                folder.as_ref(),
            ],
        ) {
            eprintln!("skipped: this test needs a small disk of its own, and mount was refused");
            return None;
        }
        Some(Self {
            folder: folder.to_owned(),
        })
    }

    fn ballast(&self) -> PathBuf {
        self.folder.join("ballast")
    }

    /// Takes all the space there is, but for so many octets.
    pub(crate) fn fill(&self, left: u64) {
        let mut file = std::fs::File::options()
            .create(true)
            .append(true)
            .open(self.ballast())
            .unwrap();
        let block = vec![0x55u8; 4096];
        let error = loop {
            if let Err(error) = file.write_all(&block) {
                break error;
            }
        };
        assert_eq!(error.kind(), ErrorKind::StorageFull, "{error}");
        let size = file.metadata().unwrap().len();
        file.set_len(size.saturating_sub(left)).unwrap();
    }

    /// Gives the space back.
    pub(crate) fn make_room(&self) {
        std::fs::remove_file(self.ballast()).unwrap();
    }

    /// Nothing can be written any more.
    pub(crate) fn make_read_only(&self) {
        assert!(run(
            "mount",
            &["-o".as_ref(), "remount,ro".as_ref(), self.folder.as_ref()]
        ));
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Lazily: a test that failed may leave a node that still dies.
        run("umount", &["-l".as_ref(), self.folder.as_ref()]);
    }
}

fn run(program: &str, arguments: &[&OsStr]) -> bool {
    Command::new(program)
        .args(arguments)
        .output()
        .is_ok_and(|output| output.status.success())
}
