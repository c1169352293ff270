//! What several tests need: a disk that fills up.

use std::path::Path;
use std::process::{Command, Stdio};

/// A file system of `kib` KiB in memory; gone when dropped.
pub struct SmallDisk(tempfile::TempDir);

impl SmallDisk {
    /// `None` where mounting is not allowed.
    pub fn mount(kib: u32) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        mount(&format!("size={kib}k"), folder.path()).then_some(SmallDisk(folder))
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// As if somebody had made room.
    #[allow(dead_code, reason = "not every test that shares this file makes room")]
    pub fn grow(&self, kib: u32) {
        assert!(mount(&format!("remount,size={kib}k"), self.path()));
    }
}

fn mount(options: &str, folder: &Path) -> bool {
    let mut mount = Command::new("mount");
    mount.args(["-t", "tmpfs", "-o", options, "tmpfs"]).arg(folder).stderr(Stdio::null());
    mount.status().is_ok_and(|status| status.success())
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(self.0.path()).status();
    }
}
