//! Where frames go that cannot be read: one file a frame and one with the reason, beside the store.
//!
//! Promise: start goes on, and nothing that was written is thrown away. Bound: as many files as bad frames. Fails by
//! [`StoreFault::File`]; the caller goes on and reports the frame all the same.

use std::fs;
use std::path::{Path, PathBuf};

use crate::fault::StoreFault;
use crate::frame::FrameKey;

/// Puts a bad frame aside and says where.
///
/// # Errors
/// [`StoreFault::File`] when the files cannot be written.
pub(crate) fn put_aside(
    folder: &Path,
    key: FrameKey,
    octets: &[u8],
    reason: &str,
) -> Result<PathBuf, StoreFault> {
    let path = folder.join(format!(
        "epoch{}-shard{}-frame{}.bin",
        key.epoch, key.shard, key.number
    ));
    let fault = |path: &Path| {
        let path = path.to_owned();
        |source| StoreFault::File { path, source }
    };
    fs::create_dir_all(folder).map_err(fault(folder))?;
    fs::write(&path, octets).map_err(fault(&path))?;
    let note = path.with_extension("txt");
    fs::write(&note, format!("{reason}\n")).map_err(fault(&note))?;
    Ok(path)
}
